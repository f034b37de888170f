"""An O2Ring's recordings: one measurement of each, once, at its time; and the stream goes on beside them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drivers.cuffs.listener import talk as talk_with
from tests.drivers.oximeters.conftest import ADDRESS, NOON, OXIMETRY, SECOND_S, Talk
from tests.support.ear import Ear
from wardgate_drivers.codec import viatom_night
from wardgate_drivers.errors import Reason
from wardgate_drivers.link.errors import LinkLostError, TimedOutError
from wardgate_drivers.link.gatt import Ending
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome
from wardgate_drivers.model.viatom import VIATOM_O2RING
from wardgate_drivers.protocol import viatom, viatom_nights
from wardgate_sim.encode import oximeters
from wardgate_sim.encode import viatom_nights as encode
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.o2ring import Command, O2Ring
from wardgate_sim.radio import Link

YESTERDAY, BEFORE = Civil(2026, 11, 20, 23, 15, 30), Civil(2026, 11, 19, 22, 45, 1)
STEADY = [(95, 60)] * 8
NOT_HARMFUL = set(Command)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viatom, "POLL_S", SECOND_S)


@pytest.fixture
async def ring(link: Link, clock: DeviceClock) -> O2Ring:
    made = O2Ring(link, ADDRESS, clock, worn_s=1.0, off_s=30.0)
    await made.start()
    return made


def stored(ear: Ear) -> list[tuple[str, float]]:
    return [(str(m.device_time), m.quantities[0].value) for m in ear.measurements if m.stored]


async def test_each_recording_is_told_once_the_newest_first(
    ring: O2Ring, clock: DeviceClock, talk: Talk, ear: Ear
) -> None:
    ring.record(BEFORE, [None, (97, 80), (93, 70), (91, 61), *[(90, 60)] * 400])
    ring.store({"spo2": 92.0, "pulse": 58.0}, YESTERDAY)
    ring.stay_on(30.0)
    assert (await talk(VIATOM_O2RING, ring)).ending is Ending.QUIET
    # 91 and 61 are the first of eight that lie no farther apart than a steady hand's.
    assert stored(ear) == [("2026-11-20T23:15:30", 92.0), ("2026-11-19T22:45:13", 91.0)]
    assert {m.outcome for m in ear.measurements} == {Outcome.DECODE}
    assert set(ear.clocks) == {DeviceTime(NOON.civil_s - 90.0)}
    assert (ear.clocks_set, clock.offset_s, ear.identities["serial"]) == ([], -90.0, "2106")
    ring.store({"spo2": 96.0, "pulse": 66.0}, Civil(2026, 11, 21, 7, 0, 0))
    ring.commands.clear()
    ring.stay_on(30.0)
    await talk(VIATOM_O2RING, ring)
    assert stored(ear)[2:] == [("2026-11-21T07:00:00", 96.0)]
    assert (ring.commands.count(Command.FILE_OPEN), set(ring.commands) <= NOT_HARMFUL) == (1, True)
    assert len(ring.recordings) == 3
    await ring.stop()


async def test_what_the_stream_has_told_is_not_told_again(
    ring: O2Ring, clock: DeviceClock, talk: Talk, ear: Ear
) -> None:
    await ring.take(OXIMETRY)
    await talk(VIATOM_O2RING, ring)
    ring.record(clock.now(), [(93, 131)] * 15)
    ring.record(YESTERDAY, [(95, 60)] * 15)
    ring.stay_on(30.0)
    await talk(VIATOM_O2RING, ring)
    assert [(m.stored, m.quantities[0].value) for m in ear.measurements] == [(False, 93.0), (True, 95.0)]
    await ring.stop()


class Leaving(O2Ring):
    """Its wearer walks away at the second piece of a recording, once."""

    left = False

    def _answer(self, request: bytes) -> bytes:
        if request[1] == Command.FILE_READ and request[3] == 1 and not self.left:
            self.left = True
            self.lose_link()
        return super()._answer(request)


async def test_a_link_lost_amid_a_recording_loses_nothing(link: Link, clock: DeviceClock, talk: Talk, ear: Ear) -> None:
    ring = Leaving(link, ADDRESS, clock, worn_s=1.0, off_s=30.0)
    await ring.start()
    ring.record(YESTERDAY, [(95, 60)] * 300)
    ring.stay_on(30.0)
    with pytest.raises(LinkLostError):
        await talk(VIATOM_O2RING, ring)
    assert ear.measurements == []
    ring.stay_on(30.0)
    await talk(VIATOM_O2RING, ring)
    assert stored(ear) == [("2026-11-20T23:15:30", 95.0)]
    await ring.stop()


async def test_a_recording_that_never_comes_costs_neither_the_others_nor_the_stream(
    ring: O2Ring, talk: Talk, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viatom_nights, "REPLY_S", 0.3)
    ring.record(YESTERDAY, STEADY)
    ring.deaf_to.add(Command.FILE_READ)
    for _ in range(viatom_nights.TRIES):
        ring.stay_on(30.0)
        with pytest.raises(TimedOutError):
            await talk(VIATOM_O2RING, ring)
    ring.deaf_to.clear()
    ring.record(BEFORE, STEADY)
    await ring.take(OXIMETRY)
    await talk(VIATOM_O2RING, ring)
    assert [m.stored for m in ear.measurements] == [False, True]
    assert stored(ear) == [("2026-11-19T22:45:01", 95.0)]
    await ring.stop()


async def test_a_recording_that_is_not_given_is_asked_for_three_times(
    ring: O2Ring, talk: Talk, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viatom_nights, "LARGEST_FILE", 60)
    ring.record(YESTERDAY, STEADY)
    for _ in range(viatom_nights.TRIES + 1):
        ring.stay_on(30.0)
        await talk(VIATOM_O2RING, ring)
    assert ring.commands.count(Command.FILE_OPEN) == ring.commands.count(Command.FILE_CLOSE) == viatom_nights.TRIES
    assert ring.commands.count(Command.FILE_READ) == 0
    assert ear.measurements == []
    await ring.stop()


async def test_a_ring_that_says_nothing_of_itself_is_still_asked_for_its_values(
    ring: O2Ring, talk: Talk, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viatom_nights, "REPLY_S", 0.3)
    ring.deaf_to.add(Command.INFO)
    ring.record(YESTERDAY, STEADY)
    await ring.take(OXIMETRY)
    await talk(VIATOM_O2RING, ring)
    assert [m.stored for m in ear.measurements] == [False]
    await ring.stop()


async def test_a_recording_of_another_version_is_counted_and_left_alone(ring: O2Ring, talk: Talk, ear: Ear) -> None:
    ring.recordings["20261120231530"] = b"\x05" + encode.recording(YESTERDAY, STEADY)[1:]
    for _ in range(2):
        ring.stay_on(30.0)
        await talk(VIATOM_O2RING, ring)
    assert [(error.reason, len(frame)) for error, frame in ear.rejections] == [(Reason.BAD_HEADER, 40)]
    assert ear.measurements == []
    await ring.stop()


def chosen(samples: list[encode.Sample]) -> Measurement | None:
    return viatom_nights.first_steady(viatom_night.decode(encode.recording(YESTERDAY, samples)))


def test_a_restless_recording_is_no_reading_and_an_empty_one_nothing() -> None:
    restless = chosen([(95, 60), (95, 90)] * 20)
    assert restless is not None
    assert (restless.outcome, restless.status) == (Outcome.NO_READING, ("not-steady",))
    assert chosen([None] * 20) is None
    assert chosen([]) is None


def test_the_stretch_may_come_after_the_ring_was_lost_for_a_while() -> None:
    told = chosen([(95, 60), (95, 90), *[None] * 5, (91, 60), (91, 90), *[(94, 61)] * 8])
    assert told is not None
    assert (str(told.device_time), told.outcome) == ("2026-11-20T23:16:06", Outcome.DECODE)
    assert [q.value for q in told.quantities] == [94, 61]


INFO = oximeters.viatom_reply(encode.info(NOON, "2106", 80, [encode.name(YESTERDAY)]))
NIGHT = encode.recording(YESTERDAY, list(STEADY))
SAID = [INFO, oximeters.viatom_reply(len(NIGHT).to_bytes(4, "little")), oximeters.viatom_reply(NIGHT)]


@given(st.lists(st.sampled_from([*SAID, oximeters.viatom_reply(b"")]) | st.binary(max_size=30), max_size=8))
@settings(max_examples=60, deadline=None)
def test_whatever_it_says_nothing_is_asked_that_could_change_it(frames: list[bytes]) -> None:
    listener = talk_with(viatom.converse, frames)
    written = b"".join(value for _, value in listener.written)
    while written:
        size = 8 + int.from_bytes(written[5:7], "little")
        assert written[1] in NOT_HARMFUL
        assert oximeters.is_viatom_request(written[:size])
        written = written[size:]
