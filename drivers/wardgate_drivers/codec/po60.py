"""Beurer PO60: commands, answers and stored records (service 0xFF12). Only the first byte of a packet has bit 7 set.

    82 / F2  version: hardware and software, 3 bytes each, last part first
    83 / F3  set time: year - 2000, month, day, hour, minute, second, milliseconds; 0 when it was taken
    89 / F9  read time, answered as it is set
    90 / E0  storage: type, total, unread
    99 / E9  records: 00 the first batch of ten, 01 the next, 7E keep all, 7F erase all

The last byte is the low seven bits of the sum of the others. Numbers of two bytes are two digits of seven bits, the low
one first. A record (24 bytes): 1 bits 0-3 number, bit 6 last of its batch; 2-7 start and 8-13 end (year - 2000, month,
day, hour, minute, second); 14 high bits (0-2 period bits 14-16, 3 average pulse, 4 minimum, 5 maximum: bit 7 each);
15-16 period in seconds, high digit first; 17-19 SpO2 maximum, minimum, average; 20-22 the same of the pulse.

Source: Beurer PO60 protocol as documented by wha-digital.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.oximeter_frame import need_sum, need_told_size, outcome_of, oximetry, seven_bit_sum
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome

GET_VERSION: Final = 0x82
SET_TIME: Final = 0x83
GET_TIME: Final = 0x89
GET_STORAGE: Final = 0x90
GET_RECORDS: Final = 0x99
STORAGE: Final = 0xE0
RECORD: Final = 0xE9
VERSION: Final = 0xF2
SET_TIME_RESULT: Final = 0xF3
TIME: Final = 0xF9
SIZES: Final = {
    GET_VERSION: 2,
    SET_TIME: 10,
    GET_TIME: 2,
    GET_STORAGE: 3,
    GET_RECORDS: 3,
    STORAGE: 7,
    RECORD: 24,
    VERSION: 8,
    SET_TIME_RESULT: 3,
    TIME: 10,
}
_LONGEST: Final = max(SIZES.values())
"""A run that is longer is no packet, however long it becomes."""
FIRST_BATCH: Final = 0x00
NEXT_BATCH: Final = 0x01
KEEP: Final = 0x7E
ERASE: Final = 0x7F
OXIMETRY: Final = 0x05
"""The type of storage that holds the records."""
_SYNC: Final = 0x80


@dataclass(frozen=True, slots=True)
class Plain:
    """A command without contents, or one of which the contents do not matter."""

    code: int


@dataclass(frozen=True, slots=True)
class Version:
    """What the device is."""

    hardware: str
    software: str


@dataclass(frozen=True, slots=True)
class Time:
    """A time that is set or told."""

    code: int
    time: DeviceTime
    milliseconds: int


@dataclass(frozen=True, slots=True)
class SetTimeResult:
    """Whether it took the time."""

    ok: bool


@dataclass(frozen=True, slots=True)
class Storage:
    """How much it holds. It calls every record unread, always."""

    data_type: int
    total: int
    unread: int


@dataclass(frozen=True, slots=True)
class Record:
    """One stored measurement of some seconds or minutes."""

    number: int
    """In its batch, from 0."""
    last: bool
    """The last of its batch."""
    start: DeviceTime
    end: DeviceTime
    period_s: int
    spo2_max: int
    spo2_min: int
    spo2_avg: int
    pulse_max: int
    pulse_min: int
    pulse_avg: int

    @property
    def outcome(self) -> Outcome:
        """Judged by the averages."""
        return outcome_of(self.spo2_avg, self.pulse_avg)


Packet = Plain | Version | Time | SetTimeResult | Storage | Record


def decode(data: bytes) -> Packet:
    """One whole packet.

    Raises:
        FrameError: `bad-header`, `bad-sync`, `truncated`, `bad-length`, `bad-checksum`, or `bad-value` for a date that
            cannot exist.
    """
    if not data:
        raise FrameError(Reason.TRUNCATED, "nothing came")
    size = SIZES.get(data[0])
    if size is None:
        raise FrameError(Reason.BAD_HEADER, f"begins {data[0]:02x}")
    if any(byte & _SYNC for byte in data[1:size]):
        raise FrameError(Reason.BAD_SYNC, "another byte than the first has bit 7 set")
    need_told_size(data, size)
    need_sum(data, seven_bit_sum(data[:-1]))
    match data[0]:
        case 0xF2:
            return Version(_version(data[1:4]), _version(data[4:7]))
        case 0x83 | 0xF9:
            return Time(data[0], _time(data[1:7]), _digits(data[7:9]))
        case 0xF3:
            return SetTimeResult(data[1] == 0)
        case 0xE0:
            return Storage(data[1], _digits(data[2:4]), _digits(data[4:6]))
        case 0xE9:
            return _record(data)
        case code:
            return Plain(code)


def _digits(two: bytes) -> int:
    return two[0] | two[1] << 7


def _version(three: bytes) -> str:
    return ".".join(str(part) for part in reversed(three))


def _time(six: bytes) -> DeviceTime:
    year, month, day, hour, minute, second = six
    try:
        return DeviceTime.of(2000 + year, month, day, hour, minute, second)
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error


def _record(data: bytes) -> Record:
    high = data[14]
    return Record(
        number=data[1] & 0x0F,
        last=bool(data[1] & 0x40),
        start=_time(data[2:8]),
        end=_time(data[8:14]),
        period_s=(high & 0x07) << 14 | data[15] << 7 | data[16],
        spo2_max=data[17],
        spo2_min=data[18],
        spo2_avg=data[19],
        pulse_max=data[20] | (high & 0x20) << 2,
        pulse_min=data[21] | (high & 0x10) << 3,
        pulse_avg=data[22] | (high & 0x08) << 4,
    )


def command(code: int, contents: bytes = b"") -> bytes:
    """What a host writes, with its sum."""
    front = bytes((code,)) + contents
    return front + bytes((seven_bit_sum(front),))


def set_time(time: DeviceTime) -> bytes:
    """The command that sets the clock to the whole second nearest to `time`."""
    year, *rest = DeviceTime(round(time.civil_s)).fields()
    return command(SET_TIME, bytes((year - 2000, *rest, 0, 0)))


def measurement(data: bytes, record: Record) -> Measurement:
    """What one stored record says of the patient: its averages, at its end."""
    return oximetry(data, record.outcome, record.spo2_avg, record.pulse_avg, device_time=record.end)


class Splitter:
    """Notifications as they come, runs out: each begins with bit 7 and goes on to the next such byte."""

    def __init__(self) -> None:
        self._run = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The runs that are now finished: those that are as long as their first byte tells, or have been cut off."""
        finished = []
        for byte in data:
            if byte & _SYNC:
                finished += self.close()
                self._run = bytes((byte,))
            elif self._run and len(self._run) <= _LONGEST:
                self._run += bytes((byte,))
        if self._run and len(self._run) >= SIZES.get(self._run[0], 1):
            finished += self.close()
        return finished

    def close(self) -> list[bytes]:
        """The run that was still going on, if any."""
        run, self._run = self._run, b""
        return [run] if run else []


def decode_stream(data: bytes) -> tuple[list[Packet], int]:
    """The packets in notifications put end to end, and how many runs were none.

    Raises:
        FrameError: `no-frame` when there is no packet.
    """
    splitter = Splitter()
    packets: list[Packet] = []
    dropped = 0
    for run in splitter.feed(data) + splitter.close():
        try:
            packets.append(decode(run))
        except FrameError:
            dropped += 1
    if not packets:
        raise FrameError(Reason.NO_FRAME, f"no packet in {len(data)} bytes")
    return packets, dropped
