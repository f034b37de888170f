"""An open screen kept true: server-sent events with the parts that changed, as soon as the hub says that they did.

`part` carries HTML for the element with its id, `ground` the colour of the panel, `beat` nothing but a sign of life,
`again` that the page has to be loaded anew. A comment goes out at once, so that nothing on the way holds it back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wardgate.control.client import HubAway, HubClient, connect
from wardgate.screen.ask import seen
from wardgate.screen.catalogue import Language
from wardgate.screen.render import Renderer
from wardgate.screen.said import Seen, said

log: Final = logging.getLogger(__name__)

ROOM: Final = "home"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds."""

    beat_s: float = 10.0
    """A browser that hears nothing for 30 s says that the box does not answer."""
    again_s: float = 2.0
    """Before the hub is asked again after it did not answer, and before a browser comes back."""


class Live:
    """All open screens."""

    def __init__(self, socket: Path, renderer: Renderer, pace: Pace) -> None:
        self._socket, self._renderer, self._pace = socket, renderer, pace
        self._closing = asyncio.Event()
        self.watchers = 0

    def close(self) -> None:
        """End every stream: the process is about to stop."""
        self._closing.set()

    async def stream(self, language: Language, may_stay: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        """Events for one screen, until it goes away or the process stops.

        `may_stay` is asked each time the hub comes back: it may have another patient then.
        """
        messages: asyncio.Queue[str | None] = asyncio.Queue(maxsize=64)
        screen = _Screen(self._socket, self._renderer, self._pace, language, may_stay, messages)
        tasks = [asyncio.create_task(work) for work in (_kept(screen), self._beats(messages), self._end(messages))]
        self.watchers += 1
        try:
            yield f"retry: {round(self._pace.again_s * 1000)}\n: here\n\n"
            while (message := await messages.get()) is not None:
                yield message
        finally:
            self.watchers -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _beats(self, messages: asyncio.Queue[str | None]) -> None:
        while True:
            await asyncio.sleep(self._pace.beat_s)
            await messages.put("event: beat\ndata: .\n\n")

    async def _end(self, messages: asyncio.Queue[str | None]) -> None:
        await self._closing.wait()
        await messages.put(None)


class _Screen:
    """One open screen: its own connection to the hub, and what it shows now."""

    def __init__(
        self,
        socket: Path,
        renderer: Renderer,
        pace: Pace,
        language: Language,
        may_stay: Callable[[], Awaitable[bool]],
        messages: asyncio.Queue[str | None],
    ) -> None:
        self._socket, self._renderer, self._pace, self._language = socket, renderer, pace, language
        self._may_stay = may_stay
        self.messages = messages
        self._shown: dict[str, str] = {}

    async def keep(self) -> None:
        """Keep it true for ever, also through a hub that comes and goes."""
        while True:
            with contextlib.suppress(HubAway):
                async with connect(self._socket) as hub:
                    if not await self._may_stay():
                        await self.messages.put("event: again\ndata: .\n\n")
                        await self.messages.put(None)
                        return
                    await self._follow(hub)
            await self._show("away")
            await asyncio.sleep(self._pace.again_s)

    async def _follow(self, hub: HubClient) -> None:
        """Watched first and looked at then: nothing that changes between the two is missed."""
        await hub.ask("watch", bool)
        changed = asyncio.Event()
        ear = asyncio.create_task(_hear(hub, changed))
        try:
            while not ear.done():
                changed.clear()
                await self._show(await seen(hub))
                await changed.wait()
        finally:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)

    async def _show(self, now: Seen) -> None:
        parts = {"ground": said(now).ground, **self._renderer.parts(now, self._language)}
        for name, text in parts.items():
            if self._shown.get(name) != text:
                self._shown[name] = text
                lines = "".join(f"data: {line}\n" for line in text.splitlines())
                await self.messages.put(f"event: {'ground' if name == 'ground' else 'part'}\n{lines}\n")


async def _hear(hub: HubClient, changed: asyncio.Event) -> None:
    """Wake the screen when something changes at home, and when the hub goes away."""
    with contextlib.suppress(HubAway):
        async for rooms in hub.watch():
            if ROOM in rooms:
                changed.set()
    changed.set()


async def _kept(screen: _Screen) -> None:
    """Supervise one screen: a fault of ours ends its stream, and the browser comes again."""
    try:
        await screen.keep()
    except Exception:
        log.exception("An open screen could not be kept live")
        await screen.messages.put(None)
