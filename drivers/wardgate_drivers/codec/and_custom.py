"""A&D's own characteristic (service 233bf000-...): commands and their answers.

    0  size     of what follows it; the rest of the 20 bytes is padding
    1  type     0 read, 1 write, 2 response
    2  command  01 set time (year - 2000, month, day, hour, minute, second), 03 disconnect, 04 read time, 10 unpair,
                12 delete memory, A6 set buffer size, D6 read buffer size, E1 send memory
    3  value

Source: A&D Medical, Bluetooth Low Energy SDK documents 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime

_LEAST_SIZE: Final = 2
CHARACTERISTIC: Final = "233bf001-5a34-1b6d-975c-000d5690abe4"
_WRITE: Final = 1
_SET_TIME: Final = 0x01
_SET_BUFFER_SIZE: Final = 0xA6
_TIME_SIZE: Final = 6
_TYPES: Final = ("read", "write", "response")
_COMMANDS: Final = {
    _SET_TIME: "set-time",
    0x03: "disconnect",
    0x04: "read-time",
    0x10: "unpair",
    0x12: "delete-memory",
    _SET_BUFFER_SIZE: "set-buffer-size",
    0xD6: "read-buffer-size",
    0xE1: "send-memory",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command or answer; `time` only where a clock is set."""

    type: str
    command: str
    """Its name, or `0xNN`."""
    value: bytes
    time: DeviceTime | None


def decode(data: bytes) -> Command:
    """One value of A&D's characteristic.

    Raises:
        FrameError: `truncated`, `bad-length`, or `bad-value` for a type or time that cannot exist.
    """
    size = data[0] if data else None
    if size is not None and size < _LEAST_SIZE:
        raise FrameError(Reason.BAD_LENGTH, f"its length byte says {size}, {_LEAST_SIZE} is the least")
    if size is None or len(data) < size + 1:
        raise FrameError(Reason.TRUNCATED, f"{(size or 0) + 1} bytes needed, {len(data)} came")
    kind, command, value = data[1], data[2], data[3 : size + 1]
    if kind >= len(_TYPES):
        raise FrameError(Reason.BAD_VALUE, f"type {kind}")
    sets_time = command == _SET_TIME and _TYPES[kind] == "write"
    return Command(
        type=_TYPES[kind],
        command=_COMMANDS.get(command, f"0x{command:02X}"),
        value=b"" if sets_time else value,
        time=_time(value) if sets_time else None,
    )


def set_buffer_size(size_code: int) -> bytes:
    """The bytes to write for room for what could not be sent: 1 on a UA-651BLE, 2 (200 records) on a UA-656BLE."""
    return bytes((3, _WRITE, _SET_BUFFER_SIZE, size_code))


def _time(value: bytes) -> DeviceTime:
    if len(value) != _TIME_SIZE:
        raise FrameError(Reason.BAD_LENGTH, f"{len(value)} bytes of time where {_TIME_SIZE} are fixed")
    year, month, day, hour, minute, second = value
    try:
        return DeviceTime.of(2000 + year, month, day, hour, minute, second)
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error
