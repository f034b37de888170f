"""A whole hub that is told the time late, on a real broker with a real ward."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.hub.conftest import a_config, bench
from tests.support import ward_side
from tests.support.mosquitto import Mosquitto
from wardgate.config import Device
from wardgate.contract.messages import Event, Reading
from wardgate.ward import Ward
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome, Quantity
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link

SCALE = Device(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:02")


class LateClock(LeapClock):
    """In 2018 until somebody tells it the time."""

    def __init__(self) -> None:
        super().__init__(datetime(2018, 1, 1, tzinfo=UTC))
        self._knows = False

    def synchronised(self) -> bool:
        return self._knows

    def is_told(self) -> None:
        self.leap_to(datetime.now(UTC))
        self._boot_lead_s = 0.0  # the wall clock alone is set
        self._knows = True


@pytest.fixture
def link() -> Link:
    return Link()


async def test_a_reading_is_at_the_ward_before_and_after_the_hub_is_told_the_time(
    tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardgate.hub.TICK_S", 0.2)
    broker = Mosquitto(tmp_path / "mosquitto")
    broker.start()
    clock = LateClock()
    settings = msgspec.structs.replace(a_config(tmp_path, SCALE), broker=broker.settings())
    arrived: list[object] = []
    some = asyncio.Event()

    def take(message: object) -> None:
        arrived.append(message)
        some.set()

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():
                some.clear()
                await some.wait()

    def revisions() -> list[int]:
        return [m.revision for m in arrived if isinstance(m, Reading)]

    ward = Ward(broker.settings(), tmp_path / "ward.db", take)
    serving = asyncio.ensure_future(ward.run())
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        sink = home.hub.intake.sink(home.hub.devices.known[0])
        before_s = datetime.now(UTC).timestamp()
        sink.clock(DeviceTime(before_s + 7200.0))
        weighed = (Quantity("weight", 78.4, "kg"),)
        told = DeviceTime(float(round(before_s + 7200.0 - 20.0)))
        await sink.measurement(Measurement(Channel.WEIGHT, Outcome.DECODE, weighed, b"\x02\x40\x3d", told))
        await until(lambda: revisions() == [1])
        clock.is_told()
        await until(lambda: revisions() == [1, 2])
        await until(lambda: {"clock-synchronised", "readings-dated"} <= codes(arrived))
    serving.cancel()
    await asyncio.wait({serving})
    broker.stop()
    (reading,) = ward_side.readings(tmp_path / "ward.db")
    assert reading.corrected is not None
    assert reading.corrected.previous.year in (2017, 2018)
    assert abs(reading.time.taken.timestamp() - (before_s - 20.0)) <= reading.time.uncertainty_s
    assert reading.time.device_offset_s == pytest.approx(7200.0, abs=3)


def codes(arrived: list[object]) -> set[str]:
    return {m.code for m in arrived if isinstance(m, Event)}
