"""Time as a device's display shows it, and its layouts: Date Time (0x2A08), Current Time (0x2A2B)."""

from __future__ import annotations

import calendar
import time
from typing import NamedTuple, Self


class Civil(NamedTuple):
    """A date and a time of day without a zone."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int

    @classmethod
    def from_s(cls, civil_s: float) -> Self:
        """From seconds since 1970-01-01T00:00:00 on the same clock."""
        t = time.gmtime(civil_s)
        return cls(t.tm_year, t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec)

    @property
    def civil_s(self) -> int:
        """Seconds since 1970-01-01T00:00:00 on the same clock."""
        return calendar.timegm(self)

    def __str__(self) -> str:
        return "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}".format(*self)


def date_time(at: Civil) -> bytes:
    """Date Time: year (2 bytes, little-endian), month, day, hour, minute, second."""
    return at.year.to_bytes(2, "little") + bytes(at[1:])


def read_date_time(value: bytes) -> Civil:
    """What a host wrote to a device's clock.

    Raises:
        ValueError: it is no date or time.
    """
    if len(value) != 7:
        raise ValueError(f"a Date Time has 7 bytes, not {len(value)}")
    at = Civil(int.from_bytes(value[:2], "little"), *value[2:])
    if Civil.from_s(at.civil_s) != at:
        raise ValueError(f"no such time: {at}")
    return at


def current_time(at: Civil, *, adjust_reason: int = 0) -> bytes:
    """Current Time: Date Time, weekday (Monday 1), 1/256 s, reason of the last adjustment."""
    weekday = calendar.weekday(*at[:3]) + 1
    return date_time(at) + bytes([weekday, 0, adjust_reason])
