"""The other end of the control socket: for the page and the command line.

async with connect(path) as hub:
    status = await hub.status()
    async for rooms in hub.watch(): ...

call(path, "status")   # for commands that need no event loop
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, overload

import msgspec

from wardgate.contract.messages import Alert, Event, Reading
from wardgate.control.messages import Problem, Series, Status
from wardgate.control.protocol import AWAY, MAX_LINE, Answer, ControlError, Done, Pong, Request
from wardgate.store.rows import ParkedRow

DEADLINE_S: Final = 10.0
"""A hub that answers later is stuck."""
PAIR_DEADLINE_S: Final = 150.0
"""Somebody has to wake the device and may have to read a code from it."""
WARD_DEADLINE_S: Final = 60.0
"""Somebody else has to be asked, who may be far."""
_PATIENCE_S: Final = {
    "pair": PAIR_DEADLINE_S,
    **dict.fromkeys(("claim", "patients", "choose", "assign", "passkey", "report"), WARD_DEADLINE_S),
}
_RESULTS: Final[dict[str, Any]] = {
    "status": Status,
    "series": Series,
    "readings": tuple[Reading, ...],
    "events": tuple[Event, ...],
    "alerts": tuple[Alert, ...],
    "pair": Done,
    "passkey": Done,
    "note": Done,
    "parked": tuple[ParkedRow, ...],
    "parked_retry": Done,
    "ping": Pong,
    "watch": bool,
}
T = TypeVar("T")


class HubAway(ControlError):
    """No hub answers at the socket."""

    def __init__(self, path: Path, why: str, what_to_do: str = "Is it running? See `wardgate run`.") -> None:
        super().__init__(AWAY, f"The hub does not answer at {path} ({why}).", what_to_do)


class HubClient:
    """One connection to the hub. Requests may overlap; every one has a deadline."""

    def __init__(self, path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.path: Final = path
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._pushes: asyncio.Queue[tuple[str, ...] | None] = asyncio.Queue()
        self._ear = asyncio.get_running_loop().create_task(self._listen(reader))

    @overload
    async def call(self, method: Literal["status"]) -> Status: ...
    @overload
    async def call(self, method: Literal["series"], *, channel: str, days: float) -> Series: ...
    @overload
    async def call(self, method: Literal["readings"], *, limit: int = 50) -> tuple[Reading, ...]: ...
    @overload
    async def call(self, method: Literal["events"], *, limit: int = 50) -> tuple[Event, ...]: ...
    @overload
    async def call(self, method: Literal["alerts"], *, days: float = 30.0) -> tuple[Alert, ...]: ...
    @overload
    async def call(self, method: Literal["pair"], *, device: str) -> Done: ...
    @overload
    async def call(self, method: Literal["passkey"], *, device: str, passkey: int) -> Done: ...
    @overload
    async def call(self, method: Literal["note"], *, note: str) -> Done: ...
    @overload
    async def call(self, method: Literal["parked"], *, limit: int = 50) -> tuple[ParkedRow, ...]: ...
    @overload
    async def call(self, method: Literal["parked_retry"], *, seq: int) -> Done: ...
    @overload
    async def call(self, method: Literal["ping"]) -> Pong: ...

    async def call(self, method: str, **params: Any) -> Any:
        """Ask the hub.

        Raises:
            ControlError: it was not done; the error has the sentence for a person.
            HubAway: nobody answers.
        """
        raw = await self._ask(method, params)
        return msgspec.json.decode(raw, type=_RESULTS[method])

    async def ask(self, method: str, to: type[T], **params: Any) -> T:
        """Ask for anything, and take the answer for what it is; errors as with `call`."""
        return msgspec.json.decode(await self._ask(method, params), type=to)

    async def status(self) -> Status:
        """Everything at a glance."""
        return await self.call("status")

    async def watch(self) -> AsyncIterator[tuple[str, ...]]:
        """The rooms in which something changed, each time, until the hub goes away."""
        await self._ask("watch", {})
        while (rooms := await self._pushes.get()) is not None:
            yield rooms

    async def close(self) -> None:
        """Hang up."""
        self._ear.cancel()
        self._writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._ear

    async def _ask(self, method: str, params: dict[str, Any]) -> msgspec.Raw:
        if self._ear.done():
            raise HubAway(self.path, "the connection was lost")
        number = next(self._ids)
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(msgspec.json.encode(Request(id=number, method=method, params=params)) + b"\n")
            async with asyncio.timeout(_PATIENCE_S.get(method, DEADLINE_S)):
                return await answer
        except TimeoutError:
            raise HubAway(self.path, "it took too long") from None
        finally:
            self._waiting.pop(number, None)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._take(msgspec.json.decode(line, type=Answer))
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(HubAway(self.path, "the connection was lost"))
        self._pushes.put_nowait(None)

    def _told(self, problem: Problem) -> ControlError:
        if problem.key == AWAY:
            return HubAway(self.path, "it starts anew", problem.what_to_do)
        return ControlError(problem.key, problem.sentence, problem.what_to_do)

    def _take(self, answer: Answer) -> None:
        if answer.push is not None:
            self._pushes.put_nowait(answer.rooms)
            return
        waiting = self._waiting.get(answer.id or 0)
        if waiting is None or waiting.done():
            return
        if answer.error is not None:
            waiting.set_exception(self._told(answer.error))
        else:
            waiting.set_result(answer.result)


@contextlib.asynccontextmanager
async def connect(path: Path) -> AsyncIterator[HubClient]:
    """A connection to the hub.

    Raises:
        HubAway: nobody answers at the socket.
    """
    try:
        async with asyncio.timeout(DEADLINE_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE)
    except PermissionError as error:
        what_to_do = "Run the command with sudo, or join the group: sudo adduser $USER wardgate"
        raise HubAway(path, "this user may not ask it", what_to_do) from error
    except (OSError, TimeoutError) as error:
        raise HubAway(path, getattr(error, "strerror", None) or "it took too long") from error
    client = HubClient(path, reader, writer)
    try:
        yield client
    finally:
        await client.close()


def call(path: Path, method: str, **params: Any) -> Any:
    """One request, from code that has no event loop; see `HubClient.call` for methods, results and errors."""

    async def ask() -> Any:
        async with connect(path) as client:
            return await client.call(method, **params)  # type: ignore[call-overload]  # any method, by design

    return asyncio.run(ask())
