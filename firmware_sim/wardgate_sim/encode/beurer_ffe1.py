"""Beurer BF710 and Sanitas SBF70: frames that begin with E7; numbers are big-endian."""

from __future__ import annotations

from wardgate_sim.encode.civil import Civil

START = 0xE7
INIT_ANSWER = bytes.fromhex("e60020")
_PART = 16


def live_weight(weight_kg: float, *, moving: bool) -> bytes:
    """What the display shows."""
    return bytes([START, 0x58, moving]) + round(weight_kg * 20).to_bytes(2, "big")


def answer(command: int, *values: int) -> bytes:
    """To a command of the host."""
    return bytes([START, 0xF0, command, *values])


def user(number: int, count: int, uid: bytes, initials: str, born: int) -> bytes:
    """One of the list of users."""
    return bytes([START, 0x34, count, number]) + uid + initials.encode().ljust(3, b"\0") + bytes([born - 1900])


def record(weight_kg: float, at: Civil, *, impedance_ohm: int, fat_pct: float) -> bytes:
    """A whole record: time, weight, impedance, fat, water, muscle, bone, then figures that nobody here reads."""
    tenths = (fat_pct, 55.0, 40.0)
    head = at.civil_s.to_bytes(4, "big") + round(weight_kg * 20).to_bytes(2, "big") + impedance_ohm.to_bytes(2, "big")
    composition = b"".join(round(value * 10).to_bytes(2, "big") for value in tenths)
    return head + composition + round(2.5 * 20).to_bytes(2, "big") + bytes.fromhex("0640082600f8")


def stored_parts(records: list[bytes]) -> list[bytes]:
    """Two frames a record."""
    pieces = [piece for whole in records for piece in (whole[:_PART], whole[_PART:])]
    return [bytes([START, 0x42, len(pieces), n]) + piece for n, piece in enumerate(pieces, 1)]


def finished_parts(uid: bytes, whole: bytes) -> list[bytes]:
    """The user, then the record in two frames."""
    pieces = [b"\0" + uid, whole[:_PART], whole[_PART:]]
    return [bytes([START, 0x59, len(pieces), n]) + piece for n, piece in enumerate(pieces, 1)]


def acknowledges(value: bytes, frame: bytes) -> bool:
    """Whether a host acknowledged that frame."""
    return value == bytes([START, 0xF1]) + frame[1:4]


def is_acknowledgement(value: bytes) -> bool:
    """Whether a host acknowledges some frame."""
    return value[:2] == bytes([START, 0xF1])


def read_clock(value: bytes) -> Civil:
    """The time that a host wrote (E9 and four bytes)."""
    return Civil.from_s(int.from_bytes(value[1:5], "big"))
