"""Omron's own protocol: frames, records in both byte orders, clock blocks."""

from __future__ import annotations

from collections.abc import Mapping

from wardgate_sim.encode.civil import Civil

OPEN, READ, WRITE, CLOSE, ANSWER = 0x0000, 0x0100, 0x01C0, 0x0F00, 0x8000
RECORD_SIZE = 14


def frame(type_: int, address: int, size: int, data: bytes = b"") -> bytes:
    """Length, type, address, size, data, filler, and what makes it XOR to 0."""
    body = bytes([8 + len(data), type_ >> 8, type_ & 0xFF, address >> 8, address & 0xFF, size, *data, 0])
    check = 0
    for byte in body:
        check ^= byte
    return body + bytes([check])


def _words(at: Civil, *, movement: bool, irregular: bool) -> tuple[int, int]:
    date = movement << 15 | irregular << 14 | at.month << 10 | at.day << 5 | at.hour
    return date, at.minute << 6 | at.second


def record_le(
    values: Mapping[str, float],
    at: Civil,
    *,
    movement: bool = False,
    irregular: bool = False,
    cuff_bit: int = 0,
    record_id: int = 0,
) -> bytes:
    """The kind with the low byte first."""
    date, time = _words(at, movement=movement, irregular=irregular)
    pressures = bytes([round(values["systolic"]) - 25, round(values["diastolic"]), round(values["pulse"])])
    words = date.to_bytes(2, "little") + (cuff_bit << 12 | time).to_bytes(2, "little")
    return pressures + bytes([at.year - 2000]) + words + bytes(4) + record_id.to_bytes(2, "little")


def record_be(values: Mapping[str, float], at: Civil, *, movement: bool = False, irregular: bool = False) -> bytes:
    """The kind with the high byte first. What its last six bytes hold is not known."""
    date, time = _words(at, movement=movement, irregular=irregular)
    pressures = bytes([round(values["diastolic"]), round(values["systolic"]) - 25])
    rest = bytes([at.year - 2000, round(values["pulse"])]) + date.to_bytes(2, "big") + time.to_bytes(2, "big")
    return pressures + rest + bytes(6)


def clock(at: Civil, *, head: bytes = bytes(8)) -> bytes:
    """Sixteen bytes: what stands before the time is the cuff's own business."""
    summed = head + bytes([at.year - 2000, *at[1:]])
    return summed + bytes([sum(summed) % 256, 0])


def short_clock(at: Civil, *, head: bytes = bytes(2), filler: int = 0) -> bytes:
    """Ten bytes, the fields swapped in pairs."""
    summed = head + bytes([at.month, at.year - 2000, at.hour, at.day, at.second, at.minute])
    return summed + bytes([filler, sum(summed) % 256])


def read_clock(block: bytes) -> Civil:
    """What a host wrote as the long block.

    Raises:
        ValueError: the sum is wrong, or it is no time.
    """
    if len(block) != 16 or sum(block[:14]) % 256 != block[14]:
        raise ValueError("no clock block")
    return _checked(Civil(2000 + block[8], *block[9:14]))


def read_short_clock(block: bytes) -> Civil:
    """What a host wrote as the short block.

    Raises:
        ValueError: the sum is wrong, or it is no time.
    """
    if len(block) != 10 or sum(block[:8]) % 256 != block[9]:
        raise ValueError("no clock block")
    month, year, hour, day, second, minute = block[2:8]
    return _checked(Civil(2000 + year, month, day, hour, minute, second))


def _checked(at: Civil) -> Civil:
    if Civil.from_s(at.civil_s) != at:
        raise ValueError(f"no such time: {at}")
    return at
