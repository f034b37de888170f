"""Whatever a cuff answers: a talk ends, by itself or with a SessionError, and keeps nothing that is out of bounds."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drivers.cuffs.conftest import MODELS
from tests.drivers.cuffs.listener import Listener, talk
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.model.declaration import Gatt
from wardgate_drivers.model.omron import EVOLV_MAP, HEM_7142T2_MAP, INTELLI_MAP
from wardgate_sim.encode import microlife, omron, yonker
from wardgate_sim.encode.civil import Civil

NOON: Final = Civil(2026, 11, 21, 12, 0, 0)
VALUES: Final = {"systolic": 135, "diastolic": 82, "pulse": 72}
ADDRESSES: Final = [0, *(m.index_at for m in (INTELLI_MAP, EVOLV_MAP)), 0x3C, 0x80, 0x98, 0x6C8, 0x6D8, 0x274, 0x2AC]
SETTING_PLACES: Final = {
    "omron-hem-7361t": INTELLI_MAP.clock.write_at,
    "omron-hem-7600t": EVOLV_MAP.clock.write_at,
    "omron-hem-7142t2": HEM_7142T2_MAP.clock.write_at,
}


def pieces(frame: bytes, size: int) -> list[bytes]:
    return [frame[at : at + size] for at in range(0, len(frame), size)]


SOUND: Final = st.one_of(
    st.builds(
        lambda code, rest: bytes([code, 0]) + rest, st.sampled_from([0x80, 0x81, 0x82, 0x91]), st.binary(max_size=15)
    ),
    st.builds(
        lambda type_, address, size, data: omron.frame(type_ | omron.ANSWER, address, size, data),
        st.sampled_from([omron.OPEN, omron.READ, omron.WRITE, omron.CLOSE]),
        st.sampled_from(ADDRESSES) | st.integers(0, 0xFFFF),
        st.integers(0, 255),
        st.sampled_from([omron.clock(NOON), omron.short_clock(NOON), omron.record_le(VALUES, NOON).ljust(16, b"\0")])
        | st.binary(max_size=56),
    ),
    st.just(yonker.result(VALUES, NOON)),
    st.builds(microlife.frame, st.just(microlife.FROM_DEVICE), st.binary(max_size=80)),
    st.binary(max_size=24),
)
FRAMES: Final = st.lists(st.tuples(SOUND, st.sampled_from([16, 20, 200])), max_size=40).map(
    lambda said: [piece for frame, size in said for piece in pieces(frame, size)]
)


def check(model_id: str, listener: Listener) -> None:
    for measurement in listener.ear.measurements:
        if measurement.outcome is Outcome.DECODE:
            pressures = [q.value for q in measurement.quantities if q.unit == "mmHg"]
            assert all(20 <= pressure <= 320 for pressure in pressures)
            assert pressures[0] > pressures[1]
    for _, value in listener.written:
        if model_id in SETTING_PLACES and value[1:3] == b"\x01\xc0":
            assert int.from_bytes(value[3:5], "big") == SETTING_PLACES[model_id]


@pytest.mark.parametrize("model_id", sorted(MODELS))
@given(frames=FRAMES)
@settings(max_examples=50)
def test_a_talk_ends(model_id: str, frames: list[bytes]) -> None:
    link = MODELS[model_id].link
    assert isinstance(link, Gatt)
    assert link.converse is not None
    check(model_id, talk(link.converse, frames))


def test_a_yonker_result_among_noise_is_kept() -> None:
    link = MODELS["yonker-yk-ibpa1"].link
    assert isinstance(link, Gatt)
    assert link.converse is not None
    listener = talk(link.converse, [b"", b"\x81", b"\x80\x00", yonker.result(VALUES, NOON), b"\x81" * 15])
    assert [m.outcome for m in listener.ear.measurements] == [Outcome.DECODE, Outcome.IMPLAUSIBLE]
    assert len(listener.ear.rejections) == 2
