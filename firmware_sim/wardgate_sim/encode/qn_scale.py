"""QN scales: type, length, fields, sum of all bytes before it."""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """How far a weighing has come."""

    MEASURING = 0
    SETTLING = 1
    STABLE = 2


def _frame(kind: int, fields: bytes) -> bytes:
    body = bytes([kind, len(fields) + 3]) + fields
    return body + bytes([sum(body) & 0xFF])


def weight(weight_kg: float, state: State, *, divisor: int, resistances_ohm: tuple[int, int] = (0, 0)) -> bytes:
    """FF 01 (as captured), state, weight, two resistances, a byte of unknown meaning."""
    fields = b"\xff\x01" + bytes([state]) + round(weight_kg * divisor).to_bytes(2, "big")
    for ohm in resistances_ohm:
        fields += ohm.to_bytes(2, "big")
    return _frame(0x10, fields + b"\0\0")


def info(*, divisor: int) -> bytes:
    """What the scale says about itself: byte 10 is 1 where weights are hundredths."""
    return _frame(0x12, b"\xff" + b"\0" * 7 + bytes([divisor == 100]) + b"\0" * 3)


def is_unit(value: bytes) -> bool:
    """Whether a host told its unit in a sound frame."""
    return len(value) == 9 and value[0] == 0x13 and sum(value[:-1]) & 0xFF == value[-1]
