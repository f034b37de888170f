"""Omron's own protocol: frames that carry pieces of a cuff's memory, the records in it, and its clock.

Frame (big-endian, the whole of it XORs to 0; padding may follow):

    0  length   of the frame, itself and the check byte included
    1  type     2 bytes: 0000 open, 0100 read, 01C0 write, 0F00 close; answers have bit 15 set
    3  address  2 bytes
    5  size     of the data asked for, written or sent
    6  data
       check    XOR of all before it

Record, little-endian kind (14 bytes):

    0  systolic - 25     mmHg; over E1: the slot is empty
    1  diastolic         mmHg
    2  pulse             1/min
    3  year - 2000       6 bits
    4  bits 0-4 hour, 5-9 day, 10-13 month, 14 irregular pulse, 15 movement
    6  bits 0-5 second (above 59 counts as 59), 6-11 minute, 12 cuff (which way round is in doubt)
    12 record id         2 bytes; real captures suggest that it may stand at 10 instead

Record, big-endian kind (14 bytes), most significant bit first: diastolic 8, systolic - 25 8, year - 2000 8, pulse 8,
movement 1, irregular pulse 1, month 4, day 5, hour 5, spare 4, minute 6, second 6. All FF or all 0 is an empty slot.

Clock block (16 bytes): 8 year - 2000, month, day, hour, minute, second; 14 low byte of the sum of the 14 before it.
The big-endian kind has a block of 10 bytes: 2 month, year - 2000, hour, day, second, minute; 9 low byte of the sum of
the first 8.

Source: memory maps and frames as described by the projects omblepy and hass-omron. No document of the maker's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from wardgate_drivers.codec.bounds import pressures_ok, pulse_ok
from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

RECORD_SIZE: Final = 14
CLOCK_SIZE: Final = 16
CLOCK_TIME_AT: Final = 8
CLOCK_SUM_AT: Final = 14
SHORT_CLOCK_SIZE: Final = 10
SHORT_CLOCK_TIME_AT: Final = 2
SHORT_CLOCK_TIME_END: Final = 8
SHORT_CLOCK_SUM_AT: Final = 9

OPEN: Final = 0x0000
READ: Final = 0x0100
WRITE: Final = 0x01C0
CLOSE: Final = 0x0F00
ANSWER: Final = 0x8000

IRREGULAR_PULSE: Final = "irregular-pulse"
BODY_MOVEMENT: Final = "body-movement"

_LEAST_LENGTH: Final = 7
_DATA_AT: Final = 6
_SYSTOLIC_BASE_MMHG: Final = 25
_HIGHEST_SYSTOLIC: Final = 0xE1
_LAST_SECOND: Final = 59


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, either way."""

    type: int
    address: int
    size: int
    data: bytes
    """What stands between the size and the check byte: `size` bytes and one filler, or fewer when there are none."""


@dataclass(frozen=True, slots=True)
class Record:
    """One stored measurement."""

    systolic_mmhg: int
    diastolic_mmhg: int
    pulse: int
    time: DeviceTime
    irregular_pulse: bool
    body_movement: bool
    cuff_bit: int | None = None
    """Only the little-endian kind has it. What it means is in doubt."""
    record_id: int | None = None
    """Only the little-endian kind has it. In doubt as well, so nothing is told apart by it."""

    @property
    def outcome(self) -> Outcome:
        """Whether it can be a person's."""
        sound = pressures_ok(self.systolic_mmhg, self.diastolic_mmhg, 0, "mmHg") and pulse_ok(self.pulse)
        return Outcome.DECODE if sound else Outcome.IMPLAUSIBLE

    @property
    def status(self) -> tuple[str, ...]:
        """Names of what was set, as blood pressure status bits are called."""
        named = ((BODY_MOVEMENT, self.body_movement), (IRREGULAR_PULSE, self.irregular_pulse))
        return tuple(name for name, is_set in named if is_set)


def decode_frame(data: bytes) -> Frame:
    """One frame, whole.

    Raises:
        FrameError: `bad-length`, `truncated` or `bad-checksum`.
    """
    length = data[0] if data else None
    if length is not None and length < _LEAST_LENGTH:
        raise FrameError(Reason.BAD_LENGTH, f"its length byte says {length}, {_LEAST_LENGTH} is the least")
    if length is None or len(data) < length:
        raise FrameError(Reason.TRUNCATED, f"{length or _LEAST_LENGTH} bytes needed, {len(data)} came")
    whole = data[:length]
    if check := reduce(xor, whole):
        raise FrameError(Reason.BAD_CHECKSUM, f"it XORs to {check:02x}")
    return Frame(
        type=int.from_bytes(whole[1:3], "big"),
        address=int.from_bytes(whole[3:5], "big"),
        size=whole[5],
        data=whole[_DATA_AT:-1],
    )


def encode_frame(type_: int, address: int, size: int, data: bytes = b"") -> bytes:
    """A frame to send: the data are followed by the filler byte that the cuffs expect."""
    head = bytes([_DATA_AT + len(data) + 2]) + type_.to_bytes(2, "big") + address.to_bytes(2, "big") + bytes([size])
    body = head + data + b"\0"
    return body + bytes([reduce(xor, body)])


