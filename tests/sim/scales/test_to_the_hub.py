"""From a step on a maker's scale to a reading on the hub's disk: over the simulated radio and over real ptys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from tests.hub.conftest import Bench, Firmware, Start, a_config, bench
from wardgate.config import Device
from wardgate.contract.messages import Reading
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.medisana import MedisanaBs430, MedisanaScale
from wardgate_sim.firmware.qn_scale import QnScale
from wardgate_sim.firmware.sanitas import SanitasScale
from wardgate_sim.firmware.tanita import TanitaScale
from wardgate_sim.firmware.text_line import TextLineDevice
from wardgate_sim.firmware.weighing_indicator import WeighingIndicator
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"


def kilograms(home: Bench) -> list[float]:
    """What is stored, canonical, in the order in which it was taken."""
    return [round(q.value, 2) for r in home.readings() for q in r.quantities if q.name == "weight"]


def of_channel(home: Bench, channel: str = "weight") -> list[Reading]:
    """The readings of a channel."""
    return [r for r in home.readings() if r.channel == channel]


async def readings(home: Bench, count: int, channel: str = "weight") -> None:
    """Wait for so many."""
    await home.until(lambda: len(of_channel(home, channel)) == count)


@pytest.mark.parametrize("model", [MedisanaScale, MedisanaBs430])
async def test_medisana(
    model: type[MedisanaScale], tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = model(link, ADDRESS, device_clock, user=2)
    await start(scale)
    settings = a_config(tmp_path, Device(id="scale", model=scale.MODEL, address=ADDRESS, user_index=2))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await scale.take({"weight": 78.4})
        await readings(home, 1)
        await scale.asleep()
        clock.leap_to(clock.utc() + timedelta(days=1))
        await scale.take({"weight": 78.6})
        await readings(home, 2)
        await scale.asleep()
        await readings(home, 2, "body_composition")
        assert kilograms(home) == [78.4, 78.6]
        assert [r.attribution for r in home.readings()] == ["assigned"] * 4
        weights, bodies = of_channel(home), of_channel(home, "body_composition")
        assert weights[1].time.basis == "device-clock"
        assert [b.time.device_time for b in bodies] == [w.time.device_time for w in weights]
        told = {q.name: (q.value, q.unit) for q in bodies[0].quantities}
        assert told == {
            "fat": (24.5, "%"), "water": (55.0, "%"), "muscle": (40.1, "%"), "bone_mass": (3.1, "kg"),
            "basal_metabolism": (8368.0, "kJ"),
        }  # fmt: skip
        assert scale.book.acknowledged == scale.book.taken
        assert home.hub.devices.row("scale").clock_set_at is not None


async def test_another_users_slot_is_not_the_patients(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = MedisanaScale(link, ADDRESS, device_clock, user=3)
    await start(scale)
    settings = a_config(tmp_path, Device(id="scale", model=scale.MODEL, address=ADDRESS, user_index=2))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await scale.take({"weight": 78.4})
        await readings(home, 1)
        assert home.readings()[0].attribution == "unattributed"


@pytest.mark.parametrize("generation", [1, 2])
async def test_qn(
    generation: int, tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = QnScale(link, ADDRESS, device_clock, generation=generation, frame_period_s=0.05)
    await start(scale)
    settings = a_config(tmp_path, Device(id="scale", model=scale.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await scale.take({"weight": 78.4})
        await readings(home, 1)
        await scale.asleep()
        assert kilograms(home) == [78.4]
        assert home.readings()[0].time.basis == "arrival"


async def test_sanitas_memory_comes_once_however_often_it_is_told(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = SanitasScale(link, ADDRESS, device_clock, answer_s=1.5, frame_period_s=0.05, battery_percent=20)
    await start(scale)
    scale.drop_part = 3
    for minutes, kg in ((300, 78.0), (200, 78.2)):
        scale.store({"weight": kg}, device_clock.at(clock.utc().timestamp() - minutes * 60))
    settings = a_config(tmp_path, Device(id="scale", model=scale.MODEL, address=ADDRESS, user_index=1))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await scale.take({"weight": 78.4})
        await readings(home, 2)
        await scale.asleep()
        assert len(scale.stored) == 2
        await scale.take({"weight": 78.5})
        await readings(home, 4)
        await scale.asleep()
        assert sorted(kilograms(home)) == [78.0, 78.2, 78.4, 78.5]
        assert scale.stored == []
        assert home.hub.devices.row("scale").battery_percent == 20


LINES = {
    "tanita": lambda clock: TanitaScale(clock),
    "tanita in stones": lambda clock: TanitaScale(clock, product="HD-351BT", stones=True),
    "indicator": lambda clock: WeighingIndicator(clock, period_s=0.01),
    "indicator, terse": lambda clock: WeighingIndicator(clock, period_s=0.01, terse=True),
    "indicator in pounds": lambda clock: WeighingIndicator(clock, period_s=0.01, unit="lb"),
    "indicator that writes one stable line": lambda clock: WeighingIndicator(clock, period_s=0.01, stable_lines=1),
}


@pytest.mark.parametrize("make", LINES.values(), ids=LINES.keys())
async def test_a_serial_line(
    make: Callable[[DeviceClock], TextLineDevice],
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
) -> None:
    scale = make(device_clock)
    await start(cast(Firmware, scale))
    settings = a_config(tmp_path, Device(id="scale", model=scale.MODEL, port=scale.port))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        for taken, kg in enumerate((78.4, 79.3), 1):
            await scale.take({"weight": kg})
            await readings(home, taken)
            await scale.asleep()
        assert kilograms(home) == pytest.approx([78.4, 79.3], abs=0.05)
        assert home.readings()[0].time.basis == "arrival"


async def test_a_garbled_result_is_counted_and_is_no_reading(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = TanitaScale(device_clock)
    scale.garble_next = True
    await start(cast(Firmware, scale))
    settings = a_config(tmp_path, Device(id="scale", model=scale.MODEL, port=scale.port))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await scale.take({"weight": 78.4})
        await scale.take({"weight": 78.6})
        await readings(home, 1)
        assert kilograms(home) == [78.6]
        assert home.counts("scale")["rejected"] == 1


async def test_a_scale_that_nobody_hears_gives_up(device_clock: DeviceClock, start: Start) -> None:
    scale = TanitaScale(device_clock, patience_s=0.1)
    await start(cast(Firmware, scale))
    await scale.take({"weight": 78.4})
    await scale.asleep()
    assert scale.book.errors == ["host"]
