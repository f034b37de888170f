"""Microlife's own frames: 4D, direction, length, payload, sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wardgate_sim.encode.civil import Civil

TO_DEVICE, FROM_DEVICE = 0xFF, 0x3A
GET, DISCONNECT, SET_TIME = 0x00, 0x04, 0x0D
ACK = b"\x81"


def frame(direction: int, payload: bytes) -> bytes:
    """The length counts the payload and the sum."""
    body = bytes([0x4D, direction]) + (len(payload) + 1).to_bytes(2, "big") + payload
    return body + bytes([sum(body) % 256])


def memory(records: Iterable[bytes]) -> bytes:
    """The payload of the reply to `GET`: 38 bytes whose meaning is not known, then the records."""
    return bytes(38) + b"".join(records)


def record(values: Mapping[str, float], at: Civil) -> bytes:
    """Ten bytes, to the minute."""
    numbers = [round(values[name]) for name in ("systolic", "diastolic", "pulse")]
    return bytes([*numbers, at.year - 2000, *at[1:5], 0, 0])


def read_time(payload: bytes) -> Civil:
    """What a host set.

    Raises:
        ValueError: it is no time.
    """
    if len(payload) != 7:
        raise ValueError(f"seven bytes set the time, not {len(payload)}")
    at = Civil(2000 + payload[1], *payload[2:])
    if Civil.from_s(at.civil_s) != at:
        raise ValueError(f"no such time: {at}")
    return at
