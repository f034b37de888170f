"""Microlife's own protocol (BP A6 BT, BP3GY1 and kin): one frame a command, one frame a reply.

    0  4D
    1  FF to the device, 3A from it
    2  length   2 bytes, big-endian: payload and check byte
    4  payload
       check    low byte of the sum of all before it

To the device the payload begins with the command: 0 get the records, 4 disconnect, 0D set the time (year - 2000,
month, day, hour, minute, second). From it comes a short acknowledgement (81), or 38 bytes and then records of 10:
systolic, diastolic, pulse, year - 2000, month, day, hour, minute, 2 spare. A record whose date cannot exist is left
out. Replies span notifications.

Source: protocol notes of the project joergmlpts/blood-pressure-monitor. No document of the maker's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import pressures_ok, pulse_ok
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

TO_DEVICE: Final = 0xFF
FROM_DEVICE: Final = 0x3A
GET: Final = 0x00
DISCONNECT: Final = 0x04
SET_TIME: Final = 0x0D
ACKNOWLEDGED: Final = b"\x81"

_LEAD: Final = 0x4D
_HEAD_SIZE: Final = 4
_LEAST_LENGTH: Final = 2
_RECORDS_AT: Final = 38
_RECORD_SIZE: Final = 10
_TIME_SIZE: Final = 6
_GET_PAYLOAD: Final = bytes([GET, 0, 0, 0, 0, 0, 0, 0xFD])
"""FD after six bytes of zero, as the maker's own programs send it; what they mean is not known."""


@dataclass(frozen=True, slots=True)
class Record:
    """One stored measurement."""

    systolic_mmhg: int
    diastolic_mmhg: int
    pulse: int
    time: DeviceTime
    raw: bytes

    @property
    def outcome(self) -> Outcome:
        """Whether it can be a person's; pressures of 0 are an empty place."""
        if self.systolic_mmhg == 0 and self.diastolic_mmhg == 0:
            return Outcome.NO_READING
        sound = pressures_ok(self.systolic_mmhg, self.diastolic_mmhg, 0, "mmHg") and pulse_ok(self.pulse)
        return Outcome.DECODE if sound else Outcome.IMPLAUSIBLE


@dataclass(frozen=True, slots=True)
class Command:
    """What a host sends. `time` only where it sets the clock."""

    command: int
    time: DeviceTime | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A short reply."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Memory:
    """The reply to `GET`: every record whose date can exist, in the device's order."""

    records: tuple[Record, ...]


Frame = Command | Acknowledgement | Memory


def size_of(front: bytes) -> int | None:
    """The size of the whole frame, as soon as its front tells it; None when more bytes are needed.

    Raises:
        FrameError: `bad-header`, or `bad-length` for a length that no frame has.
    """
    leads = (bytes([_LEAD, TO_DEVICE]), bytes([_LEAD, FROM_DEVICE]))
    if not any(lead.startswith(front[:2]) for lead in leads):
        raise FrameError(Reason.BAD_HEADER, f"begins {front[:2].hex()}")
    if len(front) < _HEAD_SIZE:
        return None
    length = int.from_bytes(front[2:4], "big")
    if length < _LEAST_LENGTH:
        raise FrameError(Reason.BAD_LENGTH, f"its length says {length}, {_LEAST_LENGTH} is the least")
    return _HEAD_SIZE + length


def decode(data: bytes) -> Frame:
    """One whole frame.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, `bad-checksum`, or `bad-value` for a time that cannot be
            set.
    """
    size = size_of(data)
    if size is None or len(data) < size:
        raise FrameError(Reason.TRUNCATED, f"{size or _HEAD_SIZE} bytes needed, {len(data)} came")
    if len(data) > size:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes where {size} are told")
    total = sum(data[:-1]) & 0xFF
    if total != data[-1]:
        raise FrameError(Reason.BAD_CHECKSUM, f"sum is {total:02x}, frame says {data[-1]:02x}")
    payload = data[_HEAD_SIZE:-1]
    if data[1] == TO_DEVICE:
        return _command(payload)
    return Acknowledgement(payload) if len(payload) < _RECORDS_AT else _memory(payload)


def _command(payload: bytes) -> Command:
    if payload[0] != SET_TIME:
        return Command(payload[0])
    if len(payload) != 1 + _TIME_SIZE:
        raise FrameError(Reason.BAD_LENGTH, f"{len(payload) - 1} bytes of time where {_TIME_SIZE} are fixed")
    year, month, day, hour, minute, second = payload[1:]
    try:
        return Command(SET_TIME, DeviceTime.of(2000 + year, month, day, hour, minute, second))
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error


def _memory(payload: bytes) -> Memory:
    if (len(payload) - _RECORDS_AT) % _RECORD_SIZE:
        raise FrameError(Reason.BAD_LENGTH, f"{len(payload)} bytes of payload end within a record")
    raws = (payload[at : at + _RECORD_SIZE] for at in range(_RECORDS_AT, len(payload), _RECORD_SIZE))
    return Memory(tuple(record for raw in raws if (record := _record(raw)) is not None))


def _record(raw: bytes) -> Record | None:
    systolic, diastolic, pulse, year, month, day, hour, minute = raw[:8]
    try:
        time = DeviceTime.of(2000 + year, month, day, hour, minute, 0)
    except ValueError:
        return None
    return Record(systolic, diastolic, pulse, time, raw)


def get() -> bytes:
    """Ask for the whole memory."""
    return _encode(_GET_PAYLOAD)


def disconnect() -> bytes:
    """Let the device hang up."""
    return _encode(bytes([DISCONNECT]))


def set_time(to: DeviceTime) -> bytes:
    """Set its clock."""
    year, *rest = to.fields()
    return _encode(bytes([SET_TIME, year - 2000, *rest]))


def _encode(payload: bytes) -> bytes:
    body = bytes([_LEAD, TO_DEVICE]) + (len(payload) + 1).to_bytes(2, "big") + payload
    return body + bytes([sum(body) & 0xFF])


def measurement(record: Record) -> Measurement:
    """What a record says of the patient. The device's times have no seconds."""
    return Measurement(
        channel=Channel.BLOOD_PRESSURE,
        outcome=record.outcome,
        quantities=quantities(
            ("systolic", record.systolic_mmhg, "mmHg"),
            ("diastolic", record.diastolic_mmhg, "mmHg"),
            ("pulse", record.pulse or None, "1/min"),
        ),
        time_resolution_s=60.0,
        frame=record.raw,
        device_time=record.time,
    )
