"""The page of a home that a test holds in its hand, served for real on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from tests.support.home import FakeHub, alert, history, hub_at, status
from wardgate.page.app import create_app
from wardgate.page.live import Pace
from wardgate.page.server import listen

QUICK = Pace(refresh_s=0.3, least_s=0.05, series_s=60, comment_s=0.2, again_s=0.2)


@dataclass
class Answer:
    """One HTTP answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Home:
    """A hub and its page in a thread of their own, so that a browser can be driven from the test."""

    def __init__(self, directory: Path) -> None:
        self._socket = directory / "control.sock"
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self.port = 0
        self.hub: FakeHub

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        self._loop.close()
        assert not self._thread.is_alive()

    def change(self, *rooms: str, **changes: Any) -> None:
        """Change the home; rooms are announced to whoever watches."""
        self._loop.call_soon_threadsafe(lambda: self.hub.change(*rooms, **changes))

    def silence(self) -> None:
        """The hub stops answering."""
        asyncio.run_coroutine_threadsafe(self.hub.server.stop(), self._loop).result(10)

    def wake(self) -> None:
        """The hub answers again."""
        asyncio.run_coroutine_threadsafe(self.hub.server.start(), self._loop).result(10)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        """Ask the page; header names with `_` for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    async def _run(self) -> None:
        app = create_app(self._socket, pace=QUICK)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        async with hub_at(self._socket, status(), history(95)) as self.hub:
            self.hub.alerts = {"weight": (alert(),)}
            listener = listen(0)
            self.port = listener.getsockname()[1]
            serving = asyncio.create_task(server.serve([listener]))
            self._ready.set()
            await self._stop.wait()
            app.state.live.close()
            server.should_exit = True
            await serving
