"""From a measurement on a device to a reading on the hub's disk, for every kind of device."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.hub.conftest import Start, a_config, bench
from wardgate.config import Device
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndCuff, AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import Link

CUFF = Device(id="cuff", model="and-ua-651ble", address="F0:00:00:00:00:01")
SCALE = Device(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:02")
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "mean": 99.0, "pulse": 72.0}


async def test_a_cuff_is_paired_and_brings_its_measurement(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = AndCuff(link, CUFF.address or "", device_clock)
    await start(cuff)
    async with bench(a_config(tmp_path, CUFF), link, clock, tmp_path / "keys.json") as home:
        await cuff.press_pairing_key()
        await home.until(lambda: home.events("paired") == ["cuff"])
        await cuff.asleep()
        await cuff.take(PRESSURE)
        await cuff.asleep()
        await home.until(lambda: len(home.readings()) == 1)
        (reading,) = home.readings()
        assert {q.name: q.value for q in reading.quantities} == PRESSURE
        assert reading.attribution == "assigned"
        assert not reading.backfill
        assert cuff.book.acknowledged == cuff.book.taken
