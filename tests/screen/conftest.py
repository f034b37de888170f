"""A screen and the hub behind it, served for real on loopback in a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn

from tests.support.web import Answer, Threaded, ask
from wardgate.config import Screen
from wardgate.control.messages import ScreenKey
from wardgate.control.server import ControlServer
from wardgate.indicate.moment import HomeView, Moment, Tile
from wardgate.screen.app import create_app
from wardgate.screen.catalogue import ORDER
from wardgate.screen.live import Pace
from wardgate.screen.server import HOST, listen, spoken
from wardgate.screen.voice import Voice

QUICK: Final = Pace(beat_s=0.2, again_s=0.2)
ALL: Final = Screen(languages=ORDER, unreviewed=True)
TILES: Final = (
    Tile(kind="scale", state="done"),
    Tile(kind="cuff", state="now"),
    Tile(kind="oximeter", state="later", when="evening"),
)
SPEAKER: Final = """#!/bin/sh
printf 'RIFF%s ' "$*"
cat
"""
"""Stands in for espeak-ng: says with what it was called, and what it was given to say."""


def view(what: str = "due", *, tiles: tuple[Tile, ...] = TILES, part: str = "morning", **moment: Any) -> HomeView:
    """A home in some state."""
    if what in ("due", "asked"):
        moment.setdefault("kind", "cuff")
    big = Moment(what=what, **moment)  # type: ignore[arg-type]  # one of the words
    return HomeView(moment=big, tiles=tiles, part=part, date="2026-11-21", phone="0116 000 0000")  # type: ignore[arg-type]


STATES: Final[dict[str, HomeView]] = {
    "due": view(),
    "asked": view("asked", kind="oximeter"),
    "got": view("got", kind="cuff", way="sending"),
    "has": view("got", kind="cuff", way="has"),
    "later": view("got", kind="cuff", way="later"),
    "value": view("got", kind="cuff", way="has", values={"systolic": 128.0, "diastolic": 80.0, "pulse": 70.0}),
    "snug": view("again", kind="cuff", how="cuff-snug"),
    "warm": view("again", kind="oximeter", how="warm-hand"),
    "who": view("who", kind="scale"),
    "call": view("call"),
    "done": view("done", next="evening"),
    "nothing": view("nothing", next="another-day"),
    "free": view("free", tiles=(Tile(kind="thermometer", state="free"),)),
    "night": view("night", part="night"),
}


class Served(Threaded):
    """One screen."""

    def __init__(self, directory: Path, chosen: Screen, voice: Voice | None = None) -> None:
        super().__init__()
        self._socket = directory / "control.sock"
        self._chosen, self._voice = chosen, voice
        self._view = view()
        self.key = "k3m9x7pqr2s4tv6w"

    def show(self, now: HomeView) -> None:
        """The home changes, and the hub says so to whoever watches."""

        def change() -> None:
            self._view = now
            self._server.changed("home")

        self._loop.call_soon_threadsafe(change)

    def silence(self) -> None:
        """The hub stops answering."""
        self.await_(self._server.stop())

    def wake(self) -> None:
        """The hub answers again."""
        self.await_(self._server.start())

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def ask(self, path: str = "/", method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Ask the screen; header names with `_` for `-`."""
        return ask(self.port, path, method, body, headers)

    async def _home(self, _: dict[str, Any]) -> HomeView:
        return self._view

    async def _key(self, _: dict[str, Any]) -> ScreenKey:
        return ScreenKey(key=self.key)

    async def _run(self) -> None:
        app = create_app(self._socket, self._chosen, pace=QUICK, voice=self._voice)
        server = uvicorn.Server(spoken(app))
        self.handlers: dict[str, Any] = {"home": self._home, "screen_key": self._key}
        self._server = ControlServer(self._socket, self.handlers)
        await self._server.start()
        listener = listen(HOST, 0)
        self.port = listener.getsockname()[1]
        serving = asyncio.create_task(server.serve([listener]))
        await self._until_stopped()
        app.state.live.close()
        server.should_exit = True
        await serving
        await self._server.stop()


@contextlib.contextmanager
def served(directory: Path, chosen: Screen, voice: Voice | None = None) -> Iterator[Served]:
    """A screen for some time."""
    screen = Served(directory, chosen, voice)
    screen.start()
    try:
        yield screen
    finally:
        screen.stop()


def a_speaker(directory: Path) -> Voice:
    """A voice without recordings, whose program is a stand-in."""
    program = directory / "espeak-ng"
    program.write_text(SPEAKER, encoding="utf-8")
    program.chmod(0o755)
    return Voice(directory / "voices", str(program))


@pytest.fixture(scope="module")
def _screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("screen")
    with served(directory, ALL, a_speaker(directory)) as screen:
        yield screen


@pytest.fixture
def screen(_screen: Served) -> Served:
    """All languages, something to read aloud with, and a cuff that is due."""
    _screen.show(view())
    return _screen
