"""A&D's own characteristic: size of what follows, type, command, value."""

from __future__ import annotations

from enum import IntEnum

from wardgate_sim.encode.civil import Civil

SERVICE = "233bf000-5a34-1b6d-975c-000d5690abe4"
CHARACTERISTIC = "233bf001-5a34-1b6d-975c-000d5690abe4"


class Kind(IntEnum):
    """Who speaks."""

    READ = 0
    WRITE = 1
    RESPONSE = 2


class Command(IntEnum):
    """What about."""

    SET_TIME = 0x01
    DISCONNECT = 0x03
    READ_TIME = 0x04
    UNPAIR = 0x10
    DELETE_MEMORY = 0x12
    SET_BUFFER_SIZE = 0xA6
    READ_BUFFER_SIZE = 0xD6
    SEND_MEMORY = 0xE1


def frame(kind: Kind, command: int, value: bytes = b"") -> bytes:
    """One command or answer."""
    return bytes([2 + len(value), kind, command]) + value


def time_value(at: Civil) -> bytes:
    """Year less 2000, month, day, hour, minute, second."""
    return bytes([at.year - 2000, *at[1:]])


def read_time_value(value: bytes) -> Civil:
    """What a host set.

    Raises:
        ValueError: it is no date or time.
    """
    if len(value) != 6:
        raise ValueError(f"a time has 6 bytes, not {len(value)}")
    at = Civil(2000 + value[0], *value[1:])
    if Civil.from_s(at.civil_s) != at:
        raise ValueError(f"no such time: {at}")
    return at
