"""An open page of a step kept true, as the status page is: named parts that changed, over server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from wardgate.control.client import connect
from wardgate.control.protocol import ControlError
from wardgate.page.live import COMMENT
from wardgate.page.setup.guard import Door
from wardgate.page.setup.hub import Hub

log: Final = logging.getLogger(__name__)

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
    comment_s: float = 15.0
    again_s: float = 1.0


MOST_STREAMS: Final = 8


class Live:
    """All open pages of the technician's door."""

    def __init__(self, hub: Hub, door: Door, pace: Pace, closed: Callable[[], str]) -> None:
        self._hub, self._door, self._pace, self._closed = hub, door, pace, closed
        self.streams = 0

    async def stream(self, parts: Parts) -> AsyncIterator[str]:
        """Events for one browser, until it goes away, the door closes or the page is over."""
        messages: asyncio.Queue[str | None] = asyncio.Queue(maxsize=64)
        tasks = [asyncio.create_task(w) for w in (self._keep(parts, messages), self._comments(messages))]
        self.streams += 1
        try:
            yield f"retry: {round(self._pace.again_s * 1000)}\n{COMMENT}"
            while (message := await messages.get()) is not None:
                yield message
        finally:
            self.streams -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, parts: Parts, messages: asyncio.Queue[str | None]) -> None:
        """Supervised: a fault of ours ends this stream alone, which makes the browser say so and come again."""
        try:
            await self._follow(parts, messages)
        except Over as over:
            if over.html:
                await messages.put(_event("part", over.html))
        except Exception:
            log.exception("An open page could not be kept live")
        await messages.put(None)

    async def _follow(self, parts: Parts, messages: asyncio.Queue[str | None]) -> None:
        shown: dict[str, str] = {}
        while not self._door.closing.is_set():
            try:
                drawn, now = await parts()
                for name, html in drawn.items():
                    if shown.get(name) != html:
                        shown[name] = html
                        await messages.put(_event("part", html))
                await messages.put(_event("beat", now))
            except ControlError as away:
                await messages.put(_event("away", away.key))
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

    async def _comments(self, messages: asyncio.Queue[str | None]) -> None:
        while True:
            await asyncio.sleep(self._pace.comment_s)
            await messages.put(COMMENT)


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
