"""The hub starts anew: not in the middle of an answer, and not while a device is being talked to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

ANSWER_S: Final = 5.0
"""For the broker to take an answer before the hub starts anew."""
SESSION_S: Final = 120
"""For a device that is on the air before the hub starts anew: it comes rarely, and a configuration can wait."""


class Leaving:
    """The way out of one hub and into the next.

    Args:
        answered: waits until the broker has taken every answer to the ward.
        radio: what the radio does now, as `Capture.view` says it.
    """

    def __init__(self, answered: Callable[[], Awaitable[object]], radio: Callable[[], str]) -> None:
        self._answered = answered
        self._radio = radio
        self._task: asyncio.Task[None] | None = None
        self.done: Final = asyncio.Event()
        """Set when the hub may be stopped and another one started."""

    @property
    def begun(self) -> bool:
        """Whether this hub is on its way out."""
        return self._task is not None

    def begin(self) -> None:
        """Stop and start with what is configured then, once the answer is out and no device is being talked to."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._leave(), name="leaving")

    def stop(self) -> None:
        """The hub stops by itself: nothing is waited for any more."""
        if self._task is not None:
            self._task.cancel()

    async def _leave(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await self._answered()
        for _ in range(SESSION_S):
            if self._radio() != "connecting":
                break
            await asyncio.sleep(1.0)
        self.done.set()
