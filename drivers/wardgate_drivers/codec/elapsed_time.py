"""Elapsed Time, characteristic 0x2BF2: 11 bytes; embedded in other services: 9 bytes.

    0   flags         bit 0 tick counter, 1 UTC (else local), 2-3 resolution (1, 0.1, 0.001, 0.0001 s),
                      4 zone and daylight saving used, 5 current timeline
    1   time          6 bytes, of the resolution, from 2000-01-01
    7   source        0 unknown, 1 NTP, 2 GPS, 3 radio, 4 manual, 5 atomic, 6 cellular, 7 not synchronised
    8   offset        quarter hours, signed, meant with flag bit 4
    9   clock status  bit 0 needs set
    10  capabilities  bit 0 daylight saving, 1 zone

Source: Bluetooth SIG, Elapsed Time Service 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime

EMBEDDED_SIZE: Final = 9
SIZE: Final = 11
_EPOCH: Final = DeviceTime.of(2000, 1, 1, 0, 0, 0)
_END: Final = DeviceTime.of(9999, 12, 31, 23, 59, 59)
_STEPS_PER_S: Final = (1, 10, 1000, 10000)
_SOURCE: Final = ("unknown", "ntp", "gps", "radio", "manual", "atomic", "cellular", "not-synced")


@dataclass(frozen=True, slots=True)
class ElapsedTime:
    """What a clock shows. None: not told."""

    seconds: float
    kind: str
    """`tick-counter`, `utc` or `local`."""
    sync_source: str
    current_timeline: bool
    time: DeviceTime | None
    """None for a tick counter, which has no date."""
    offset_minutes: int | None
    """Time zone and daylight saving, east positive."""
    needs_set: bool | None
    manages_dst: bool | None
    manages_zone: bool | None


def decode(data: bytes) -> ElapsedTime:
    """The value of 0x2BF2, alone or embedded.

    Raises:
        FrameError: `bad-length`, or `bad-value` for a date after the year 9999.
    """
    need_size(data, EMBEDDED_SIZE, SIZE)
    flags, source = data[0], data[7]
    seconds = int.from_bytes(data[1:7], "little") / _STEPS_PER_S[flags >> 2 & 0b11]
    kind = "tick-counter" if flags & 1 << 0 else "utc" if flags & 1 << 1 else "local"
    offset = int.from_bytes(data[8:9], "little", signed=True) * 15 if flags & 1 << 4 else None
    alone = data[EMBEDDED_SIZE:]
    return ElapsedTime(
        seconds=seconds,
        kind=kind,
        sync_source=_SOURCE[source] if source < len(_SOURCE) else "reserved",
        current_timeline=bool(flags & 1 << 5),
        time=None if kind == "tick-counter" else _time(seconds),
        offset_minutes=offset,
        needs_set=bool(alone[0] & 1 << 0) if alone else None,
        manages_dst=bool(alone[1] & 1 << 0) if alone else None,
        manages_zone=bool(alone[1] & 1 << 1) if alone else None,
    )


def _time(seconds: float) -> DeviceTime:
    time = DeviceTime(_EPOCH.civil_s + seconds)
    if time > _END:
        raise FrameError(Reason.BAD_VALUE, f"{seconds} s after 2000 is beyond the year 9999")
    return time
