"""Cuffs with a maker's own protocol beside a whole hub: what it remembers of them, and whose readings they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tests.hub.conftest import Start, a_config, bench
from wardgate.config import Device
from wardgate.contract.messages import Reading
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.answering import AnsweringCuff
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.microlife_cuff import MicrolifeCuff
from wardgate_sim.firmware.omron_cuff import OmronBonding, OmronIntelli
from wardgate_sim.firmware.viatom_bp2 import ViatomBp2
from wardgate_sim.firmware.yonker_cuff import YonkerCuff
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "pulse": 72.0}
LEAP = timedelta(hours=12)


def values(reading: Reading, names: Mapping[str, float] = PRESSURE) -> dict[str, float]:
    """The quantities of those names."""
    return {q.name: q.value for q in reading.quantities if q.name in names}


async def test_omron_the_hub_still_knows_key_and_newest_record_after_a_restart(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = OmronIntelli(link, ADDRESS, device_clock)
    await start(cuff)
    for hours in (3, 2, 1):
        cuff.store({**PRESSURE, "systolic": 120.0 + hours}, device_clock.at(clock.utc().timestamp() - 3600 * hours))
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS, user_index=1))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.press_pairing_key()
        await home.until(lambda: len(home.readings()) == 3)
        await cuff.asleep()
    assert cuff.key is not None
    slots = {at for at in cuff.reads if 0x98 <= at < 0x98 + 100 * 16}
    assert len(slots) == 4, "three records, and the empty slot that ends them"
    cuff.reads.clear()
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.take(PRESSURE)
        await home.until(lambda: len(home.readings()) == 4)
        await cuff.asleep()
        assert [values(r)["systolic"] for r in home.readings()] == [123, 122, 121, 135]
        assert [r.backfill for r in home.readings()] == [True, True, True, False]
        assert {r.attribution for r in home.readings()} == {"assigned"}
        assert len({at for at in cuff.reads if 0x98 <= at < 0x98 + 100 * 16}) == 2, "the new one, and the newest known"


async def test_omron_that_does_not_know_the_hub_says_what_to_do(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = OmronIntelli(link, ADDRESS, device_clock)
    await start(cuff)
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS, user_index=1))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.take(PRESSURE)
        await home.until(lambda: home.events("device-refused") == ["cuff"])
        event = next(e for e in home.hub.store.events(100) if e.code == "device-refused")
        assert event.what_to_do is not None
        assert "-P- blinks" in event.what_to_do
        await cuff.asleep()
        assert (cuff.key, home.readings()) == (None, [])
        await cuff.press_pairing_key()
        await home.until(lambda: len(home.readings()) == 1)


async def test_omron_the_other_users_readings_are_not_the_patients(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = OmronIntelli(link, ADDRESS, device_clock)
    await start(cuff)
    cuff.user = 2
    cuff.store({**PRESSURE, "systolic": 118.0})
    cuff.user = 1
    cuff.store(PRESSURE)
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS, user_index=1))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.press_pairing_key()
        await home.until(lambda: len(home.readings()) == 2)
        assert {values(r)["systolic"]: r.attribution for r in home.readings()} == {
            135.0: "assigned",
            118.0: "unattributed",
        }


async def test_omron_that_wants_a_bond(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = OmronBonding(link, ADDRESS, device_clock)
    await start(cuff)
    cuff.store(PRESSURE)
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.press_pairing_key()
        await home.until(lambda: len(home.readings()) == 1)
        assert home.events("paired") == ["cuff"]
        assert values(home.readings()[0]) == PRESSURE
        assert home.hub.devices.row("cuff").clock_offset_s is not None


@pytest.mark.parametrize("firmware", [MicrolifeCuff, ViatomBp2])
async def test_the_whole_memory_each_time_makes_no_reading_twice(
    firmware: type[MicrolifeCuff | ViatomBp2],
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
) -> None:
    cuff: AnsweringCuff = firmware(link, ADDRESS, device_clock)
    await start(cuff)
    cuff.store({**PRESSURE, "systolic": 121.0}, device_clock.at(clock.utc().timestamp() - 86400))
    user = 218071 if firmware is ViatomBp2 else None
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS, user_index=user))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.take(PRESSURE)
        await home.until(lambda: len(home.readings()) == 2)
        await cuff.asleep()
        clock.leap_to(clock.utc().replace(microsecond=0) + LEAP)
        await cuff.take({**PRESSURE, "systolic": 131.0})
        await home.until(lambda: len(home.readings()) == 3)
        await cuff.asleep()
        assert [values(r)["systolic"] for r in home.readings()] == [121, 135, 131]
        assert [r.backfill for r in home.readings()] == [True, False, False]
        assert {r.attribution for r in home.readings()} == {"assigned"}
        assert home.counts("cuff")["duplicates"] == 2
        assert cuff.book.errors == []


async def test_bp2_whose_account_is_not_configured_is_nobodys(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = ViatomBp2(link, ADDRESS, device_clock)
    await start(cuff)
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.take(PRESSURE)
        await home.until(lambda: len(home.readings()) == 1)
        reason = home.readings()[0].attribution_reason
        assert reason is not None
        assert "218071" in reason


async def test_yonker_an_older_one_first(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = YonkerCuff(link, ADDRESS, device_clock, older_first=True, linger_s=0.3)
    await start(cuff)
    cuff.store({**PRESSURE, "systolic": 121.0}, device_clock.at(clock.utc().timestamp() - 86400))
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.take(PRESSURE)
        await home.until(lambda: len(home.readings()) == 2)
        older, live = home.readings()
        assert (values(older)["systolic"], older.backfill) == (121, True)
        assert (values(live)["systolic"], live.backfill) == (135, False)
