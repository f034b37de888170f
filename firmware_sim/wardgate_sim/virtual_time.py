"""Time that goes by as fast as the work in it is done: with nothing left to do now, the clock jumps to the next timer.

The loop's clock stands still while anything real is under way: a job in an executor, and whatever
`VirtualTimeLoop.heed` was told of (a store's commits). Sockets are not heeded: what waits for an answer from another
process has no place here.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class StandstillError(RuntimeError):
    """Everybody waits, and nobody will ever wake anybody."""


class _LeapingSelector(selectors.DefaultSelector):
    """Where an event loop would sleep, this one moves the clock."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        super().__init__()
        self._is_busy = is_busy
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._is_busy():
            return super().select(None)  # whoever is at work wakes the loop through its own pipe
        if timeout is None:
            raise StandstillError("Every task waits and no timer is set.")
        self.now_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` begins at 0 and jumps."""

    def __init__(self) -> None:
        self._leaping: Final = _LeapingSelector(self._is_busy)
        self._jobs = 0
        self._at_work: list[Callable[[], bool]] = []
        super().__init__(self._leaping)

    def time(self) -> float:
        """Seconds since this loop began."""
        return self._leaping.now_s

    def heed(self, is_at_work: Callable[[], bool]) -> None:
        """Let the clock stand still as long as this is true. It has to wake the loop when it is done
        (`call_soon_threadsafe`)."""
        self._at_work.append(is_at_work)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """As asyncio's; the clock stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._job_is_done)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """As asyncio's; the thread that does it is real."""
        self._jobs += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._jobs -= 1

    def _job_is_done(self, _: object) -> None:
        self._jobs -= 1

    def _is_busy(self) -> bool:
        return self._jobs > 0 or any(is_at_work() for is_at_work in self._at_work)


class VirtualClock:
    """The hub's clock, bound to the loop's time."""

    def __init__(self, loop: VirtualTimeLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start - timedelta(seconds=loop.time())

    def utc(self) -> datetime:
        """The wall clock, aware, UTC."""
        return self._start + timedelta(seconds=self._loop.time())

    def boottime_s(self) -> float:
        """Seconds since the loop began."""
        return self._loop.time()

    def boot_id(self) -> str:
        """There is one boot."""
        return "virtual"

    def synchronised(self) -> bool:
        """Always."""
        return True


def running_loop() -> VirtualTimeLoop:
    """The virtual loop that runs this task.

    Raises:
        RuntimeError: it runs on another kind of loop.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise RuntimeError("This has to run in virtual time: use `wardgate_sim.virtual_time.run`.")
    return loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
