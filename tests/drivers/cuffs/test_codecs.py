"""Makers' cuffs: what the byte vectors do not say."""

from __future__ import annotations

import pytest

from wardgate_drivers.codec import microlife, omron, viatom_lepu, yonker
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime, Outcome

RECORD_LE = bytes.fromhex("6558541a331ade1800004c00ba00")
RECORD_BE = bytes.fromhex("5b781a4819d71b42000014006996")
CLOCK = bytes.fromhex("c6a40100000000001a070f113b13fa00")
SHORT_CLOCK = bytes.fromhex("a0c0061a120f131437c8")
"""Captured from an Evolv that showed 2026-06-15 18:20:19."""
YONKER = bytes.fromhex("818367510000190b18131200000000")


def reason(error: pytest.ExceptionInfo[FrameError]) -> Reason:
    return error.value.reason


# Omron


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("", Reason.TRUNCATED),
        ("08", Reason.TRUNCATED),
        ("08000000001000", Reason.TRUNCATED),
        ("0600000000", Reason.BAD_LENGTH),
        ("00", Reason.BAD_LENGTH),
        ("0800000000100019", Reason.BAD_CHECKSUM),
        ("0800000000110018", Reason.BAD_CHECKSUM),
    ],
)
def test_omron_frames_that_are_refused(frame: str, why: Reason) -> None:
    with pytest.raises(FrameError) as error:
        omron.decode_frame(bytes.fromhex(frame))
    assert reason(error) is why


def test_omron_frame_with_data_and_padding() -> None:
    sent = omron.encode_frame(omron.READ | omron.ANSWER, 0x0098, 4, b"\x01\x02\x03\x04")
    assert sent.hex() == "0c810000980401020304" + "00" + "15"
    told = omron.decode_frame(sent + bytes(4))
    assert (told.type, told.address, told.size, told.data) == (0x8100, 0x98, 4, b"\x01\x02\x03\x04\0")


@pytest.mark.parametrize("blank", [b"\xff" * 14, bytes(14)])
def test_omron_empty_slots(blank: bytes) -> None:
    assert omron.decode_record_le(blank) is None
    assert omron.decode_record_be(blank) is None


def test_omron_first_byte_over_e1_is_an_empty_slot() -> None:
    assert omron.decode_record_le(b"\xe2" + RECORD_LE[1:]) is None
    record = omron.decode_record_le(b"\xe1" + RECORD_LE[1:])
    assert record is not None
    assert record.systolic_mmhg == 250


@pytest.mark.parametrize("size", [0, 13, 15, 16])
def test_omron_records_have_one_size(size: int) -> None:
    for decode in (omron.decode_record_le, omron.decode_record_be):
        with pytest.raises(FrameError) as error:
            decode(b"\xff" * size)
        assert reason(error) is Reason.BAD_LENGTH


def test_omron_seconds_above_59_count_as_59() -> None:
    record = omron.decode_record_le(RECORD_LE[:6] + bytes([RECORD_LE[6] | 0x3F]) + RECORD_LE[7:])
    assert record is not None
    assert str(record.time) == "2026-06-17T19:35:59"
    record = omron.decode_record_be(RECORD_BE[:7] + bytes([RECORD_BE[7] | 0x3F]) + RECORD_BE[8:])
    assert record is not None
    assert str(record.time) == "2026-06-14T23:45:59"


@pytest.mark.parametrize(
    ("record", "decode"),
    [
        (RECORD_LE[:4] + b"\0\0" + RECORD_LE[6:], omron.decode_record_le),
        (RECORD_LE[:6] + b"\xff\x1f" + RECORD_LE[8:], omron.decode_record_le),
        (RECORD_BE[:4] + b"\0\0" + RECORD_BE[6:], omron.decode_record_be),
    ],
)
def test_omron_dates_that_cannot_exist(record: bytes, decode: object) -> None:
    assert callable(decode)
    with pytest.raises(FrameError) as error:
        decode(record)
    assert reason(error) is Reason.BAD_VALUE


def test_omron_status_bits() -> None:
    record = omron.decode_record_le(RECORD_LE[:5] + bytes([RECORD_LE[5] | 0xC0]) + RECORD_LE[6:])
    assert record is not None
    assert omron.measurement(record, RECORD_LE, 2).status == ("body-movement", "irregular-pulse")


def test_omron_pulse_that_was_not_counted() -> None:
    record = omron.decode_record_le(RECORD_LE[:2] + b"\0" + RECORD_LE[3:])
    assert record is not None
    told = omron.measurement(record, RECORD_LE, 1)
    assert (told.outcome, told.value("pulse")) == (Outcome.DECODE, None)


def test_omron_clocks() -> None:
    assert str(omron.decode_clock(CLOCK)) == "2026-07-15T17:59:19"
    assert str(omron.decode_short_clock(SHORT_CLOCK)) == "2026-06-15T18:20:19"


