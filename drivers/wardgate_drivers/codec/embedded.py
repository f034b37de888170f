"""The optional fields that standard measurements share: time stamp, user, trailing bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec import date_time
from wardgate_drivers.codec.cursor import Cursor
from wardgate_drivers.codec.date_time import Stamp
from wardgate_drivers.codec.ieee11073 import Number, Special, sfloat
from wardgate_drivers.measurement import DeviceTime, Quantity

UNKNOWN_USER: Final = 255


@dataclass(frozen=True, slots=True)
class TimeField:
    """A time stamp inside a measurement. An impossible one does not refuse the frame: `stamp` is None then."""

    stamp: Stamp | None

    @property
    def device_time(self) -> DeviceTime | None:
        """One point on the device's clock; None when impossible or partly unknown."""
        return self.stamp.device_time if self.stamp else None


def time_field(cursor: Cursor) -> TimeField:
    """Take a seven-byte time stamp."""
    return TimeField(date_time.parse(cursor.take(date_time.SIZE)))


def take_sfloat(cursor: Cursor) -> Number:
    """Take a little-endian SFLOAT."""
    return sfloat(cursor.uint(2))


def device_time(time: TimeField | None) -> DeviceTime | None:
    """The point on the device's clock that an optional field tells."""
    return time.device_time if time else None


def user_index(user: int | None) -> int | None:
    """The slot that an optional user field tells; None for "unknown user"."""
    return None if user == UNKNOWN_USER else user


def quantities(*named: tuple[str, Number | None, str]) -> tuple[Quantity, ...]:
    """Quantities (name, value, unit) of those values that are numbers."""
    return tuple(
        Quantity(name, value, unit)
        for name, value, unit in named
        if value is not None and not isinstance(value, Special)
    )