def decode_record_le(data: bytes) -> Record | None:
    """A record of the little-endian kind; None for an empty slot.

    Raises:
        FrameError: `bad-length`, or `bad-value` for a date that cannot exist.
    """
    need_size(data, RECORD_SIZE)
    if data[0] > _HIGHEST_SYSTOLIC or _is_blank(data):
        return None
    date, time = int.from_bytes(data[4:6], "little"), int.from_bytes(data[6:8], "little")
    return Record(
        systolic_mmhg=data[0] + _SYSTOLIC_BASE_MMHG,
        diastolic_mmhg=data[1],
        pulse=data[2],
        time=_time(data[3] & 0x3F, date >> 10 & 0xF, date >> 5 & 0x1F, date & 0x1F, time >> 6 & 0x3F, _second(time)),
        irregular_pulse=bool(date >> 14 & 1),
        body_movement=bool(date >> 15 & 1),
        cuff_bit=time >> 12 & 1,
        record_id=int.from_bytes(data[12:14], "little"),
    )


def decode_record_be(data: bytes) -> Record | None:
    """A record of the big-endian kind; None for an empty slot.

    Raises:
        FrameError: `bad-length`, or `bad-value` for a date that cannot exist.
    """
    need_size(data, RECORD_SIZE)
    if _is_blank(data):
        return None
    date, time = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
    return Record(
        systolic_mmhg=data[1] + _SYSTOLIC_BASE_MMHG,
        diastolic_mmhg=data[0],
        pulse=data[3],
        time=_time(data[2], date >> 10 & 0xF, date >> 5 & 0x1F, date & 0x1F, time >> 6 & 0x3F, _second(time)),
        irregular_pulse=bool(date >> 14 & 1),
        body_movement=bool(date >> 15 & 1),
    )


def decode_clock(data: bytes) -> DeviceTime:
    """What the cuff's clock shows.

    Raises:
        FrameError: `bad-length`, `bad-checksum`, or `bad-value` for a time that cannot exist.
    """
    need_size(data, CLOCK_SIZE)
    _need_sum(data[:CLOCK_SUM_AT], data[CLOCK_SUM_AT])
    year, month, day, hour, minute, second = data[CLOCK_TIME_AT:CLOCK_SUM_AT]
    return _time(year, month, day, hour, minute, second)


def encode_clock(block: bytes, to: DeviceTime) -> bytes:
    """The clock block as it was read, with another time in it."""
    year, *rest = to.fields()
    summed = block[:CLOCK_TIME_AT] + bytes([year - 2000, *rest])
    return summed + bytes([sum(summed) & 0xFF, 0])


def decode_short_clock(data: bytes) -> DeviceTime:
    """What the clock of a cuff with big-endian records shows.

    Raises:
        FrameError: `bad-length`, `bad-checksum`, or `bad-value` for a time that cannot exist.
    """
    need_size(data, SHORT_CLOCK_SIZE)
    _need_sum(data[:SHORT_CLOCK_TIME_END], data[SHORT_CLOCK_SUM_AT])
    month, year, hour, day, second, minute = data[SHORT_CLOCK_TIME_AT:SHORT_CLOCK_TIME_END]
    return _time(year, month, day, hour, minute, second)


def encode_short_clock(block: bytes, to: DeviceTime) -> bytes:
    """The short clock block as it was read, with another time in it."""
    year, month, day, hour, minute, second = to.fields()
    summed = block[:SHORT_CLOCK_TIME_AT] + bytes([month, year - 2000, hour, day, second, minute])
    return summed + bytes([0, sum(summed) & 0xFF])


def measurement(record: Record, raw: bytes, user: int) -> Measurement:
    """What a record says of the patient.

    Args:
        record: the record.
        raw: its bytes, as the slot holds them.
        user: 1 or 2, as the cuff's own switch says.
    """
    return Measurement(
        channel=Channel.BLOOD_PRESSURE,
        outcome=record.outcome,
        quantities=quantities(
            ("systolic", record.systolic_mmhg, "mmHg"),
            ("diastolic", record.diastolic_mmhg, "mmHg"),
            ("pulse", record.pulse or None, "1/min"),
        ),
        frame=raw,
        device_time=record.time,
        user_index=user,
        status=record.status,
    )


def _need_sum(summed: bytes, told: int) -> None:
    total = sum(summed) & 0xFF
    if total != told:
        raise FrameError(Reason.BAD_CHECKSUM, f"sum is {total:02x}, block says {told:02x}")


def _is_blank(data: bytes) -> bool:
    return set(data) in ({0x00}, {0xFF})


def _second(time: int) -> int:
    """Six bits of a record's time word: cuffs were seen to count on to 63."""
    return min(time & 0x3F, _LAST_SECOND)


def _time(year: int, month: int, day: int, hour: int, minute: int, second: int) -> DeviceTime:
    try:
        return DeviceTime.of(2000 + year, month, day, hour, minute, second)
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error
