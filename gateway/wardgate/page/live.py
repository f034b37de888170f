"""An open page kept true: server-sent events with the parts that changed.

`part` carries HTML for the element with its id, `beat` the hub's time after each refresh, `away` says that the hub
stopped answering. A comment goes out at once and every 15 s, so that nothing between here and the browser gives up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wardgate.control.client import HubClient, connect
from wardgate.control.messages import Series
from wardgate.control.protocol import ControlError
from wardgate.faces.words import Times
from wardgate.page.ask import series
from wardgate.page.render import Renderer, Snapshot

log: Final = logging.getLogger(__name__)

COMMENT: Final = ": still here\n\n"
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
    comment_s: float = 15.0
    again_s: float = 3.0
    """Before the hub is asked again after it did not answer, and before a browser comes back."""


class Live:
    """All open pages."""

    def __init__(self, socket: Path, renderer: Renderer, pace: Pace) -> None:
        self._socket, self._renderer, self._pace = socket, renderer, pace
        self._closing = asyncio.Event()
        self.watchers = 0

    def close(self) -> None:
        """End every stream: the process is about to stop."""
        self._closing.set()

    async def stream(self, days: int) -> AsyncIterator[str]:
        """Events for one browser, until it goes away or the process stops."""
        messages: asyncio.Queue[str | None] = asyncio.Queue(maxsize=64)
        browser = _Browser(self._socket, self._renderer, self._pace, days, messages)
        work = (_kept(browser), self._comments(messages), self._end(messages))
        tasks = [asyncio.create_task(w) for w in work]
        self.watchers += 1
        try:
            yield f"retry: {round(self._pace.again_s * 1000)}\n{COMMENT}"
            while (message := await messages.get()) is not None:
                yield message
        finally:
            self.watchers -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _comments(self, messages: asyncio.Queue[str | None]) -> None:
        while True:
            await asyncio.sleep(self._pace.comment_s)
            await messages.put(COMMENT)

    async def _end(self, messages: asyncio.Queue[str | None]) -> None:
        await self._closing.wait()
        await messages.put(None)


class _Browser:
    """One open page: its own connection to the hub, and what it shows now."""

    def __init__(
        self, socket: Path, renderer: Renderer, pace: Pace, days: int, messages: asyncio.Queue[str | None]
    ) -> None:
        self._socket, self._renderer, self._pace, self._days = socket, renderer, pace, days
        self.messages = messages
        self._shown: dict[str, str] = {}
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
                    await self._show({"verdict": html})
                await self._say("away", away.key)
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
                await self._show(await asyncio.to_thread(self._renderer.parts, snapshot))
                self._last = snapshot.times
                await self._say("beat", snapshot.times.clock_s(snapshot.times.now))
                await asyncio.sleep(self._pace.least_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._pace.refresh_s - self._pace.least_s)):
                        await something.wait()
        finally:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)

    async def _show(self, parts: dict[str, str]) -> None:
        for name, html in parts.items():
            if self._shown.get(name) != html:
                self._shown[name] = html
                await self._say("part", html)

    async def _say(self, event: str, data: str) -> None:
        lines = "".join(f"data: {line}\n" for line in data.splitlines())
        await self.messages.put(f"event: {event}\n{lines}\n")


async def _kept(browser: _Browser) -> None:
    """Supervise one page: a fault of ours ends its stream, which makes the browser say so and come again."""
    try:
        await browser.keep()
    except Exception:
        log.exception("An open page could not be kept live")
        await browser.messages.put(None)


async def _hear(hub: HubClient, rooms: set[str], something: asyncio.Event) -> None:
    """Note what changes. When the hub goes away, wake the page: its next question says so."""
    with contextlib.suppress(ControlError):
        async for changed in hub.watch():
            rooms.update(changed)
            something.set()
    something.set()