def test_omron_clock_is_written_back_with_the_cuffs_own_bytes() -> None:
    to = DeviceTime.of(2026, 11, 21, 12, 0, 5)
    written = omron.encode_clock(CLOCK, to)
    assert written[:8] == CLOCK[:8]
    assert omron.decode_clock(written) == to
    written = omron.encode_short_clock(SHORT_CLOCK, to)
    assert written[:2] == SHORT_CLOCK[:2]
    assert omron.decode_short_clock(written) == to


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (CLOCK[:-1], Reason.BAD_LENGTH),
        (CLOCK[:14] + b"\xfb\0", Reason.BAD_CHECKSUM),
        (bytes(16), Reason.BAD_VALUE),
        (CLOCK[:13] + b"\x3c\x23\0", Reason.BAD_VALUE),
        (SHORT_CLOCK[:-1], Reason.BAD_LENGTH),
        (SHORT_CLOCK[:9] + b"\xc9", Reason.BAD_CHECKSUM),
        (bytes(10), Reason.BAD_VALUE),
    ],
)
def test_omron_clock_blocks_that_are_refused(block: bytes, why: Reason) -> None:
    decode = omron.decode_short_clock if len(block) < 12 else omron.decode_clock
    with pytest.raises(FrameError) as error:
        decode(block)
    assert reason(error) is why


# Microlife


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("", Reason.TRUNCATED),
        ("4d", Reason.TRUNCATED),
        ("4d3a0002", Reason.TRUNCATED),
        ("4e3a0002810b", Reason.BAD_HEADER),
        ("4d3b0002810b", Reason.BAD_HEADER),
        ("4d3a000088", Reason.BAD_LENGTH),
        ("4d3a000188", Reason.BAD_LENGTH),
        ("4d3a0002810a00", Reason.BAD_LENGTH),
        ("4d3a0002810b", Reason.BAD_CHECKSUM),
        ("4dff00080d180d0f0e1e2dee", Reason.BAD_VALUE),
        ("4dff00070d18060f0e1eb9", Reason.BAD_LENGTH),
    ],
)
def test_microlife_frames_that_are_refused(frame: str, why: Reason) -> None:
    with pytest.raises(FrameError) as error:
        microlife.decode(bytes.fromhex(frame))
    assert reason(error) is why


def framed(payload: bytes) -> bytes:
    body = bytes([0x4D, 0x3A]) + (len(payload) + 1).to_bytes(2, "big") + payload
    return body + bytes([sum(body) & 0xFF])


def test_microlife_record_whose_date_cannot_exist_is_left_out() -> None:
    good = bytes.fromhex("8354461a0b1415050000")
    memory = microlife.decode(framed(bytes(38) + good[:4] + b"\x0d" + good[5:] + good))
    assert isinstance(memory, microlife.Memory)
    assert [str(r.time) for r in memory.records] == ["2026-11-20T21:05:00"]


def test_microlife_part_of_a_record_is_refused() -> None:
    with pytest.raises(FrameError) as error:
        microlife.decode(framed(bytes(38) + bytes(9)))
    assert reason(error) is Reason.BAD_LENGTH


def test_microlife_commands() -> None:
    assert microlife.get().hex() == "4dff000900000000000000fd52"
    assert microlife.disconnect().hex() == "4dff00020452"
    assert microlife.set_time(DeviceTime.of(2024, 6, 15, 14, 30, 45)).hex() == "4dff00080d18060f0e1e2de7"


# Yonker


def test_yonker_other_values_on_the_characteristic_are_no_results() -> None:
    assert yonker.measurement(b"\x80\x10\x00") is None
    with pytest.raises(FrameError) as error:
        yonker.decode(b"\x80\x10\x00")
    assert reason(error) is Reason.BAD_HEADER


@pytest.mark.parametrize("size", [0, 14, 16])
def test_yonker_results_have_one_size(size: int) -> None:
    with pytest.raises(FrameError) as error:
        yonker.measurement(YONKER.ljust(16, b"\0")[:size])
    assert reason(error) is Reason.BAD_LENGTH


def test_yonker_clock_that_makes_no_sense_costs_no_pressures() -> None:
    frame = YONKER[:6] + bytes(5) + YONKER[11:]
    with pytest.raises(FrameError) as error:
        yonker.decode(frame)
    assert reason(error) is Reason.BAD_VALUE
    told = yonker.measurement(frame)
    assert told is not None
    assert (told.outcome, told.device_time) == (Outcome.DECODE, None)
    assert [q.value for q in told.quantities] == [131, 103, 81]


def test_yonker_without_pressures_is_no_reading() -> None:
    told = yonker.measurement(YONKER[:1] + bytes(3) + YONKER[4:])
    assert told is not None
    assert told.outcome is Outcome.NO_READING


# Viatom


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("", Reason.TRUNCATED),
        ("a5", Reason.TRUNCATED),
        ("a5e11e00020000", Reason.TRUNCATED),
        ("a4e11e00020000bf", Reason.BAD_HEADER),
        ("a5e11f00020000bf", Reason.BAD_HEADER),
        ("a5e11e00020000bf00", Reason.BAD_LENGTH),
        ("a5e11e00020000be", Reason.BAD_CHECKSUM),
    ],
)
def test_viatom_frames_that_are_refused(frame: str, why: Reason) -> None:
    with pytest.raises(FrameError) as error:
        viatom_lepu.decode(bytes.fromhex(frame))
    assert reason(error) is why


def test_viatom_request_is_made_as_captured() -> None:
    assert viatom_lepu.encode(viatom_lepu.DEVICE_INFO, 2).hex() == "a5e11e00020000bf"


@pytest.mark.parametrize(("size", "why"), [(9, Reason.TRUNCATED), (46, Reason.BAD_LENGTH), (48, Reason.BAD_LENGTH)])
def test_viatom_files_that_are_refused(size: int, why: Reason) -> None:
    with pytest.raises(FrameError) as error:
        viatom_lepu.decode_file(bytes(size))
    assert reason(error) is why


def test_viatom_empty_places_are_left_out() -> None:
    assert viatom_lepu.decode_file(bytes(10 + 37)) == ()
