"""An open page of one patient kept true. It never turns into another patient's page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from wardgate.faces.live import Browser
from wardgate.faces.words import Times
from wardgate.ward.accounts import Account
from wardgate.ward.database import Database, DatabaseError
from wardgate.ward.page.file import Asked, File, Mark, look, mark
from wardgate.ward.page.render import Renderer

AGES_S: Final = 60.0
"""Ages and the charts' time axis move this often, when nothing new moves them sooner."""


@dataclass(frozen=True, slots=True)
class LiveFile:
    """One open page. `account` tells who looks, while their session lasts."""

    database: Database
    renderer: Renderer
    zone: ZoneInfo
    clock: Callable[[], datetime]
    refresh_s: float
    asked: Asked
    account: Callable[[], Awaitable[Account | None]]

    async def keep(self, browser: Browser) -> None:
        """Until the browser goes away, its session ends or the process stops."""
        last: Mark | None = None
        drawn_s = 0.0
        still_theirs = True
        while True:
            try:
                account = await self.account()
                if account is None:
                    await browser.say("part", self.renderer.signed_out(self.asked.address))
                    await browser.say("away", "signed-out")
                    return
                now, now_s = self.clock(), asyncio.get_running_loop().time()
                # Marked first and looked at then: nothing that changes between the two is missed.
                found = await self._mark(now)
                if found != last or now_s - drawn_s >= AGES_S:
                    still_theirs = await self._show(browser, account, now)
                    last, drawn_s = found, now_s
            except DatabaseError:
                await browser.say("away", "database")
            else:
                if still_theirs:
                    await browser.say("beat", Times(self.zone, now).clock_s(now))
                else:
                    await browser.say("away", "another")
            await asyncio.sleep(self.refresh_s)

    async def _mark(self, now: datetime) -> Mark:
        return await self.database.run(lambda tx: mark(tx, self.asked.hub, now))

    async def _show(self, browser: Browser, account: Account, now: datetime) -> bool:
        """Whether it still is the page of the same patient."""
        file = await self.database.run(lambda tx: look(tx, self.asked, now))
        if file is None or file.whose != self.asked.whose:
            await browser.show({"news": self.renderer.anothers(self.asked)})
            return False
        await browser.show(await asyncio.to_thread(self._parts, file, account, now))
        return True

    def _parts(self, file: File, account: Account, now: datetime) -> dict[str, str]:
        return self.renderer.patient_parts(file, Times(self.zone, now), account)
