"""Enhanced Blood Pressure Measurement (0x2B34): as 0x2A35, with its times as seconds.

    0  flags       bit 0 unit (0 mmHg, 1 kPa), 1 time stamp, 2 pulse, 3 user, 4 status, 5 user-facing time,
                   6 times count from 2000-01-01 (else from 1900-01-01), 7 reserved
    1  pressures   systolic, diastolic, mean: SFLOAT each
       time stamp 4 bytes, pulse SFLOAT, user 1 byte (255 unknown), status 2 bytes, user-facing time 4 bytes:
       each only with its flag

Source: Bluetooth SIG, Blood Pressure Service 1.1.1 and GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec import blood_pressure
from wardgate_drivers.codec.blood_pressure import BloodPressure
from wardgate_drivers.codec.cursor import Cursor
from wardgate_drivers.codec.embedded import take_sfloat
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome

_KPA: Final = 1 << 0
_TIME: Final = 1 << 1
_PULSE: Final = 1 << 2
_USER: Final = 1 << 3
_STATUS: Final = 1 << 4
_USER_FACING_TIME: Final = 1 << 5
_FROM_2000: Final = 1 << 6
_FLAGS_RESERVED: Final = 0x80

_1900: Final = DeviceTime.of(1900, 1, 1, 0, 0, 0)
_2000: Final = DeviceTime.of(2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class EnhancedBloodPressure:
    """The fields of 0x2B34. None for what was not sent."""

    pressures: BloodPressure
    """All fields but the times, which are None there."""
    time: DeviceTime | None
    user_facing_time: DeviceTime | None
    """What the cuff's display showed, where it keeps another clock as well."""

    @property
    def outcome(self) -> Outcome:
        """As of the plain form."""
        return self.pressures.outcome


def decode(data: bytes) -> EnhancedBloodPressure:
    """An Enhanced Blood Pressure Measurement.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    flags = cursor.uint(1)
    epoch = _2000 if flags & _FROM_2000 else _1900
    systolic, diastolic, mean = (take_sfloat(cursor) for _ in range(3))
    time = _time(cursor, epoch) if flags & _TIME else None
    pulse = take_sfloat(cursor) if flags & _PULSE else None
    user = cursor.uint(1) if flags & _USER else None
    status = cursor.uint(2) if flags & _STATUS else None
    user_facing_time = _time(cursor, epoch) if flags & _USER_FACING_TIME else None
    pressures = BloodPressure(
        unit="kPa" if flags & _KPA else "mmHg",
        systolic=systolic,
        diastolic=diastolic,
        mean=mean,
        time=None,
        pulse=pulse,
        user=user,
        status=None if status is None else blood_pressure.status_names(status),
        status_reserved=(status or 0) & blood_pressure.STATUS_RESERVED,
        flags_reserved=flags & _FLAGS_RESERVED,
        trailing_bytes=cursor.left,
    )
    return EnhancedBloodPressure(pressures, time, user_facing_time)


def _time(cursor: Cursor, epoch: DeviceTime) -> DeviceTime:
    return DeviceTime(epoch.civil_s + cursor.uint(4))


def measurement(data: bytes) -> Measurement:
    """What an Enhanced Blood Pressure Measurement says of the patient.

    Raises:
        FrameError: `truncated`.
    """
    frame = decode(data)
    return blood_pressure.as_measurement(frame.pressures, data, frame.time)
