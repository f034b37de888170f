"""An open list kept true: server-sent events with the parts that changed, as `faces/static/live.js` takes them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from wardgate.faces.words import Times
from wardgate.ward.database import Database, DatabaseError
from wardgate.ward.page.board import Board, Open, Silent, board, key_of
from wardgate.ward.page.render import Renderer

COMMENT: Final = ": still here\n\n"
_MOST_KNOWN: Final = 2000


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds."""

    refresh_s: float = 2.0
    """The database is looked at this often, once for all open pages."""
    again_s: float = 3.0
    """Before a browser comes back."""


class Live:
    """All open lists."""

    def __init__(
        self, database: Database, renderer: Renderer, zone: ZoneInfo, clock: Callable[[], datetime], pace: Pace
    ) -> None:
        self._database, self._renderer, self._zone, self._clock, self._pace = database, renderer, zone, clock, pace
        self._closing = asyncio.Event()
        self._looking = asyncio.Lock()
        self._last: tuple[float, Board] | None = None
        self._known: dict[str, Open | Silent] = {}
        self.watchers = 0

    def close(self) -> None:
        """End every stream: the process is about to stop."""
        self._closing.set()

    async def look(self, *, fresh: bool = True) -> Board:
        """What is open now; without `fresh`, as it was at the last look.

        Raises:
            DatabaseError: the database does not answer.
        """
        loop = asyncio.get_running_loop()
        async with self._looking:
            if self._last is None or fresh or loop.time() - self._last[0] >= self._pace.refresh_s:
                now = self._clock()
                found = await self._database.run(lambda tx: board(tx, now))
                self._last = (loop.time(), found)
                if len(self._known) > _MOST_KNOWN:
                    self._known.clear()
                self._known.update((key_of(item), item) for item in found.items)
            return self._last[1]

    async def stream(self, have: Sequence[str], still_in: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        """Events for a page that shows the lines `have`, until it goes away, its session ends or the process stops."""
        self.watchers += 1
        shown: dict[str, str] = {}
        try:
            yield f"retry: {round(self._pace.again_s * 1000)}\n{COMMENT}"
            while not self._closing.is_set():
                try:
                    if not await still_in():
                        yield _said("part", self._renderer.signed_out())
                        yield _said("away", "signed-out")
                        return
                    found = await self.look(fresh=False)
                except DatabaseError:
                    yield _said("away", "database")
                else:
                    for event in self._changes(found, have, shown):
                        yield event
                try:
                    await asyncio.wait_for(self._closing.wait(), self._pace.refresh_s)
                except TimeoutError:
                    continue
        finally:
            self.watchers -= 1

    def _changes(self, found: Board, have: Sequence[str], shown: dict[str, str]) -> list[str]:
        times = Times(self._zone, found.now)
        events = []
        for name, html in self._renderer.parts(found, have, self._known, times).items():
            digest = hashlib.sha256(html.encode()).hexdigest()
            if shown.get(name) != digest:
                shown[name] = digest
                events.append(_said("part", html))
        events.append(_said("beat", times.clock_s(found.now)))
        return events


def _said(event: str, data: str) -> str:
    return f"event: {event}\n" + "".join(f"data: {line}\n" for line in data.splitlines()) + "\n"
