"""Sessions with the simulated devices: real GATT on a simulated radio, through bleak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from bleak import BleakClient, BleakScanner

from tests.support.ear import Ear
from wardgate.capture.radio import RadioBackend
from wardgate_drivers.link.gatt import Ending, SessionEnd, run_session
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome
from wardgate_drivers.model.lookup import by_id
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.and_medical import AndCuff, AndDevice, AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_3230 import Nonin3230
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.firmware.plx_oximeter import PlxOximeter
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
NOON = Civil(2026, 11, 21, 12, 0, 0)
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "mean": 99.0, "pulse": 72.0}
OXIMETRY = {"spo2": 96.0, "pulse": 71.0}
PERIOD_S = 0.02


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> DeviceClock:
    return DeviceClock(lambda: NOON.civil_s, offset_s=-90.0)


@pytest.fixture
async def radio(link: Link) -> AsyncIterator[RadioBackend]:
    async with open_hub(link) as backend:
        yield backend


async def connect(radio: RadioBackend, device: Peripheral, *, pair: bool = False) -> BleakClient:
    assert radio.scanner is not None
    found = await BleakScanner.find_device_by_address(device.address, timeout=30, backend=radio.scanner)
    assert found is not None
    client = BleakClient(found, pair=pair, timeout=30, backend=radio.client)
    await client.connect()
    return client


async def bond(radio: RadioBackend, device: AndDevice) -> None:
    await device.press_pairing_key()
    await (await connect(radio, device, pair=True)).disconnect()
    await device.asleep()


async def talk(radio: RadioBackend, device: Peripheral, ear: Ear) -> SessionEnd:
    model = by_id(device.MODEL)
    assert model is not None
    client = await connect(radio, device)
    try:
        return await run_session(model, client, ear)
    finally:
        await client.disconnect()


def values(measurements: list[Measurement]) -> list[dict[str, float]]:
    return [{q.name: q.value for q in m.quantities} for m in measurements]


async def test_cuff_gives_its_memory_its_clock_and_hangs_up(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear
) -> None:
    cuff = AndCuff(link, ADDRESS, clock, battery_percent=66)
    await cuff.start()
    await bond(radio, cuff)
    clock.offset_s = -90.0
    cuff.store(PRESSURE)
    await cuff.take({**PRESSURE, "systolic": 141.0})
    end = await talk(radio, cuff, ear)
    assert end == SessionEnd(Ending.HUNG_UP, measurements=2, rejected=0)
    assert values(ear.measurements) == [PRESSURE, {**PRESSURE, "systolic": 141.0}]
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 11, 58, 30)]
    assert clock.now() == NOON
    assert cuff.book.acknowledged == cuff.book.taken
    assert cuff.book.errors == []
    await cuff.stop()


async def test_cuff_keeps_what_is_not_safe(link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear) -> None:
    ear.hold = True
    cuff = AndCuff(link, ADDRESS, clock)
    await cuff.start()
    await bond(radio, cuff)
    await cuff.take(PRESSURE)
    talking = asyncio.create_task(talk(radio, cuff, ear))
    await ear.heard.wait()
    cuff.lose_link()
    ear.commits[0].set_result(None)
    assert (await talking).measurements == 1
    assert cuff.book.acknowledged == []
    assert len(cuff.unsent) == 1
    await cuff.stop()


async def test_scale(link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear) -> None:
    scale = AndScale(link, ADDRESS, clock)
    await scale.start()
    await bond(radio, scale)
    await scale.take({"weight": 72.35})
    assert (await talk(radio, scale, ear)).ending is Ending.HUNG_UP
    assert values(ear.measurements) == [{"weight": 72.35}]
    await scale.stop()


async def test_nonin_gives_one_measurement_and_is_told(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear
) -> None:
    oximeter = Nonin3230(link, ADDRESS, clock, finger_s=5, frame_period_s=PERIOD_S)
    await oximeter.start()
    taken = await oximeter.take(OXIMETRY)
    end = await talk(radio, oximeter, ear)
    assert end == SessionEnd(Ending.HUNG_UP, measurements=1, rejected=0)
    assert ear.measurements[0].status == ("smartpoint", "finger-seated")
    assert oximeter.book.acknowledged == [taken]
    await oximeter.stop()


async def test_spot_checker_gives_the_live_one_and_its_memory(
    link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear
) -> None:
    oximeter = PlxOximeter(link, ADDRESS, clock, idle_s=1.2)
    await oximeter.start()
    stored = [oximeter.store({**OXIMETRY, "spo2": spo2}) for spo2 in (93.0, 94.0, 95.0)]
    await oximeter.take(OXIMETRY)
    await talk(radio, oximeter, ear)
    assert [m.stored for m in ear.measurements] == [False, True, True, True]
    assert [v["spo2"] for v in values(ear.measurements)] == [96, 93, 94, 95]
    assert oximeter.stored == []
    assert {t.number for t in stored} <= {t.number for t in oximeter.book.acknowledged}
    await oximeter.stop()


async def test_streamer_gives_one_measurement(link: Link, clock: DeviceClock, radio: RadioBackend, ear: Ear) -> None:
    oximeter = PlxOximeter(link, ADDRESS, clock, streams=True, air_s=2.0, frame_period_s=PERIOD_S)
    await oximeter.start()
    await oximeter.take(OXIMETRY)
    await talk(radio, oximeter, ear)
    assert [m.outcome for m in ear.measurements] == [Outcome.DECODE]
    assert "fully-qualified" in ear.measurements[0].status
    await oximeter.stop()
