"""Talks with Omron's cuffs on the simulated radio."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.drivers.cuffs.conftest import ADDRESS, NOON, PRESSURE, Radio, Start, told
from tests.support.ear import Ear
from wardgate_drivers.link.errors import LinkLostError, NotIntroducedError, NotKeptError, TimedOutError
from wardgate_drivers.link.gatt import Ending, SessionEnd
from wardgate_drivers.measurement import DeviceTime, Outcome
from wardgate_drivers.model.omron import EVOLV_MAP, HEM_7142T2_MAP, INTELLI_MAP
from wardgate_drivers.protocol import omron as protocol
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.omron_cuff import OmronBonding, OmronCuff, OmronEvolv, OmronIntelli
from wardgate_sim.radio import Link

MAPS = {OmronIntelli: INTELLI_MAP, OmronEvolv: EVOLV_MAP, OmronBonding: HEM_7142T2_MAP}


def times(count: int) -> list[Civil]:
    return [Civil.from_s(NOON.civil_s - 86400 * (count - n)) for n in range(count)]


async def introduce(radio: Radio, cuff: OmronCuff, ear: Ear) -> SessionEnd:
    """The technician holds the Bluetooth key."""
    await cuff.press_pairing_key()
    return await radio.talk(cuff, ear, pair=not cuff.KEYED)


@pytest.mark.parametrize("firmware", list(MAPS))
async def test_introduced_once_then_every_measurement_comes(
    firmware: type[OmronCuff], link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = firmware(link, ADDRESS, clock)
    await start(cuff)
    assert (await introduce(radio, cuff, ear)).measurements == 0
    clock.offset_s = -90.0
    await cuff.take({**PRESSURE, "irregular": 1.0})
    end = await radio.talk(cuff, ear)
    assert end == SessionEnd(Ending.QUIET, measurements=1, rejected=0)
    (measurement,) = ear.measurements
    assert told(ear) == [PRESSURE]
    assert measurement.status == ("irregular-pulse",)
    assert measurement.user_index == 1
    assert measurement.device_time == DeviceTime.of(2026, 11, 21, 11, 58, 30)
    assert len(measurement.frame) == 14
    assert ear.clocks[-1] == DeviceTime.of(2026, 11, 21, 11, 58, 30)
    assert clock.now() == NOON
    assert set(cuff.writes) == {MAPS[firmware].clock.write_at}, "nothing but the clock is ever written"


@pytest.mark.parametrize("firmware", list(MAPS))
async def test_newest_first_and_only_what_is_new(
    firmware: type[OmronCuff], link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = firmware(link, ADDRESS, clock)
    await start(cuff)
    for number, at in enumerate(times(5)):
        cuff.store({**PRESSURE, "systolic": 120.0 + number}, at)
    await introduce(radio, cuff, ear)
    assert [values["systolic"] for values in told(ear)] == [124, 123, 122, 121, 120]
    ear.measurements.clear()
    await cuff.take({**PRESSURE, "systolic": 131.0})
    await radio.talk(cuff, ear)
    assert [values["systolic"] for values in told(ear)] == [131, 124]
    ear.measurements.clear()
    await cuff.press_key()
    await radio.talk(cuff, ear)
    assert [values["systolic"] for values in told(ear)] == [131], "the last one again: nothing was missed meanwhile"


async def test_a_ring_that_went_around_is_read_once_around(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronBonding(link, ADDRESS, clock)
    await start(cuff)
    for number, at in enumerate(times(33)):
        cuff.store({**PRESSURE, "systolic": 100.0 + number}, at)
    await introduce(radio, cuff, ear)
    assert [values["systolic"] for values in told(ear)] == [float(v) for v in range(132, 118, -1)]


async def test_two_users_are_told_apart(link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear) -> None:
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    cuff.store(PRESSURE)
    cuff.user = 2
    cuff.store({**PRESSURE, "systolic": 118.0})
    await introduce(radio, cuff, ear)
    assert [(m.user_index, m.quantities[0].value) for m in ear.measurements] == [(1, 135), (2, 118)]


async def test_a_clock_that_is_right_is_left_alone(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    clock.offset_s = 2.0
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    await introduce(radio, cuff, ear)
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 12, 0, 2)]
    assert (cuff.writes, ear.clocks_set) == ([], [])


async def test_a_hub_without_time_sets_none(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    ear.target = None
    cuff = OmronEvolv(link, ADDRESS, clock)
    await start(cuff)
    await introduce(radio, cuff, ear)
    assert (cuff.writes, ear.clocks_set) == ([], [])


@pytest.mark.parametrize(
    ("block", "is_set"),
    [
        pytest.param(bytes(8) + bytes(6) + bytes(2), True, id="never set"),
        pytest.param(bytes(8) + bytes([26, 7, 15, 17, 59, 19]) + b"\x01\0", False, id="wrong sum"),
        pytest.param(b"\xff" * 16, False, id="no block"),
    ],
)
async def test_only_a_block_that_is_a_clock_is_written_back(
    block: bytes, is_set: bool, link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    class Odd(OmronIntelli):
        LAYOUT = replace(OmronIntelli.LAYOUT, clock=lambda _: block)

    cuff = Odd(link, ADDRESS, clock)
    await start(cuff)
    cuff.store(PRESSURE)
    assert (await introduce(radio, cuff, ear)).measurements == 1
    assert (ear.clocks, bool(ear.clocks_set)) == ([], is_set)
    assert (clock.now() == NOON) is is_set


async def test_without_the_pairing_mode_nobody_is_let_in(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(PRESSURE)
    with pytest.raises(NotIntroducedError, match="Hold its Bluetooth key until -P- blinks"):
        await radio.talk(cuff, ear)
    assert (ear.measurements, cuff.key, ear.memory, cuff.reads) == ([], None, {}, [])


async def test_a_cuff_that_met_another_host_is_introduced_again(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    await introduce(radio, cuff, ear)
    ours = cuff.key
    cuff.key = bytes(16)
    await cuff.take(PRESSURE)
    with pytest.raises(NotIntroducedError, match="does not know this hub"):
        await radio.talk(cuff, ear)
    assert ear.memory["omron-key"] == ours
    assert (await introduce(radio, cuff, ear)).measurements == 1
    assert cuff.key == ear.memory["omron-key"] != ours


async def test_link_lost_midway_then_all_of_it_again(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    await introduce(radio, cuff, ear)
    for number, at in enumerate(times(6)):
        cuff.store({**PRESSURE, "systolic": 120.0 + number}, at)
    await cuff.press_key()
    cuff.lose_link_after = 6
    end = await radio.talk(cuff, ear)
    assert end.ending is Ending.HUNG_UP
    assert 0 < end.measurements < 6
    assert "omron-newest-1" not in ear.memory
    ear.measurements.clear()
    await cuff.press_key()
    await radio.talk(cuff, ear)
    assert [values["systolic"] for values in told(ear)] == [125, 124, 123, 122, 121, 120]


async def test_link_lost_before_anything_came(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    await introduce(radio, cuff, ear)
    await cuff.take(PRESSURE)
    cuff.lose_link_after = 1
    with pytest.raises(LinkLostError):
        await radio.talk(cuff, ear)


async def test_what_is_not_safe_is_not_passed_over_next_time(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    await introduce(radio, cuff, ear)
    ear.hold = True
    await cuff.take(PRESSURE)
    talking = asyncio.create_task(radio.talk(cuff, ear))
    await ear.heard.wait()
    ear.commits[0].set_exception(OSError("disk full"))
    with pytest.raises(NotKeptError, match="disk full"):
        await talking
    assert "omron-newest-1" not in ear.memory


async def test_a_garbled_answer_is_asked_for_again(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronIntelli(link, ADDRESS, clock)
    await start(cuff)
    await introduce(radio, cuff, ear)
    await cuff.take(PRESSURE)
    cuff.garble_answer = 3
    end = await radio.talk(cuff, ear)
    assert (end.measurements, end.rejected) == (1, 1)
    assert told(ear) == [PRESSURE]


async def test_a_slot_that_makes_no_sense_stops_nothing(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    class Odd(OmronIntelli):
        def record(self, taken: Taken, number: int) -> bytes:
            good = super().record(taken, number)
            return good[:4] + b"\0\0" + good[6:] if number == 1 else good

    cuff = Odd(link, ADDRESS, clock)
    await start(cuff)
    for number, at in enumerate(times(3)):
        cuff.store({**PRESSURE, "systolic": 120.0 + number}, at)
    end = await introduce(radio, cuff, ear)
    assert (end.measurements, end.rejected) == (2, 1)
    assert [values["systolic"] for values in told(ear)] == [122, 120]


async def test_an_impossible_pressure_is_told_as_such(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = OmronEvolv(link, ADDRESS, clock)
    await start(cuff)
    cuff.store({"systolic": 80.0, "diastolic": 120.0, "pulse": 72.0})
    await introduce(radio, cuff, ear)
    assert [m.outcome for m in ear.measurements] == [Outcome.IMPLAUSIBLE]


async def test_a_cuff_that_falls_silent_does_not_hold_the_session(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "REPLY_S", 0.2)
    monkeypatch.setattr(protocol, "LINE_QUIET_S", 0.01)

    class Mute(OmronIntelli):
        def _remember(self, frame: bytes) -> bytes | None:
            return None

    cuff = Mute(link, ADDRESS, clock)
    await start(cuff)
    with pytest.raises(TimedOutError, match="did not answer"):
        await introduce(radio, cuff, ear)
