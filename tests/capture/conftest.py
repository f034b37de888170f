"""What the parts of capture lean on: a real store, a clock in the test's hand, an ear that writes down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.bluez_stand_in import Bus, Watched, open_bus, open_watched
from wardgate.capture import bluez
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH
from wardgate.contract.messages import Event
from wardgate.store.store import Store
from wardgate_drivers.errors import FrameError
from wardgate_drivers.measurement import DeviceTime, Measurement


class HandClock:
    """Goes when the test says so."""

    def __init__(self) -> None:
        self.s = 1_800_000_000.0

    def utc(self) -> datetime:
        return EPOCH + timedelta(seconds=self.s)

    def boottime_s(self) -> float:
        return self.s - 1_799_000_000.0

    def boot_id(self) -> str:
        return "boot"

    def synchronised(self) -> bool:
        return True


class Ear:
    """A session's sink that writes down what it hears; its commits are done at once, or when the test says so."""

    def __init__(self) -> None:
        self.measurements: list[Measurement] = []
        self.refused: list[FrameError] = []
        self.held: asyncio.Future[None] | None = None
        self.heard = asyncio.Event()

    def measurement(self, measurement: Measurement) -> asyncio.Future[None]:
        self.measurements.append(measurement)
        self.heard.set()
        if self.held is not None:
            return self.held
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def rejected(self, error: FrameError, frame: bytes) -> None:
        self.refused.append(error)

    def clock(self, device_now: DeviceTime) -> None: ...

    def clock_target(self) -> DeviceTime | None:
        return None

    def clock_set(self, to: DeviceTime) -> None: ...

    def battery(self, percent: int) -> None: ...

    def identity(self, field: str, value: str) -> None: ...

    def recall(self, key: str) -> bytes | None:
        return None

    def remember(self, key: str, value: bytes) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def consent(self) -> None: ...


class Told:
    """The journal's other end."""

    def __init__(self, clock: HandClock) -> None:
        self.events: list[Event] = []
        self._something = asyncio.Event()
        self.journal = Journal("hub-1", clock, self._put, lambda _: None)

    def _put(self, event: Event) -> asyncio.Future[int]:
        self.events.append(event)
        self._something.set()
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        done.set_result(len(self.events))
        return done

    @property
    def codes(self) -> list[str]:
        return [e.code for e in self.events]

    async def until(self, code: str, times: int = 1) -> Event:
        """The event of that code, once it was told so often."""
        async with asyncio.timeout(30):
            while self.codes.count(code) < times:
                self._something.clear()
                await self._something.wait()
        return [e for e in self.events if e.code == code][-1]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def told(clock: HandClock) -> Told:
    return Told(clock)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[Store]:
    store = Store.open(tmp_path / "wardgate.db", clock)
    yield store
    await store.close()


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    async with open_bus(tmp_path) as bus:
        yield bus


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
    monkeypatch.setattr(bluez, "RETRY_S", 0.05)
    async with open_watched() as watched:
        yield watched
