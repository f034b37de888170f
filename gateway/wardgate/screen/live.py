"""An open screen kept true: server-sent events with the parts that changed, as soon as the hub says that they did.

`part` carries HTML for the element with its id, `ground` the colour of the panel, `beat` nothing but a sign of life,
`again` that the page has to be loaded anew. A comment goes out at once, so that nothing on the way holds it back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wardgate.control.client import HubAway, HubClient, connect
from wardgate.faces.live import Browser, Streams, event
from wardgate.screen.ask import seen
from wardgate.screen.catalogue import Language
from wardgate.screen.render import Renderer
from wardgate.screen.said import Seen, said

ROOM: Final = "home"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds."""

    beat_s: float = 10.0
    """A browser that hears nothing for 30 s says that the box does not answer."""
    again_s: float = 2.0
    """Before the hub is asked again after it did not answer, and before a browser comes back."""


class Live(Streams):
    """All open screens."""

    def __init__(self, socket: Path, renderer: Renderer, pace: Pace) -> None:
        super().__init__(pace.again_s, pace.beat_s, event("beat", "."))
        self._socket, self._renderer, self._pace = socket, renderer, pace

    def stream(self, language: Language, may_stay: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        """Events for one screen.

        `may_stay` is asked each time the hub comes back: it may have another patient then.
        """
        return self.events(
            lambda browser: _Screen(self._socket, self._renderer, self._pace, language, may_stay, browser).keep()
        )


class _Screen:
    """What one open screen shows: its own connection to the hub."""

    def __init__(
        self,
        socket: Path,
        renderer: Renderer,
        pace: Pace,
        language: Language,
        may_stay: Callable[[], Awaitable[bool]],
        browser: Browser,
    ) -> None:
        self._socket, self._renderer, self._pace, self._language = socket, renderer, pace, language
        self._may_stay, self._browser = may_stay, browser

    async def keep(self) -> None:
        """Keep it true for ever, also through a hub that comes and goes."""
        while True:
            with contextlib.suppress(HubAway):
                async with connect(self._socket) as hub:
                    if not await self._may_stay():
                        await self._browser.say("again", ".")
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
        await self._browser.show({"ground": said(now).ground}, "ground")
        await self._browser.show(self._renderer.parts(now, self._language))


async def _hear(hub: HubClient, changed: asyncio.Event) -> None:
    """Wake the screen when something changes at home, and when the hub goes away."""
    with contextlib.suppress(HubAway):
        async for rooms in hub.watch():
            if ROOM in rooms:
                changed.set()
    changed.set()
