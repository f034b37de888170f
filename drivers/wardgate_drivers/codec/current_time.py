"""Current Time, characteristic 0x2A2B: 10 bytes.

    0  Date Time      7 bytes, see `date_time`
    7  weekday        Monday 1 ... Sunday 7, 0 unknown
    8  fraction       1/256 s
    9  adjust reason  bit 0 manual, 1 external reference, 2 time zone, 3 daylight saving

Source: Bluetooth SIG, Current Time Service 1.1 and GATT Specification Supplement, Current Time.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec import date_time
from wardgate_drivers.codec.cursor import named_bits, need_size
from wardgate_drivers.codec.date_time import Stamp
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime

SIZE: Final = 10
_ADJUST: Final = {0: "manual", 1: "external-reference", 2: "time-zone", 3: "dst"}
_EXTERNAL_REFERENCE: Final = 0b10


@dataclass(frozen=True, slots=True)
class CurrentTime:
    """What a device's clock shows."""

    stamp: Stamp
    weekday: int | None
    """Monday 1; None when the device does not know."""
    fractions256: int
    adjust: tuple[str, ...]
    """Why the clock was last changed."""

    @property
    def device_time(self) -> DeviceTime | None:
        """One point on the device's clock; None when part of the date is unknown."""
        whole = self.stamp.device_time
        return whole and DeviceTime(whole.civil_s + self.fractions256 / 256)


def decode(data: bytes) -> CurrentTime:
    """The value of characteristic 0x2A2B.

    Raises:
        FrameError: `bad-length`, or `bad-value` for a time or a weekday that cannot exist.
    """
    need_size(data, SIZE)
    stamp = date_time.decode(data[: date_time.SIZE])
    weekday, fraction, reason = data[date_time.SIZE :]
    if weekday > 7:
        raise FrameError(Reason.BAD_VALUE, f"weekday {weekday}")
    return CurrentTime(stamp, weekday or None, fraction, named_bits(reason, _ADJUST))


def encode(time: DeviceTime) -> bytes:
    """The ten bytes to write, of the whole second nearest to `time`."""
    whole = DeviceTime(round(time.civil_s))
    weekday = calendar.weekday(*whole.fields()[:3]) + 1
    return date_time.encode(whole) + bytes((weekday, 0, _EXTERNAL_REFERENCE))
