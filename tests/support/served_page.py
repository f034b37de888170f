"""The page of a home that a test holds in its hand, served for real on loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.support.home import FakeHub, alert, history, hub_at, status
from tests.support.web import Answer, Threaded, ask
from wardgate.faces.serving import Server, spoken
from wardgate.page.app import create_app
from wardgate.page.live import Pace
from wardgate.page.server import listen

QUICK = Pace(refresh_s=0.3, least_s=0.05, series_s=60, comment_s=0.2, again_s=0.2)


class Home(Threaded):
    """A hub and its page."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._socket = directory / "control.sock"
        self.hub: FakeHub

    def change(self, *rooms: str, **changes: Any) -> None:
        """Change the home; rooms are announced to whoever watches."""
        self._loop.call_soon_threadsafe(lambda: self.hub.change(*rooms, **changes))

    def silence(self) -> None:
        """The hub stops answering."""
        self.await_(self.hub.server.stop())

    def wake(self) -> None:
        """The hub answers again."""
        self.await_(self.hub.server.start())

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        """Ask the page; header names with `_` for `-`."""
        return ask(self.port, path, method, None, headers)

    async def _run(self) -> None:
        app = create_app(self._socket, pace=QUICK)
        server = Server(spoken(app), app.state.live.close)
        async with hub_at(self._socket, status(), history(95)) as self.hub:
            self.hub.alerts = {"weight": (alert(),)}
            listener = listen(0)
            self.port = listener.getsockname()[1]
            serving = asyncio.create_task(server.serve([listener]))
            await self._until_stopped()
            server.should_exit = True
            await serving
