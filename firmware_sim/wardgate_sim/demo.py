"""The demo: a broker, a ward, a page, a patient's screen, a hub and a home, each the real one, in faster time."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from wardgate.config import Config, load
from wardgate.contract.messages import Reading
from wardgate.hub import Hub
from wardgate_sim.backend import open_hub
from wardgate_sim.broker import HOST, broker, free_port, is_free
from wardgate_sim.children import Child
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.device import Taken
from wardgate_sim.home import Home, Use
from wardgate_sim.hub_config import hub_config
from wardgate_sim.radio import Link
from wardgate_sim.scenario import Scenario

DRAIN_S: Final = 10.0
"""What is left of a limited demo when the patient stops measuring: the last readings are on their way."""
DAYS: Final = 3650
PAUSE_S: Final = 0.5
"""Between two measurements, so that a person can follow."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of everything that was measured."""

    taken: int
    stored: int
    delivered: int
    alerts: int
    lost: int
    duplicates: int


class Demo:
    """One run in one directory."""

    def __init__(self, scenario: Scenario, directory: Path, *, page_port: int) -> None:
        self._scenario = scenario
        self._directory = directory
        self._page_port = page_port
        self._began_s = time.monotonic()
        self._ward_db = directory / "ward.db"
        self._from_memory = 0

    async def run(self, stop: asyncio.Event, for_s: float | None) -> Summary:
        """Play until `stop` is set or `for_s` seconds have passed; then let everything arrive, and count."""
        clock = LeapClock(_early_this_morning(self._scenario))
        link = Link()
        home = Home(self._scenario, link, clock.utc)
        port = free_port()
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(broker(self._directory, port))
            await stack.enter_async_context(self._ward(port))
            await home.start()
            stack.push_async_callback(home.stop)
            config = self._config(home, port)
            await stack.enter_async_context(self._browsers("page"))
            await stack.enter_async_context(self._browsers("screen"))
            backend = await stack.enter_async_context(open_hub(link))
            hub = Hub(config, clock=clock, backend=backend)
            await hub.start()
            stack.push_async_callback(hub.stop)
            config_file = self._directory / "wardgate.toml"
            self._say("hub", f"started; look at it with: {_beside_us('wardgate')} status --config {config_file}")
            await self._play(home, clock, stop, None if for_s is None else for_s - DRAIN_S)
            await self._drained(hub)
            return self._summary(hub, home)

    async def _play(self, home: Home, clock: LeapClock, stop: asyncio.Event, for_s: float | None) -> None:
        playing = asyncio.ensure_future(self._live(home, clock))
        stopping = asyncio.ensure_future(stop.wait())
        left_s = None if for_s is None else max(0.0, for_s - (time.monotonic() - self._began_s))
        await asyncio.wait({playing, stopping}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        for task in (playing, stopping):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
        for device in home.devices.values():
            await device.asleep()

    async def _live(self, home: Home, clock: LeapClock) -> None:
        days = max(spec.history_days for spec in self._scenario.device)
        self._say("home", f"{days} days are in the devices' memories; the technician pairs the scale and the cuff")
        await home.pair()
        async for use, taken in home.play(clock, DAYS):
            self._say("home", f"day {use.day + 1}, {_local(use, self._scenario)}: {use.device}, {_values(taken)}")
            await asyncio.sleep(PAUSE_S)

    async def _drained(self, hub: Hub) -> None:
        try:
            async with asyncio.timeout(DRAIN_S):
                await hub.drained()
        except TimeoutError:
            self._say("hub", "not everything has arrived in time")

    def _config(self, home: Home, port: int) -> Config:
        path = self._directory / "wardgate.toml"
        page_port = self._page_port if is_free(self._page_port) else free_port()
        screen_port = page_port + 1 if page_port and is_free(page_port + 1) else free_port()
        text = hub_config(home, self._directory, port, page_port=page_port, screen_port=screen_port)
        path.write_text(text, encoding="utf-8")
        return load(path)

    @contextlib.asynccontextmanager
    async def _ward(self, port: int) -> AsyncIterator[None]:
        words = ("ward", "--host", HOST, "--port", str(port), "--no-tls", "--database", str(self._ward_db))
        async with Child("ward", (sys.executable, "-m", "wardgate", *words), self._ward_says) as ward:
            await ward.said("Connected to")
            yield

    def _ward_says(self, who: str, words: str) -> None:
        """What comes out of memories is counted, not listed: a person wants to see what happens now."""
        if "from memory" in words:
            self._from_memory += 1
            return
        if self._from_memory:
            self._say(who, f"{self._from_memory} readings out of the devices' memories")
            self._from_memory = 0
        self._say(who, words)

    @contextlib.asynccontextmanager
    async def _browsers(self, what: str) -> AsyncIterator[None]:
        """The technician's `page`, the patient's `screen`."""
        words = (what, "--config", str(self._directory / "wardgate.toml"))
        async with Child(what, (sys.executable, "-m", "wardgate", *words), self._say):
            yield

    def _summary(self, hub: Hub, home: Home) -> Summary:
        taken = Counter(key for id_, book in home.books.items() for key in (_taken_key(id_, t) for t in book.taken))
        delivered = Counter(_reading_key(reading) for reading in _at_ward(self._ward_db))
        with contextlib.closing(sqlite3.connect(self._ward_db)) as ward:
            alerts = ward.execute("SELECT count(DISTINCT id) FROM alerts").fetchone()[0]
        return Summary(
            taken=taken.total(),
            stored=len(hub.store.readings(None, datetime(1970, 1, 1, tzinfo=UTC))),
            delivered=delivered.total(),
            alerts=alerts,
            lost=(taken - delivered).total(),
            duplicates=(delivered - taken).total(),
        )

    def _say(self, who: str, words: str) -> None:
        print(f"{time.monotonic() - self._began_s:6.1f} s  {who:6} {words}", flush=True)


def _at_ward(database: Path) -> Iterator[Reading]:
    with contextlib.closing(sqlite3.connect(database)) as ward:
        for (payload,) in ward.execute("SELECT payload FROM readings"):
            yield msgspec.json.decode(payload, type=Reading)


_FIGURES: Final = frozenset({"weight", "systolic", "diastolic", "pulse", "spo2"})
"""What a person reads off the device's display."""
_Key = tuple[str, frozenset[tuple[str, float]]]


def _taken_key(device: str, taken: Taken) -> _Key:
    """What tells two measurements apart: the device and its figures."""
    return device, frozenset((name, round(value, 2)) for name, value in taken.values.items() if name in _FIGURES)


def _reading_key(reading: Reading) -> _Key:
    figures = ((q.name, round(q.value, 2)) for q in reading.quantities if q.name in _FIGURES)
    return reading.device.id, frozenset(figures)


def _beside_us(command: str) -> Path:
    """The command as it can be typed here: it stands where this one was called from."""
    ours = Path(sys.argv[0])
    return ours.with_name(command) if ours.name == "wardgate-sim" else Path(command)


def _values(taken: Taken) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in taken.values.items())


def _local(use: Use, scenario: Scenario) -> str:
    return use.at.astimezone(ZoneInfo(scenario.timezone)).strftime("%H:%M")


def _early_this_morning(scenario: Scenario) -> datetime:
    """Before anybody is up, so that the first live day is a whole one."""
    return datetime.now(ZoneInfo(scenario.timezone)).replace(hour=6, minute=0, second=0, microsecond=0)
