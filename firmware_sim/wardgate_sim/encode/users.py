"""User Control Point (0x2A9F)."""

from __future__ import annotations

from enum import IntEnum


class Opcode(IntEnum):
    """What a host asks, and the answer."""

    REGISTER = 0x01
    CONSENT = 0x02
    DELETE = 0x03
    RESPONSE = 0x20


class Result(IntEnum):
    """How it went."""

    SUCCESS = 1
    OPCODE_NOT_SUPPORTED = 2
    INVALID_PARAMETER = 3
    OPERATION_FAILED = 4
    USER_NOT_AUTHORIZED = 5


def answer(request: int, result: Result) -> bytes:
    """What a device says to a request."""
    return bytes([Opcode.RESPONSE, request, result])


def read_consent(value: bytes) -> tuple[int, int]:
    """User and code of a consent.

    Raises:
        ValueError: it is none.
    """
    if len(value) != 4 or value[0] != Opcode.CONSENT:
        raise ValueError(f"no consent: {value.hex()}")
    return value[1], int.from_bytes(value[2:], "little")
