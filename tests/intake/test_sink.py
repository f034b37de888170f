"""The door for measurements, on a real store: what is kept, what is counted, and when a session may go on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from wardgate import config
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH
from wardgate.contract.messages import TIME_UNKNOWN, Reading
from wardgate.intake.intake import Intake
from wardgate.store.errors import StoreFull
from wardgate.store.store import Store
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome, Quantity

NOW = datetime.fromisoformat("2026-11-21T09:00:00+00:00")
WEIGHED = Measurement(
    Channel.WEIGHT,
    Outcome.DECODE,
    (Quantity("weight", 78.4, "kg"),),
    bytes.fromhex("02403d"),
    DeviceTime.of(2026, 11, 21, 8, 59, 50),
)
CONFIG = config.Config(
    hub=config.Hub(id="hub-1", patient="Copper Heron 93", assignment="a-1"),
    broker=config.Broker(host="broker"),
    device=(
        config.Device(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:01"),
        config.Device(id="x", model="xiaomi-scale", address="F0:00:00:00:00:02"),
    ),
)


class HandClock:
    """Goes when the test says so."""

    def __init__(self) -> None:
        self.at = NOW
        self.boot_s = 1000.0
        self.known = True

    def utc(self) -> datetime:
        return self.at

    def boottime_s(self) -> float:
        return self.boot_s

    def boot_id(self) -> str:
        return "boot"

    def synchronised(self) -> bool:
        return self.known

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.boot_s += seconds


class Door:
    """An intake, and what came out of it."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.store = store
        self.journal = Journal("hub-1", clock, store.put_event, lambda _: None)
        self.devices = Devices(store, known_devices(CONFIG.device), lambda _: None)
        self.new: list[Reading] = []
        self.intake = Intake(CONFIG, store, clock, self.devices, self.journal, self._on_new, lambda _: None)
        self.scale, self.xiaomi = (self.intake.sink(known) for known in self.devices.known)

    async def _on_new(self, reading: Reading) -> None:
        assert self.store.read.reading(reading.id) is not None, "told before it was stored"
        self.new.append(reading)

    def readings(self) -> list[Reading]:
        return self.store.readings(None, EPOCH)

    def counts(self, device: str = "scale") -> dict[str, int]:
        row = self.store.device(device)
        return {} if row is None else row.counts


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[Store]:
    store = Store.open(tmp_path / "wardgate.db", clock)
    yield store
    await store.close()


@pytest.fixture
async def door(store: Store, clock: HandClock) -> AsyncIterator[Door]:
    door = Door(store, clock)
    running = asyncio.ensure_future(door.intake.run())
    yield door
    running.cancel()
    await asyncio.wait({running})


async def test_the_session_may_go_on_when_it_is_on_the_disk(door: Door) -> None:
    door.scale.clock(DeviceTime.of(2026, 11, 21, 9, 0, 0))
    await door.scale.measurement(WEIGHED)
    (reading,) = door.readings()
    assert (reading.hub, reading.assignment, reading.patient) == ("hub-1", "a-1", "Copper Heron 93")
    assert reading.time.taken == NOW - timedelta(seconds=10)
    assert reading.time.device_time == "2026-11-21T08:59:50"
    assert reading.time.boottime_s == 1000.0
    assert reading.frame == "02403d"
    await door.intake.drained()
    assert [(r.id, r.seq) for r in door.new] == [(reading.id, reading.seq)]


async def test_the_same_again_is_counted_and_told_to_nobody(door: Door) -> None:
    for _ in range(3):
        await door.scale.measurement(WEIGHED)
    await door.intake.drained()
    assert len(door.readings()) == len(door.new) == 1
    assert door.counts() == {"readings": 1, "duplicates": 2}


