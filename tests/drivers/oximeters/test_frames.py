"""Cutting a stream into frames whose front tells their size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardgate_drivers.codec import pc60
from wardgate_drivers.link.frames import ToldFrames

VALUES = bytes.fromhex("aa550f08016239004400c0e3")
BATTERY = bytes.fromhex("aa55f0030303f6")


def frames() -> ToldFrames:
    return ToldFrames(pc60.size_of, pc60.decode, 64)


def sound(found: list[bytes]) -> list[bytes]:
    return [frame for frame in found if frame in (VALUES, BATTERY)]


@given(st.lists(st.sampled_from([VALUES, BATTERY]), max_size=5), st.lists(st.integers(1, 15), min_size=1, max_size=40))
def test_any_cutting_gives_the_same_frames(sent: list[bytes], cuts: list[int]) -> None:
    data, cutter, found = b"".join(sent), frames(), []
    while data:
        size = cuts[len(data) % len(cuts)]
        found += cutter.feed(data[:size])
        data = data[size:]
    assert found == sent


@given(st.integers(1, len(VALUES) - 1))
def test_true_frame_behind_a_cut_one_is_found(kept: int) -> None:
    assert sound(frames().feed(VALUES[:kept] + VALUES + BATTERY)) == [VALUES, BATTERY]


@given(st.binary(max_size=30).filter(lambda noise: 0xAA not in noise))
def test_noise_is_passed_over(noise: bytes) -> None:
    assert frames().feed(noise + VALUES) == [VALUES]


def test_a_size_out_of_noise_does_not_deafen() -> None:
    assert frames().feed(bytes.fromhex("aa550fff01") + VALUES) == [VALUES]
