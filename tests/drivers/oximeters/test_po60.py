"""Beurer PO60: read in batches, safe before it is erased."""

from __future__ import annotations

import asyncio

import pytest

from tests.drivers.oximeters.conftest import ADDRESS, NOON, OXIMETRY, Talk
from tests.support.ear import Ear
from wardgate_drivers.errors import Reason
from wardgate_drivers.link.errors import NotKeptError
from wardgate_drivers.link.gatt import Ending
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.model.beurer_po60 import BEURER_PO60
from wardgate_sim.firmware.beurer_po60 import BeurerPo60
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import Link


@pytest.fixture
async def device(link: Link, clock: DeviceClock) -> BeurerPo60:
    made = BeurerPo60(link, ADDRESS, clock, idle_s=0.8)
    await made.start()
    return made


async def test_memory_of_several_batches_is_read_and_then_erased(device: BeurerPo60, talk: Talk, ear: Ear) -> None:
    stored = [device.store({**OXIMETRY, "spo2": 80.0 + n}, NOON._replace(day=n + 1)) for n in range(13)]
    live = await device.take(OXIMETRY)
    end = await talk(BEURER_PO60, device)
    assert end.measurements == 14
    told = [(m.value("spo2"), m.device_time) for m in ear.measurements]
    assert [spo2.value for spo2, _ in told if spo2] == [*(80.0 + n for n in range(13)), 93.0]
    assert told[0][1] == DeviceTime.of(2026, 11, 1, 12, 0, 0)
    assert {q.value for m in ear.measurements for q in m.quantities if q.name == "pulse"} == {131.0}
    assert device.book.acknowledged == [*stored, live]
    assert device.memory == []
    await device.stop()


async def test_clock_is_told_before_it_is_set(device: BeurerPo60, talk: Talk, ear: Ear) -> None:
    await device.take(OXIMETRY)
    await talk(BEURER_PO60, device)
    assert [call for call in ear.calls if call.startswith("clock")] == ["clock", "clock_set"]
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 11, 58, 30)]
    assert ear.clocks_set == [DeviceTime.of(2026, 11, 21, 12, 0, 0)]
    assert device.clock.now() == NOON
    await device.stop()


async def test_nothing_is_erased_before_it_is_safe(device: BeurerPo60, talk: Talk, ear: Ear) -> None:
    ear.hold = True
    taken = await device.take(OXIMETRY)
    talking = asyncio.create_task(talk(BEURER_PO60, device))
    await ear.heard.wait()
    await device.asleep()
    assert device.memory == [taken]
    assert device.book.acknowledged == []
    ear.commits[0].set_result(None)
    assert (await talking).measurements == 1
    await device.stop()


async def test_what_could_not_be_stored_stays_on_the_device(device: BeurerPo60, talk: Talk, ear: Ear) -> None:
    ear.hold = True
    taken = await device.take(OXIMETRY)
    talking = asyncio.create_task(talk(BEURER_PO60, device))
    await ear.heard.wait()
    ear.commits[0].set_exception(OSError("disk full"))
    with pytest.raises(NotKeptError, match="disk full"):
        await talking
    assert device.memory == [taken]
    await device.stop()


async def test_a_garbled_record_keeps_the_whole_memory(device: BeurerPo60, talk: Talk, ear: Ear) -> None:
    device.garble_next = True
    stored = device.store(OXIMETRY, NOON._replace(hour=8))
    live = await device.take({**OXIMETRY, "spo2": 90.0})
    end = await talk(BEURER_PO60, device)
    assert (end.measurements, end.rejected) == (1, 1)
    assert [e.reason for e, _ in ear.rejections] == [Reason.BAD_CHECKSUM]
    assert device.memory == [stored, live]
    assert end.ending is Ending.QUIET
    await device.stop()


async def test_without_a_memory_there_is_nothing_to_say(device: BeurerPo60, talk: Talk, ear: Ear) -> None:
    device.wake(60.0)
    assert (await talk(BEURER_PO60, device)).measurements == 0
    assert ear.clocks_set
    await device.stop()