async def test_what_is_no_reading_is_counted(door: Door) -> None:
    await door.scale.measurement(replace(WEIGHED, outcome=Outcome.NO_READING, quantities=()))
    await door.scale.measurement(replace(WEIGHED, outcome=Outcome.IMPLAUSIBLE))
    await door.scale.measurement(replace(WEIGHED, quantities=(Quantity("weight", 700.0, "kg"),)))
    door.scale.rejected(FrameError(Reason.TRUNCATED, "2 of 3 bytes"), b"\x02\x40")
    await door.store.write(lambda _: None)
    assert door.readings() == []
    assert door.counts() == {"no_reading": 1, "implausible": 2, "rejected": 1}


DAY_S = (NOW - EPOCH).total_seconds() - 86400


async def weigh_until_full(door: Door, kept: list[float]) -> None:
    """One reading after the other; `kept` gets those of which the session was told that they are safe."""
    for second in range(600):
        await door.scale.measurement(replace(WEIGHED, device_time=DeviceTime(DAY_S - second)))
        kept.append(DAY_S - second)


async def test_a_full_disk_acknowledges_nothing_and_loses_nothing(door: Door, store: Store) -> None:
    """H22: a real SQLITE_FULL, from a database that may not grow."""

    def shut(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await store.write(shut)
    kept: list[float] = []
    with pytest.raises(StoreFull):
        await weigh_until_full(door, kept)
    assert len(door.readings()) == len(kept)
    assert door.journal.stands("store-failed")
    await store.write(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))
    await door.scale.measurement(replace(WEIGHED, device_time=DeviceTime.of(2026, 11, 20, 8, 0, 0)))
    assert not door.journal.stands("store-failed")
    assert len(door.readings()) == len(kept) + 1


async def test_a_restart_amid_the_repeats_of_a_frame_without_time(door: Door, store: Store, clock: HandClock) -> None:
    shout = replace(WEIGHED, device_time=None)
    await door.xiaomi.measurement(shout)
    clock.go(20)
    again = Door(store, clock)
    await again.xiaomi.measurement(shout)
    assert len(door.readings()) == 1
    clock.go(3600)
    await again.xiaomi.measurement(shout)
    assert len(door.readings()) == 2


async def test_the_clock_that_was_set_dates_the_next_session(door: Door, store: Store, clock: HandClock) -> None:
    """The device's clock cannot be read, only set: what it was set to is known."""
    target = door.scale.clock_target()
    assert target == DeviceTime.of(2026, 11, 21, 9, 0, 0)
    door.scale.clock_set(target)
    clock.go(86400)
    later = door.intake.sink(door.devices.known[0])
    await later.measurement(replace(WEIGHED, device_time=DeviceTime.of(2026, 11, 22, 8, 59, 30)))
    (reading,) = door.readings()
    assert reading.time.basis == "device-clock"
    assert reading.time.taken == NOW + timedelta(days=1, seconds=-30)
    assert reading.time.uncertainty_s < 10


async def test_a_hub_without_the_time_sets_no_clock_and_says_so(store: Store, clock: HandClock) -> None:
    clock.known = False
    door = Door(store, clock)
    assert door.scale.clock_target() is None
    door.scale.clock(DeviceTime.of(2026, 11, 21, 9, 0, 0))
    assert door.devices.row("scale").clock_offset_s is None
    await door.scale.measurement(WEIGHED)
    (reading,) = door.readings()
    assert not reading.time.synchronised
    assert TIME_UNKNOWN in reading.quality.flags
    assert reading.time.received - reading.time.taken == timedelta(seconds=10)


async def test_a_low_battery_is_told_once_until_it_is_new(door: Door) -> None:
    for percent in (66, 33, 33, 100, 33):
        door.scale.battery(percent)
    await door.store.write(lambda _: None)
    assert [e.code for e in door.store.events(10)] == ["battery-low", "battery-low"]
    assert door.devices.row("scale").battery_percent == 33


async def test_what_a_device_says_about_itself_stands_in_its_readings(door: Door) -> None:
    door.scale.identity("serial", "5170100001")
    door.scale.identity("firmware", "1.0.2")
    door.scale.identity("maker", "A&D")
    await door.scale.measurement(WEIGHED)
    device = door.readings()[0].device
    assert (device.serial, device.firmware, device.model) == ("5170100001", "1.0.2", "and-uc-352ble")
