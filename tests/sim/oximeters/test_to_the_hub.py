"""From a finger in a maker's oximeter to a reading on the hub's disk: over the simulated radio and over real ptys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.hub.conftest import Bench, Firmware, Start, a_config, bench
from wardgate.capture import capture
from wardgate.capture.devices import Known
from wardgate.capture.serial_port import SerialLine
from wardgate.config import Device
from wardgate_drivers.model.declaration import Serial
from wardgate_drivers.protocol import viatom
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.beurer_po60 import BeurerPo60
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.finger_oximeter import BerryOximeter
from wardgate_sim.firmware.o2ring import O2Ring
from wardgate_sim.firmware.serial_oximeter import ContecV7Serial, Nonin3150Serial, NoninXpod, SerialOximeter
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
SECOND_S = 0.02
LINE_SECOND_S = 0.07
SILENCE_S = 0.26
FINGERS = (94.0, 91.0)


def saturations(home: Bench) -> list[float]:
    """What is stored, in the order in which it was taken."""
    return [q.value for r in home.readings() for q in r.quantities if q.name == "spo2"]


async def readings(home: Bench, count: int) -> None:
    """Wait for so many."""
    await home.until(lambda: len(home.readings()) == count)


async def test_a_stream(tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start) -> None:
    oximeter = BerryOximeter(link, ADDRESS, device_clock, finger_s=4.0, second_s=SECOND_S)
    await start(oximeter)
    settings = a_config(tmp_path, Device(id="oximeter", model=oximeter.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await oximeter.take({"spo2": 94.0, "pulse": 72.0})
        await readings(home, 1)
        await oximeter.asleep()
        assert saturations(home) == [94]
        reading = home.readings()[0]
        assert (reading.backfill, reading.time.basis, reading.quality.good) == (False, "arrival", True)


async def test_po60_gives_its_memory_and_forgets_what_is_on_the_disk(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    oximeter = BeurerPo60(link, ADDRESS, device_clock, idle_s=1.2)
    await start(oximeter)
    for minutes in range(24, 12, -1):
        at = device_clock.at(clock.utc().timestamp() - minutes * 3600)
        oximeter.store({"spo2": 60.0 + minutes, "pulse": 72.0}, at)
    settings = a_config(tmp_path, Device(id="oximeter", model=oximeter.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await oximeter.take({"spo2": 94.0, "pulse": 72.0})
        await readings(home, 13)
        await oximeter.asleep()
        assert saturations(home) == [*(60.0 + h for h in range(24, 12, -1)), 94.0]
        assert [r.backfill for r in home.readings()] == [True] * 12 + [False]
        assert oximeter.book.acknowledged == oximeter.book.taken
        assert home.hub.devices.row("oximeter").clock_set_at is not None


async def test_po60_that_tells_its_memory_again_makes_no_second_reading(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    oximeter = BeurerPo60(link, ADDRESS, device_clock, idle_s=1.2)
    await start(oximeter)
    settings = a_config(tmp_path, Device(id="oximeter", model=oximeter.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await oximeter.take({"spo2": 94.0, "pulse": 72.0}, device_clock.at(clock.utc().timestamp() - 60))
        await readings(home, 1)
        await oximeter.asleep()
        oximeter.memory = list(oximeter.book.taken)
        await oximeter.take({"spo2": 92.0, "pulse": 75.0})
        await readings(home, 2)
        await oximeter.asleep()
        assert saturations(home) == [94, 92]
        assert home.counts("oximeter")["duplicates"] == 1


async def test_a_rings_nights_come_once_and_at_their_time_though_its_clock_is_wrong(
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viatom, "POLL_S", SECOND_S)
    device_clock.offset_s -= 7200.0
    ring = O2Ring(link, ADDRESS, device_clock, off_s=60.0)
    await start(ring)
    nights = [clock.utc().timestamp() - hours * 3600 for hours in (58, 34, 10)]
    for number, began in enumerate(nights):
        ring.store({"spo2": 90.0 + number, "pulse": 58.0}, device_clock.at(began), worn_s=1200.0)
    settings = a_config(tmp_path, Device(id="ring", model=ring.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        ring.stay_on(60.0)
        await readings(home, 3)
        stored, told = home.readings(), saturations(home)
    assert told == [90.0, 91.0, 92.0]
    assert [r.backfill for r in stored] == [True] * 3
    for reading, began in zip(stored, nights, strict=True):
        assert abs(reading.time.taken.timestamp() - began) <= reading.time.uncertainty_s
        assert reading.time.uncertainty_s < 60.0


@pytest.mark.parametrize("firmware", [ContecV7Serial, Nonin3150Serial, NoninXpod])
async def test_a_serial_line_that_is_silent_between_the_fingers(
    firmware: type[SerialOximeter],
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def impatient(known: Known, link: Serial, *more: Any) -> SerialLine:
        return SerialLine(known, replace(link, silence_s=SILENCE_S), *more)

    monkeypatch.setattr(capture, "SerialLine", impatient)
    oximeter = firmware(device_clock, finger_s=20, second_s=LINE_SECOND_S)
    await start(cast(Firmware, oximeter))
    settings = a_config(tmp_path, Device(id="oximeter", model=oximeter.MODEL, port=oximeter.port))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        for number, spo2 in enumerate(FINGERS, 1):
            await oximeter.take({"spo2": spo2, "pulse": 72.0})
            await readings(home, number)
            await oximeter.asleep()
            await asyncio.sleep(2 * SILENCE_S)
        assert saturations(home) == list(FINGERS)
