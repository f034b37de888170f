"""From a measurement on a device to a reading on the hub's disk, for every kind of device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.hub.conftest import Start, a_config, bench
from wardgate.config import Device
from wardgate.contract.messages import Reading
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndCuff, AndDevice, AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_3230 import Nonin3230
from wardgate_sim.firmware.nonin_9560 import Nonin9560
from wardgate_sim.firmware.plx_oximeter import PlxOximeter
from wardgate_sim.firmware.xiaomi_scale import XiaomiScale
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "mean": 99.0, "pulse": 72.0}
WEIGHT = {"weight": 78.4}
OXYGEN = {"spo2": 95.0, "pulse": 71.0}


def values(reading: Reading, names: Mapping[str, float]) -> dict[str, float]:
    """The quantities of those names."""
    return {q.name: q.value for q in reading.quantities if q.name in names}


@pytest.mark.parametrize(("firmware", "measured"), [(AndCuff, PRESSURE), (AndScale, WEIGHT)])
async def test_a_device_that_wants_a_bond(
    firmware: type[AndDevice],
    measured: Mapping[str, float],
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
) -> None:
    device = firmware(link, ADDRESS, device_clock, battery_percent=66)
    await start(device)
    settings = a_config(tmp_path, Device(id="d", model=device.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await device.press_pairing_key()
        await home.until(lambda: home.events("paired") == ["d"])
        await device.asleep()
        await device.take(measured)
        await device.asleep()

        await home.until(lambda: len(home.readings()) == 1)
        (reading,) = home.readings()
        assert values(reading, measured) == pytest.approx(measured)
        assert (reading.attribution, reading.backfill, reading.quality.good) == ("assigned", False, True)
        assert reading.time.basis == "device-clock"
        assert reading.time.uncertainty_s < 5
        assert device.book.acknowledged == device.book.taken
        assert device.book.errors == []
        row = home.hub.devices.row("d")
        assert (row.bonded, row.battery_percent) == (True, 66)
        assert reading.device.bonded is True
        assert row.clock_set_at is not None


async def test_a_spot_checker_with_a_memory(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    device = PlxOximeter(link, ADDRESS, device_clock, idle_s=1.0)
    await start(device)
    an_hour_ago = device_clock.at(clock.utc().timestamp() - 3600)
    device.store({"spo2": 93.0, "pulse": 80.0}, an_hour_ago)
    settings = a_config(tmp_path, Device(id="ox", model=device.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await device.take(OXYGEN)
        await home.until(lambda: len(home.readings()) == 2)
        await device.asleep()
        stored, live = home.readings()
        assert (stored.backfill, live.backfill) == (True, False)
        assert values(stored, OXYGEN) == {"spo2": 93.0, "pulse": 80.0}
        assert values(live, OXYGEN) == OXYGEN
        assert 3500 < (live.time.taken - stored.time.taken).total_seconds() < 3700
        assert device.stored == []


async def test_an_oximeter_that_streams_brings_one_reading_a_finger(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    device = Nonin3230(link, ADDRESS, device_clock, frame_period_s=0.05)
    await start(device)
    settings = a_config(tmp_path, Device(id="ox", model=device.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await device.take(OXYGEN)
        await home.until(lambda: len(home.readings()) == 1)
        await device.asleep()
        (reading,) = home.readings()
        assert values(reading, OXYGEN) == OXYGEN
        assert reading.time.basis == "arrival"


async def test_a_scale_that_only_broadcasts(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    device = XiaomiScale(link, ADDRESS, device_clock, repeat_s=0.5, moving_s=0.3)
    await start(device)
    settings = a_config(tmp_path, Device(id="scale", model=device.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await device.take(WEIGHT)
        await device.asleep()
        await home.until(lambda: len(home.readings()) == 1)
        assert values(home.readings()[0], WEIGHT) == WEIGHT
        assert home.readings()[0].device.bonded is False, "anybody could have said it"
        assert "duplicates" not in home.counts("scale")


async def test_an_oximeter_on_a_serial_line(tmp_path: Path, link: Link, clock: LeapClock, start: Start) -> None:
    device = Nonin9560(DeviceClock(lambda: clock.utc().timestamp()), repeat_s=0.3)
    await start(device)
    settings = a_config(tmp_path, Device(id="ox", model=device.MODEL, port=device.port))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await device.take({"spo2": 94.0, "pulse": 70.0})
        await device.asleep()  # the hub listens: opening the line throws away what came before
        device.garble_next = True
        await device.take(OXYGEN)
        await device.asleep()
        await home.until(lambda: len(home.readings()) == 2)
        assert OXYGEN in [values(r, OXYGEN) for r in home.readings()], "in no order: they may be of one second"
        assert device.book.acknowledged == device.book.taken
        assert home.counts("ox")["rejected"] >= 1
        assert home.hub.devices.row("ox").serial == device.serial
        assert home.readings()[0].device.bonded is None, "a line is no radio"


async def test_thirty_days_out_of_a_memory_are_dated_and_marked(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    """The device's clock is two years behind; its offset is measured before it is set."""
    device_clock.offset_s = -2 * 365 * 86400
    device = AndScale(link, ADDRESS, device_clock)
    await start(device)
    now_s = clock.utc().timestamp()
    for day in range(30, 0, -1):
        device.store({"weight": 78.0 + day % 3 / 10}, device_clock.at(now_s - day * 86400))
    settings = a_config(tmp_path, Device(id="scale", model=device.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await device.press_pairing_key()
        await home.until(lambda: home.events("paired") == ["scale"])
        await device.asleep()
        await device.take(WEIGHT)
        await device.asleep()
        await home.until(lambda: len(home.readings()) == 31)
        *old, live = home.readings()
        assert all(r.backfill for r in old)
        assert not live.backfill
        for day, reading in zip(range(30, 0, -1), old, strict=True):
            error_s = abs(reading.time.taken.timestamp() - (now_s - day * 86400))
            assert error_s <= reading.time.uncertainty_s < 300
