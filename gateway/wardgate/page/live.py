"""An open page kept true: server-sent events with the parts that changed.

`part` carries HTML for the element with its id, `beat` the hub's time after each refresh, `away` says that the hub
stopped answering.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wardgate.control.client import HubClient, connect
from wardgate.control.messages import Series
from wardgate.control.protocol import ControlError
from wardgate.faces.live import COMMENT_S, Browser, Streams
from wardgate.faces.words import Times
from wardgate.page.ask import series
from wardgate.page.render import Renderer, Snapshot

_CHARTED: Final = frozenset({"readings", "alerts"})
"""Rooms whose changes a chart shows."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds."""

    refresh_s: float = 5.0
    """Ages on the page are never older than this."""
    least_s: float = 1.0
    """Changes nearer together than this are shown together."""
    series_s: float = 60.0
    """The charts' time axis moves this often, when no reading moves it sooner."""
    comment_s: float = COMMENT_S
    again_s: float = 3.0
    """Before the hub is asked again after it did not answer, and before a browser comes back."""


class Live(Streams):
    """All open pages."""

    def __init__(self, socket: Path, renderer: Renderer, pace: Pace) -> None:
        super().__init__(pace.again_s, pace.comment_s)
        self._socket, self._renderer, self._pace = socket, renderer, pace

    def stream(self, days: int) -> AsyncIterator[str]:
        """Events for one browser."""
        return self.events(lambda browser: _Home(self._socket, self._renderer, self._pace, days, browser).keep())


class _Home:
    """What one open page shows: its own connection to the hub."""

    def __init__(self, socket: Path, renderer: Renderer, pace: Pace, days: int, browser: Browser) -> None:
        self._socket, self._renderer, self._pace, self._days = socket, renderer, pace, days
        self._browser = browser
        self._last: Times | None = None

    async def keep(self) -> None:
        """Keep it true for ever, also through a hub that comes and goes."""
        while True:
            try:
                async with connect(self._socket) as hub:
                    await self._follow(hub)
            except ControlError as away:
                html = self._renderer.away_part(away.sentence, away.what_to_do, self._last)
                if self._last is not None:
                    await self._browser.show({"verdict": html})
                await self._browser.say("away", away.key)
            await asyncio.sleep(self._pace.again_s)

    async def _follow(self, hub: HubClient) -> None:
        rooms: set[str] = set()
        something = asyncio.Event()
        ear = asyncio.create_task(_hear(hub, rooms, something))
        loop, charts, drawn_at = asyncio.get_running_loop(), dict[str, Series](), 0.0
        try:
            while True:
                something.clear()
                if not charts or rooms & _CHARTED or loop.time() - drawn_at >= self._pace.series_s:
                    rooms.clear()
                    charts, drawn_at = await series(hub, self._days), loop.time()
                snapshot = Snapshot(await hub.status(), charts, self._days)
                await self._browser.show(await asyncio.to_thread(self._renderer.parts, snapshot))
                self._last = snapshot.times
                await self._browser.say("beat", snapshot.times.clock_s(snapshot.times.now))
                await asyncio.sleep(self._pace.least_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._pace.refresh_s - self._pace.least_s)):
                        await something.wait()
        finally:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)


async def _hear(hub: HubClient, rooms: set[str], something: asyncio.Event) -> None:
    """Note what changes. When the hub goes away, wake the page: its next question says so."""
    with contextlib.suppress(ControlError):
        async for changed in hub.watch():
            rooms.update(changed)
            something.set()
    something.set()
