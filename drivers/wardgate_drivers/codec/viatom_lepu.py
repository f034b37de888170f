"""Viatom's (Lepu's) second protocol, as the Wellue BP2 and BP2W speak it, and the cuff's file of results.

Frame:

    0  A5
    1  command, and its complement
    3  direction  0 request, 1 reply
    4  sequence
    5  length     2 bytes, little-endian, of the data
    7  data
       check      CRC-8 (polynomial 07, from 0) over all before it

The reply to command 0 has 40 bytes; the last is the state of the device.

**Some commands inflate the cuff on the spot, some reset or erase the device.** `FORBIDDEN` names them, and `encode`
makes no frame of any command that is not in `ALLOWED`.

File `bp2nibp.list`: 10 bytes, then records of 37, in no order:

    0   seconds since 1970 on the cuff's own, local, clock (4 bytes, as all numbers little-endian)
    4   user             4 bytes
    8   irregular pulse
    13  systolic, diastolic, mean  mmHg, 2 bytes each; both pressures 0: empty place
    19  pulse            1/min, 2 bytes

Source: protocol notes and captures of the project chalimov/viatom_bp2_ha. No document of the maker's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec import crc8
from wardgate_drivers.codec.bounds import pressures_ok, pulse_ok
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

GET_STATE: Final = 0x00
SET_TIME: Final = 0xEC
FILE_OPEN: Final = 0xF2
FILE_READ: Final = 0xF3
FILE_CLOSE: Final = 0xF4
DEVICE_INFO: Final = 0xE1

ALLOWED: Final = frozenset({GET_STATE, DEVICE_INFO, SET_TIME, FILE_OPEN, FILE_READ, FILE_CLOSE})
"""All that may ever be sent."""
FORBIDDEN: Final = frozenset({0x09, 0x0A, 0x24, 0x25, 0x39, 0x04, 0xE2, 0xE3})
"""The first five inflate the cuff, the others reset or erase the device."""

REQUEST: Final = 0
REPLY: Final = 1

_LEAD: Final = 0xA5
_HEAD_SIZE: Final = 7
_STATE_SIZE: Final = 40
_STATES: Final = {
    3: "idle",
    4: "measuring",
    5: "result",
    15: "triple-inflating",
    16: "triple-pause",
    17: "triple-result",
}
MEASURING: Final = frozenset({"measuring", "triple-inflating", "triple-pause"})
"""While it is in one of these it answers no request for a file."""

_FILE_HEAD_SIZE: Final = 10
_RECORD_SIZE: Final = 37


class ForbiddenCommandError(ValueError):
    """A command that must never be sent to a device on somebody's arm."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, either way."""

    command: int
    direction: int
    sequence: int
    data: bytes

    @property
    def device_state(self) -> str | None:
        """What the device is doing; None in all frames but the reply that tells it."""
        tells = self.command == GET_STATE and self.direction == REPLY and len(self.data) == _STATE_SIZE
        return _STATES.get(self.data[-1], "reserved") if tells else None


@dataclass(frozen=True, slots=True)
class Record:
    """One stored measurement."""

    time: DeviceTime
    user: int
    irregular_pulse: bool
    systolic_mmhg: int
    diastolic_mmhg: int
    mean_mmhg: int
    pulse: int
    raw: bytes

    @property
    def outcome(self) -> Outcome:
        """Whether it can be a person's."""
        sound = pressures_ok(self.systolic_mmhg, self.diastolic_mmhg, self.mean_mmhg, "mmHg") and pulse_ok(self.pulse)
        return Outcome.DECODE if sound else Outcome.IMPLAUSIBLE


def size_of(front: bytes) -> int | None:
    """The size of the whole frame, as soon as its front tells it; None when more bytes are needed.

    Raises:
        FrameError: `bad-header`.
    """
    if front and front[0] != _LEAD:
        raise FrameError(Reason.BAD_HEADER, f"begins {front[0]:02x}")
    if len(front) > 2 and front[1] ^ front[2] != 0xFF:
        raise FrameError(Reason.BAD_HEADER, f"command {front[1]:02x} does not match its complement {front[2]:02x}")
    if len(front) < _HEAD_SIZE:
        return None
    return _HEAD_SIZE + int.from_bytes(front[5:7], "little") + 1


def decode(data: bytes) -> Frame:
    """One whole frame.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, `bad-checksum`, or `bad-value` for a direction that does
            not exist.
    """
    size = size_of(data)
    if size is None or len(data) < size:
        raise FrameError(Reason.TRUNCATED, f"{size or _HEAD_SIZE + 1} bytes needed, {len(data)} came")
    if len(data) > size:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes where {size} are told")
    crc = crc8.plain(data[:-1])
    if crc != data[-1]:
        raise FrameError(Reason.BAD_CHECKSUM, f"CRC is {crc:02x}, frame says {data[-1]:02x}")
    if data[3] not in (REQUEST, REPLY):
        raise FrameError(Reason.BAD_VALUE, f"direction {data[3]}")
    return Frame(command=data[1], direction=data[3], sequence=data[4], data=data[_HEAD_SIZE:-1])


def encode(command: int, sequence: int, data: bytes = b"") -> bytes:
    """A request.

    Raises:
        ForbiddenCommandError: the command is none of those that may be sent.
    """
    if command not in ALLOWED:
        raise ForbiddenCommandError(f"command {command:02x} may not be sent to this device")
    head = bytes([_LEAD, command, command ^ 0xFF, REQUEST, sequence & 0xFF]) + len(data).to_bytes(2, "little")
    return head + data + bytes([crc8.plain(head + data)])


def decode_file(data: bytes) -> tuple[Record, ...]:
    """Every record of the file that is not an empty place.

    Raises:
        FrameError: `truncated`, or `bad-length` when it ends within a record.
    """
    if len(data) < _FILE_HEAD_SIZE:
        raise FrameError(Reason.TRUNCATED, f"{_FILE_HEAD_SIZE} bytes needed, {len(data)} came")
    if (len(data) - _FILE_HEAD_SIZE) % _RECORD_SIZE:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes end within a record")
    raws = (data[at : at + _RECORD_SIZE] for at in range(_FILE_HEAD_SIZE, len(data), _RECORD_SIZE))
    return tuple(record for raw in raws if (record := _record(raw)) is not None)


def _record(raw: bytes) -> Record | None:
    systolic, diastolic, mean, pulse = (int.from_bytes(raw[at : at + 2], "little") for at in range(13, 21, 2))
    if systolic == 0 and diastolic == 0:
        return None
    return Record(
        time=DeviceTime(int.from_bytes(raw[:4], "little")),
        user=int.from_bytes(raw[4:8], "little"),
        irregular_pulse=raw[8] != 0,
        systolic_mmhg=systolic,
        diastolic_mmhg=diastolic,
        mean_mmhg=mean,
        pulse=pulse,
        raw=raw,
    )


def measurement(record: Record) -> Measurement:
    """What a record says of the patient."""
    return Measurement(
        channel=Channel.BLOOD_PRESSURE,
        outcome=record.outcome,
        quantities=quantities(
            ("systolic", record.systolic_mmhg, "mmHg"),
            ("diastolic", record.diastolic_mmhg, "mmHg"),
            ("mean", record.mean_mmhg or None, "mmHg"),
            ("pulse", record.pulse or None, "1/min"),
        ),
        frame=record.raw,
        device_time=record.time,
        user_index=record.user,
        status=("irregular-pulse",) if record.irregular_pulse else (),
    )
