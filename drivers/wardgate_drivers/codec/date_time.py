"""Date Time, characteristic 0x2A08, and the same seven bytes inside measurements.

    0  year     2 bytes, 0 unknown, else 1582-9999
    2  month    1-12, 0 unknown
    3  day      1-31, 0 unknown
    4  hour     0-23
    5  minute   0-59
    6  second   0-59

Civil time without a zone. Source: Bluetooth SIG, GATT Specification Supplement, Date Time.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime

SIZE: Final = 7
_YEARS: Final = range(1582, 10000)
_A_LEAP_YEAR: Final = 2000
"""Stands in for an unknown year, so that 29 February is not refused for it."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date and time, some parts of which may be unknown (None)."""

    year: int | None
    month: int | None
    day: int | None
    hour: int
    minute: int
    second: int

    @property
    def device_time(self) -> DeviceTime | None:
        """The same as one point on the device's clock; None when a part is unknown."""
        if self.year is None or self.month is None or self.day is None:
            return None
        return DeviceTime.of(self.year, self.month, self.day, self.hour, self.minute, self.second)


def parse(seven: bytes) -> Stamp | None:
    """Seven bytes as they stand in a measurement; None for a date or time that cannot exist."""
    year = int.from_bytes(seven[:2], "little")
    month, day, hour, minute, second = seven[2:SIZE]
    if (year and year not in _YEARS) or month > 12:
        return None
    longest = calendar.monthrange(year or _A_LEAP_YEAR, month)[1] if month else 31
    if day > longest or hour > 23 or minute > 59 or second > 59:
        return None
    return Stamp(year or None, month or None, day or None, hour, minute, second)


def decode(data: bytes) -> Stamp:
    """The value of characteristic 0x2A08.

    Raises:
        FrameError: `bad-length`, or `bad-value` for a date or time that cannot exist.
    """
    need_size(data, SIZE)
    stamp = parse(data)
    if stamp is None:
        raise FrameError(Reason.BAD_VALUE, f"no such date or time: {data.hex()}")
    return stamp


def encode(time: DeviceTime) -> bytes:
    """The seven bytes to write, of the whole second nearest to `time`."""
    year, month, day, hour, minute, second = DeviceTime(round(time.civil_s)).fields()
    return year.to_bytes(2, "little") + bytes((month, day, hour, minute, second))
