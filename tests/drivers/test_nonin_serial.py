"""The Nonin 9560's line: bytes as they come, acknowledged when they are safe."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ear import Ear
from wardgate_drivers.codec import nonin_df13
from wardgate_drivers.errors import Reason
from wardgate_drivers.link.nonin_serial import NoninFormat13Session
from wardgate_drivers.measurement import DeviceTime

ACK = b"\x06"
LIVE = bytes.fromhex("0002000d000e20261121083005000201004800616103")
STORED = bytes.fromhex("0002000d000e20071001184821000210003400636203")
GARBLED = bytes.fromhex("0002000d000e20071001000054000200003c00632e03")
TIME_TOLD = bytes.fromhex("02f2061a0b150b3b0003")
SERIAL_TOLD = bytes.fromhex("02f40b02353031343933323030ca03")


def heard(ear: Ear) -> list[bytes]:
    return [m.frame for m in ear.measurements]


async def test_asks_for_format_13_the_clock_and_the_serial_number(ear: Ear) -> None:
    assert NoninFormat13Session(ear).start() == bytes.fromhex("027004020d008303 02720003 027402020203")


async def test_each_frame_is_acknowledged_once(ear: Ear) -> None:
    session = NoninFormat13Session(ear)
    assert await session.feed(LIVE + STORED) == ACK + ACK
    assert heard(ear) == [LIVE, STORED]


async def test_nothing_is_acknowledged_before_it_is_safe(ear: Ear) -> None:
    ear.hold = True
    feeding = asyncio.create_task(NoninFormat13Session(ear).feed(LIVE))
    await ear.heard.wait()
    assert not feeding.done()
    ear.commits[0].set_result(None)
    assert await feeding == ACK


async def test_what_could_not_be_stored_is_not_acknowledged(ear: Ear) -> None:
    ear.hold = True
    session = NoninFormat13Session(ear)
    feeding = asyncio.create_task(session.feed(LIVE))
    await ear.heard.wait()
    ear.commits[0].set_exception(OSError("disk full"))
    with pytest.raises(OSError, match="disk full"):
        await feeding
    ear.hold = False
    assert await session.feed(LIVE) == ACK


async def test_garbled_frame_is_left_for_the_device_to_repeat(ear: Ear) -> None:
    session = NoninFormat13Session(ear)
    assert await session.feed(GARBLED) == b""
    assert [e.reason for e, _ in ear.rejections] == [Reason.BAD_CHECKSUM]
    assert await session.feed(LIVE) == ACK
    assert heard(ear) == [LIVE]


async def test_true_frame_behind_a_cut_one_is_found(ear: Ear) -> None:
    assert await NoninFormat13Session(ear).feed(LIVE[:15] + STORED + LIVE) == ACK + ACK
    assert heard(ear) == [STORED, LIVE]


async def test_length_out_of_noise_does_not_deafen(ear: Ear) -> None:
    assert await NoninFormat13Session(ear).feed(bytes.fromhex("0002000dffff") + LIVE) == ACK


@given(
    st.lists(st.sampled_from([LIVE, STORED]), min_size=1, max_size=4),
    st.lists(st.integers(min_value=1, max_value=12), min_size=1),
)
def test_any_cutting_gives_the_same_frames(frames: list[bytes], cuts: list[int]) -> None:
    async def feed() -> tuple[list[bytes], bytes]:
        ear, answer, data = Ear(), b"", b"".join(frames)
        session = NoninFormat13Session(ear)
        while data:
            size = cuts[len(data) % len(cuts)]
            answer += await session.feed(data[:size])
            data = data[size:]
        return heard(ear), answer

    assert asyncio.run(feed()) == (frames, ACK * len(frames))


@given(st.binary(max_size=200))
def test_noise_is_never_acknowledged(noise: bytes) -> None:
    async def feed() -> tuple[Ear, bytes]:
        ear = Ear()
        return ear, await NoninFormat13Session(ear).feed(noise)

    ear, answer = asyncio.run(feed())
    if not ear.measurements and not ear.clocks:
        assert answer == b""
    for frame in heard(ear):
        nonin_df13.decode(frame)


async def test_clock_is_told_before_it_is_set(ear: Ear) -> None:
    session = NoninFormat13Session(ear)
    assert await session.feed(ACK + TIME_TOLD) == bytes.fromhex("0272061a0b150c000003")
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 11, 59, 0)]
    assert ear.clocks_set == []
    assert await session.feed(ACK) == b""
    assert ear.clocks_set == [DeviceTime.of(2026, 11, 21, 12, 0, 0)]


async def test_refused_clock_is_not_told_as_set(ear: Ear) -> None:
    session = NoninFormat13Session(ear)
    await session.feed(TIME_TOLD)
    await session.feed(b"\x15" + ACK)
    assert ear.clocks_set == []


async def test_clock_is_left_alone_while_the_hub_has_no_time(ear: Ear) -> None:
    ear.target = None
    assert await NoninFormat13Session(ear).feed(TIME_TOLD) == b""
    assert len(ear.clocks) == 1


async def test_serial_number_is_told(ear: Ear) -> None:
    await NoninFormat13Session(ear).feed(SERIAL_TOLD)
    assert ear.identities == {"serial": "501493200"}
