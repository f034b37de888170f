"""Open pages kept true: server-sent events with the parts that changed, as `faces/static/live.js` takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from wardgate.faces.live import Browser, Keep, Streams
from wardgate.faces.words import Times
from wardgate.ward.accounts import Account
from wardgate.ward.database import Database, DatabaseError
from wardgate.ward.page.board import Board, Open, Silent, board, key_of
from wardgate.ward.page.file import Asked
from wardgate.ward.page.live_file import LiveFile
from wardgate.ward.page.render import Renderer

_MOST_KNOWN: Final = 2000
WhoLooks = Callable[[], Awaitable[Account | None]]
"""Whose session a page is open in; None as soon as it has ended."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds."""

    refresh_s: float = 2.0
    """The database is looked at this often, once for all open pages."""
    again_s: float = 3.0
    """Before a browser comes back."""


class Live(Streams):
    """All open lists."""

    def __init__(
        self, database: Database, renderer: Renderer, zone: ZoneInfo, clock: Callable[[], datetime], pace: Pace
    ) -> None:
        super().__init__(pace.again_s)
        self._database, self._renderer, self._zone, self._clock, self._pace = database, renderer, zone, clock, pace
        self._looking = asyncio.Lock()
        self._last: tuple[float, Board] | None = None
        self._known: dict[str, Open | Silent] = {}

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

    def of_list(self, have: Sequence[str], who: WhoLooks) -> Keep:
        """For a page that shows the lines `have`, until it goes away, its session ends or the process stops."""
        return partial(self._keep, have, who)

    def of_file(self, asked: Asked, who: WhoLooks) -> Keep:
        """For a patient's page, likewise."""
        refresh_s = self._pace.refresh_s
        return LiveFile(self._database, self._renderer, self._zone, self._clock, refresh_s, asked, who).keep

    async def _keep(self, have: Sequence[str], who: WhoLooks, browser: Browser) -> None:
        while True:
            try:
                if await who() is None:
                    await browser.say("part", self._renderer.signed_out())
                    await browser.say("away", "signed-out")
                    return
                found = await self.look(fresh=False)
            except DatabaseError:
                await browser.say("away", "database")
            else:
                times = Times(self._zone, found.now)
                await browser.show(self._renderer.parts(found, have, self._known, times))
                await browser.say("beat", times.clock_s(found.now))
            await asyncio.sleep(self._pace.refresh_s)
