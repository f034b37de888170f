"""An open page of a step kept true, as the status page is: named parts that changed, over server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from wardgate.control.client import connect
from wardgate.control.protocol import ControlError
from wardgate.faces.live import COMMENT_S, Browser, Streams
from wardgate.page.setup.guard import Door
from wardgate.page.setup.hub import Hub

Parts = Callable[[], Awaitable[tuple[Mapping[str, str], str]]]
"""Draws the parts anew; the second is the hub's time. Raises ControlError, and Over when nothing is left to show."""


class Over(Exception):
    """The page that is open shows nothing that is still true, or its session has ended; `html` is the last part."""

    def __init__(self, html: str = "") -> None:
        super().__init__()
        self.html = html


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds."""

    refresh_s: float = 2.0
    """Ages and countdowns are never older than this."""
    least_s: float = 0.5
    """Changes nearer together than this are shown together."""
    comment_s: float = COMMENT_S
    again_s: float = 1.0


MOST_STREAMS: Final = 8


class Live(Streams):
    """All open pages of the technician's door."""

    def __init__(self, hub: Hub, door: Door, pace: Pace, closed: Callable[[], str]) -> None:
        super().__init__(pace.again_s, pace.comment_s)
        self._hub, self._door, self._pace, self._closed = hub, door, pace, closed

    def stream(self, parts: Parts) -> AsyncIterator[str]:
        """Events for one browser, until it goes away, the door closes or the page is over."""
        return self.events(partial(self._keep, parts))

    async def _keep(self, parts: Parts, browser: Browser) -> None:
        try:
            await self._follow(parts, browser)
        except Over as over:
            if over.html:
                await browser.say("part", over.html)

    async def _follow(self, parts: Parts, browser: Browser) -> None:
        while not self._door.closing.is_set():
            try:
                drawn, now = await parts()
                await browser.show(drawn)
                await browser.say("beat", now)
            except ControlError as away:
                await browser.say("away", away.key)
            await self._pause()
        raise Over(self._closed())

    async def _pause(self) -> None:
        """Until something changes at the hub or the door, or it is time."""
        await asyncio.sleep(self._pace.least_s)
        waits = [asyncio.create_task(self._door.closing.wait()), asyncio.create_task(self._changed())]
        try:
            await asyncio.wait(waits, timeout=self._pace.refresh_s - self._pace.least_s, return_when="FIRST_COMPLETED")
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _changed(self) -> None:
        with contextlib.suppress(ControlError):
            async with connect(self._hub.socket) as hub:
                async for _ in hub.watch():
                    return
        await asyncio.Event().wait()  # a hub that is away changes nothing; the pace asks again
