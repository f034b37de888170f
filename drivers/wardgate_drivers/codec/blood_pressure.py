"""Blood Pressure Measurement (0x2A35), Intermediate Cuff Pressure (0x2A36), Blood Pressure Feature (0x2A49).

    0  flags      bit 0 unit (0 mmHg, 1 kPa), 1 time stamp, 2 pulse, 3 user, 4 status, 5-7 reserved
    1  systolic   SFLOAT
    3  diastolic  SFLOAT
    5  mean       SFLOAT
       time stamp 7 bytes, pulse SFLOAT, user 1 byte (255 unknown), status 2 bytes: each only with its flag

    status        bit 0 body movement, 1 cuff too loose, 2 irregular pulse, 3-4 pulse range, 5 improper position

The intermediate form has the cuff pressure in the place of the systolic and two unused SFLOATs after it.

Source: Bluetooth SIG, Blood Pressure Service 1.1.1 and GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wardgate_drivers.codec.bounds import given, pressures_ok, pulse_ok
from wardgate_drivers.codec.cursor import Cursor, named_bits
from wardgate_drivers.codec.embedded import TimeField, device_time, quantities, take_sfloat, time_field, user_index
from wardgate_drivers.codec.ieee11073 import Number, Special, sfloat
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

_KPA: Final = 1 << 0
_TIME: Final = 1 << 1
_PULSE: Final = 1 << 2
_USER: Final = 1 << 3
_STATUS: Final = 1 << 4
_FLAGS_RESERVED: Final = 0xE0
STATUS_RESERVED: Final = 0xFFC0

_STATUS_BITS: Final = {0: "body-movement", 1: "cuff-too-loose", 2: "irregular-pulse", 5: "improper-position"}
_PULSE_RANGE: Final = ("", "pulse-above-range", "pulse-below-range", "pulse-range-reserved")
_FEATURES: Final = {
    0: "body-movement",
    1: "cuff-fit",
    2: "irregular-pulse",
    3: "pulse-rate-range",
    4: "measurement-position",
    5: "multiple-bonds",
    6: "e2e-crc",
    7: "user-data",
    8: "user-facing-time",
}


class Quirk(StrEnum):
    """Ways in which makers depart from the standard layout."""

    BEURER_BIG_ENDIAN = "beurer-be"
    """Beurer BM85 and relations: pulse and status big-endian, a user byte without its flag."""


@dataclass(frozen=True, slots=True)
class BloodPressure:
    """The fields of 0x2A35. Pressures in `unit`; pulse in 1/min; None for what was not sent."""

    unit: str
    systolic: Number
    diastolic: Number
    mean: Number
    time: TimeField | None
    pulse: Number | None
    user: int | None
    status: tuple[str, ...] | None
    status_reserved: int
    flags_reserved: int
    trailing_bytes: int

    @property
    def outcome(self) -> Outcome:
        """No reading without both pressures (a failed cycle sends NaN); implausible outside the bounds."""
        if isinstance(self.systolic, Special) or isinstance(self.diastolic, Special) or self.systolic == 0:
            return Outcome.NO_READING
        if pressures_ok(self.systolic, self.diastolic, self.mean, self.unit) and pulse_ok(self.pulse):
            return Outcome.DECODE
        return Outcome.IMPLAUSIBLE


def decode(data: bytes, quirk: Quirk | None = None) -> BloodPressure:
    """A Blood Pressure Measurement.

    Raises:
        FrameError: `truncated`.
    """
    big_endian = quirk is Quirk.BEURER_BIG_ENDIAN
    cursor = Cursor(data)
    flags = cursor.uint(1)
    systolic, diastolic, mean = (take_sfloat(cursor) for _ in range(3))
    time = time_field(cursor) if flags & _TIME else None
    pulse = sfloat(_word(cursor, big_endian)) if flags & _PULSE else None
    user = cursor.uint(1) if flags & _USER or big_endian else None
    status = _word(cursor, big_endian) if flags & _STATUS else None
    return BloodPressure(
        unit="kPa" if flags & _KPA else "mmHg",
        systolic=systolic,
        diastolic=diastolic,
        mean=mean,
        time=time,
        pulse=pulse,
        user=user,
        status=None if status is None else status_names(status),
        status_reserved=(status or 0) & STATUS_RESERVED,
        flags_reserved=flags & _FLAGS_RESERVED,
        trailing_bytes=cursor.left,
    )


def _word(cursor: Cursor, big_endian: bool) -> int:
    return int.from_bytes(cursor.take(2), "big" if big_endian else "little")


def status_names(status: int) -> tuple[str, ...]:
    """Names of the measurement status, in bit order."""
    pulse_range = status >> 3 & 0b11
    in_range = {} if not pulse_range else {4 if pulse_range == 0b10 else 3: _PULSE_RANGE[pulse_range]}
    return named_bits(status, _STATUS_BITS | in_range)


def measurement(data: bytes, quirk: Quirk | None = None) -> Measurement:
    """What a Blood Pressure Measurement says of the patient.

    Raises:
        FrameError: `truncated`.
    """
    frame = decode(data, quirk)
    return as_measurement(frame, data, device_time(frame.time))


def as_measurement(frame: BloodPressure, data: bytes, time: DeviceTime | None) -> Measurement:
    """The same of a frame that is decoded, taken at `time` on the cuff's clock."""
    return Measurement(
        channel=Channel.BLOOD_PRESSURE,
        outcome=frame.outcome,
        quantities=quantities(
            ("systolic", frame.systolic, frame.unit),
            ("diastolic", frame.diastolic, frame.unit),
            ("mean", given(frame.mean), frame.unit),
            ("pulse", given(frame.pulse), "1/min"),
        ),
        frame=data,
        device_time=time,
        user_index=user_index(frame.user),
        user_unknown=frame.user is not None and user_index(frame.user) is None,
        status=frame.status or (),
    )


def decode_intermediate(data: bytes, quirk: Quirk | None = None) -> BloodPressure:
    """An Intermediate Cuff Pressure: the cuff pressure of the moment stands in `systolic`. Never a reading.

    Raises:
        FrameError: `truncated`.
    """
    return decode(data, quirk)


@dataclass(frozen=True, slots=True)
class Features:
    """What a cuff can do, in bit order."""

    features: tuple[str, ...]
    trailing_bytes: int


def decode_feature(data: bytes) -> Features:
    """The value of Blood Pressure Feature.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    return Features(named_bits(cursor.uint(2), _FEATURES), cursor.left)
