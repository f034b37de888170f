"""Sessions with makers' scales: real GATT on a simulated radio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.drivers.scales.conftest import NOON, Converse
from tests.support.ear import Ear
from tests.support.scripted_gatt import ScriptedDevice
from wardgate_drivers.errors import Reason
from wardgate_drivers.link.errors import LinkLostError, NotKeptError
from wardgate_drivers.link.gatt import Ending, SessionEnd, run_session
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome
from wardgate_drivers.model.beurer_ffe1 import SANITAS_SBF70
from wardgate_drivers.model.declaration import Model
from wardgate_drivers.model.medisana import BS430, BS444
from wardgate_drivers.model.qn_scale import QN_SCALE
from wardgate_drivers.protocol import qn_scale as qn_protocol
from wardgate_sim.encode import qn_scale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.medisana import MedisanaBs430, MedisanaScale
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.firmware.qn_scale import QnScale
from wardgate_sim.firmware.sanitas import SanitasScale
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
TRUE_NOON = DeviceTime.of(2026, 11, 21, 12, 0, 0)
BEFORE_SET = DeviceTime.of(2026, 11, 21, 11, 58, 30)
Start = Callable[[Peripheral], Awaitable[None]]


class FullDisk(Ear):
    """Nothing can be stored."""

    def measurement(self, measurement: Measurement) -> asyncio.Future[None]:
        self.hold = True
        commit = super().measurement(measurement)
        commit.set_exception(OSError("disk full"))
        return commit


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[Peripheral] = []

    async def run(device: Peripheral) -> None:
        await device.start()
        started.append(device)

    yield run
    for device in started:
        await device.stop()


def weights(measurements: list[Measurement]) -> list[tuple[float, Outcome]]:
    found = [(m.value("weight"), m.outcome) for m in measurements]
    return [(round(quantity.value, 2) if quantity else 0.0, outcome) for quantity, outcome in found]


def of_channel(channel: Channel, ear: Ear) -> list[Measurement]:
    return [measurement for measurement in ear.measurements if measurement.channel is channel]


def reading(kg: float) -> tuple[float, Outcome]:
    return kg, Outcome.DECODE


# Medisana


@pytest.mark.parametrize(("firmware", "model"), [(MedisanaScale, BS444), (MedisanaBs430, BS430)])
async def test_medisana_sends_once_it_has_the_time(
    firmware: type[MedisanaScale],
    model: Model,
    link: Link,
    clock: DeviceClock,
    converse: Converse,
    ear: Ear,
    start: Start,
) -> None:
    scale = firmware(link, ADDRESS, clock, user=3)
    await start(scale)
    scale.store({"weight": 77.9})
    await scale.take({"weight": 78.4})
    end = await converse(model, scale, ear)
    assert end == SessionEnd(Ending.HUNG_UP, measurements=4, rejected=0)
    weighed = of_channel(Channel.WEIGHT, ear)
    assert weights(weighed) == [reading(77.9), reading(78.4)]
    assert [(m.device_time, m.user_index) for m in weighed] == [(BEFORE_SET, 3)] * 2
    assert len(of_channel(Channel.BODY_COMPOSITION, ear)) == 2
    assert ear.clocks_set == [TRUE_NOON]
    assert clock.now() == NOON
    assert scale.book.acknowledged == scale.book.taken


async def test_medisana_in_pounds_gives_no_weight(
    link: Link, clock: DeviceClock, converse: Converse, ear: Ear, start: Start
) -> None:
    scale = MedisanaScale(link, ADDRESS, clock)
    scale.pounds = True
    await start(scale)
    await scale.take({"weight": 78.4})
    await converse(BS444, scale, ear)
    assert [(m.outcome, m.quantities) for m in of_channel(Channel.WEIGHT, ear)] == [(Outcome.NO_READING, ())]


async def test_medisana_gets_no_invented_time(
    link: Link, clock: DeviceClock, converse: Converse, ear: Ear, start: Start
) -> None:
    ear.target = None
    scale = MedisanaScale(link, ADDRESS, clock, grace_s=1.0)
    await start(scale)
    await scale.take({"weight": 78.4})
    assert (await converse(BS444, scale, ear)).measurements == 0
    assert clock.offset_s == -90.0
    assert len(scale.unsent) == 1


async def test_medisana_keeps_what_was_not_safe(
    link: Link, clock: DeviceClock, converse: Converse, start: Start
) -> None:
    ear = FullDisk()
    scale = MedisanaScale(link, ADDRESS, clock)
    await start(scale)
    await scale.take({"weight": 78.4})
    talking = asyncio.create_task(converse(BS444, scale, ear))
    await ear.heard.wait()
    scale.lose_link()
    with pytest.raises(NotKeptError):
        await talking
    assert len(scale.unsent) == 1


# QN


@pytest.mark.parametrize(("generation", "divisor"), [(1, 100), (1, 10), (2, 100), (2, 10)])
async def test_qn_gives_one_stable_weight(
    generation: int,
    divisor: int,
    link: Link,
    clock: DeviceClock,
    converse: Converse,
    ear: Ear,
    start: Start,
) -> None:
    scale = QnScale(link, ADDRESS, clock, generation=generation, divisor=divisor, frame_period_s=0.02)
    await start(scale)
    await scale.take({"weight": 60.5})
    end = await converse(QN_SCALE, scale, ear)
    assert end == SessionEnd(Ending.HUNG_UP, measurements=1, rejected=0)
    assert weights(ear.measurements) == [reading(60.5)]
    assert [(q.name, q.value) for q in ear.measurements[0].quantities][1:] == [("impedance", 509)]
    assert ear.clocks_set[-1] == TRUE_NOON
    assert clock.now() == NOON
    assert scale.book.errors == []


async def test_qn_weight_waits_for_its_divisor(
    link: Link, clock: DeviceClock, converse: Converse, ear: Ear, start: Start
) -> None:
    scale = QnScale(link, ADDRESS, clock, divisor=10, frame_period_s=0.02)
    scale.info_comes_late = True
    await start(scale)
    await scale.take({"weight": 60.5})
    await converse(QN_SCALE, scale, ear)
    assert weights(ear.measurements) == [reading(60.5)]


async def test_qn_weight_without_divisor_is_none(
    link: Link, clock: DeviceClock, converse: Converse, ear: Ear, start: Start
) -> None:
    scale = QnScale(link, ADDRESS, clock, frame_period_s=0.02)
    scale.info_never_comes = True
    await start(scale)
    await scale.take({"weight": 60.5})
    with pytest.raises(LinkLostError):
        await converse(QN_SCALE, scale, ear)
    assert ear.measurements == []
    assert [error.reason for error, _ in ear.rejections] == [Reason.BAD_VALUE]


async def test_qn_that_hangs_up_while_it_is_answered_was_heard(ear: Ear) -> None:
    device = ScriptedDevice(qn_protocol.NOTIFY, qn_protocol.WRITE_UNIT, qn_protocol.WRITE_CLOCK)
    greeted = asyncio.Event()
    device.on_write[qn_protocol.WRITE_CLOCK] = lambda _: greeted.set()
    client = await device.client()
    session = asyncio.create_task(run_session(QN_SCALE, client, ear))
    await greeted.wait()
    stable = qn_scale.weight(60.5, qn_scale.State.STABLE, divisor=100)
    for frame in (qn_scale.info(divisor=100), stable):
        device.send(qn_protocol.NOTIFY, frame)
    device.hang_up()
    assert (await session).ending is Ending.HUNG_UP
    assert weights(ear.measurements) == [reading(60.5)]


# Beurer and Sanitas


def sanitas(link: Link, clock: DeviceClock) -> SanitasScale:
    return SanitasScale(link, ADDRESS, clock, user=2, answer_s=1.5, frame_period_s=0.02, battery_percent=64)


async def test_sanitas_gives_its_memory_and_the_finished_record(
    link: Link, clock: DeviceClock, converse: Converse, ear: Ear, start: Start
) -> None:
    scale = sanitas(link, clock)
    await start(scale)
    scale.store({"weight": 80.1})
    scale.store({"weight": 80.25})
    await scale.take({"weight": 79.6})
    end = await converse(SANITAS_SBF70, scale, ear)
    assert end == SessionEnd(Ending.HUNG_UP, measurements=3, rejected=0)
    assert weights(ear.measurements) == [reading(80.1), reading(80.25), reading(79.6)]
    assert [(m.device_time, m.user_index) for m in ear.measurements] == [(BEFORE_SET, 2)] * 3
    assert scale.stored == []
    assert len(scale.book.acknowledged) == 3
    assert scale.book.errors == []
    assert clock.now() == NOON
    assert ear.batteries[-1] == 64


async def test_sanitas_live_weight_is_never_a_result(
    link: Link, clock: DeviceClock, converse: Converse, ear: Ear, start: Start
) -> None:
    scale = sanitas(link, clock)
    scale.drop_part = 1
    await start(scale)
    await scale.take({"weight": 79.6})
    with pytest.raises(LinkLostError):
        await converse(SANITAS_SBF70, scale, ear)
    assert ear.measurements == []
    assert [error.reason for error, _ in ear.rejections] == [Reason.NO_FRAME]
    assert [taken.values["weight"] for taken in scale.stored] == [79.6]


async def test_sanitas_record_with_a_part_missing_is_none_and_is_not_erased(
    link: Link, clock: DeviceClock, converse: Converse, ear: Ear, start: Start
) -> None:
    scale = sanitas(link, clock)
    scale.drop_part = 3
    await start(scale)
    for kg in (80.1, 80.25, 80.4):
        scale.store({"weight": kg})
    scale.wake(60)
    end = await converse(SANITAS_SBF70, scale, ear)
    assert end.measurements == 1
    assert weights(ear.measurements) == [reading(80.1)]
    assert len(scale.stored) == 3

    # The next connection brings all of them; the first one has the same record, so the same identity.
    scale.wake(60)
    await converse(SANITAS_SBF70, scale, ear)
    assert weights(ear.measurements) == [reading(kg) for kg in (80.1, 80.1, 80.25, 80.4)]
    assert ear.measurements[0].frame == ear.measurements[1].frame
    assert scale.stored == []


async def test_sanitas_acknowledges_no_record_that_is_not_safe(
    link: Link, clock: DeviceClock, converse: Converse, start: Start
) -> None:
    ear = FullDisk()
    scale = sanitas(link, clock)
    await start(scale)
    scale.store({"weight": 80.1})
    scale.wake(60)
    with pytest.raises(NotKeptError, match="disk full"):
        await converse(SANITAS_SBF70, scale, ear)
    assert [taken.values["weight"] for taken in scale.stored] == [80.1]
    assert scale.book.acknowledged == []


async def test_sanitas_keeps_a_finished_record_that_was_not_safe_here(
    link: Link, clock: DeviceClock, converse: Converse, start: Start
) -> None:
    scale = sanitas(link, clock)
    await start(scale)
    await scale.take({"weight": 79.6})
    with pytest.raises(NotKeptError, match="disk full"):
        await converse(SANITAS_SBF70, scale, FullDisk())
    assert [taken.values["weight"] for taken in scale.stored] == [79.6]
    assert scale.book.acknowledged == []
