"""Nonin format 1 has no checksum: what is taken for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ear import Ear
from wardgate_drivers.codec.nonin_df1 import Splitter
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.model.declaration import Serial
from wardgate_drivers.model.nonin_serial import NONIN_XPOD
from wardgate_sim.encode import nonin

FRAMES = [bytes((0x80, 57, spo2)) for spo2 in range(90, 100)]


def test_three_frames_may_be_chance_and_the_fourth_tells_them_all() -> None:
    splitter = Splitter()
    assert splitter.feed(b"".join(FRAMES[:3])) == []
    assert splitter.feed(FRAMES[3]) == FRAMES[:4]
    assert splitter.feed(FRAMES[4]) == [FRAMES[4]]


@pytest.mark.parametrize("broken", [b"\x80\x39", b"\x39\x60", b"\x00"], ids=["short", "headless", "stray"])
def test_after_a_broken_frame_it_has_to_be_sure_again(broken: bytes) -> None:
    splitter = Splitter()
    splitter.feed(b"".join(FRAMES[:4]))
    assert splitter.feed(broken + b"".join(FRAMES[:3])) == []
    assert splitter.feed(FRAMES[3]) == FRAMES[:4]


@given(
    st.sampled_from([0, 1]),
    st.lists(st.tuples(st.integers(0x80, 0xFF), st.binary(min_size=4, max_size=4)), max_size=40),
    st.integers(0, 4),
)
def test_nothing_in_format_2_or_7_is_taken_for_it(
    status_at: int, frames: Sequence[tuple[int, bytes]], skipped: int
) -> None:
    stream = b"".join(rest[:status_at] + bytes((status,)) + rest[status_at:] for status, rest in frames)
    assert Splitter().feed(stream[skipped:]) == []


async def test_an_xpod_ordered_with_another_format_is_heard_on_the_same_line() -> None:
    assert isinstance(NONIN_XPOD.link, Serial)
    ear = Ear()
    session = NONIN_XPOD.link.open_session(ear)
    for stream in (nonin.format_1(96, 140) * 8, nonin.format_2(95, 140) * 24, nonin.format_7(94, 140) * 24):
        assert session.start() == b""
        assert await session.feed(stream) == b""
    assert [[q.value for q in m.quantities] for m in ear.measurements] == [[96, 140], [95, 140], [94, 140]]
    assert {m.outcome for m in ear.measurements} == {Outcome.DECODE}
    assert ear.rejections == []
