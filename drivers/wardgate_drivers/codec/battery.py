"""Battery Level, characteristic 0x2A19: one byte, 0-100 percent.

Source: Bluetooth SIG, Battery Service 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from wardgate_drivers.codec.cursor import Cursor
from wardgate_drivers.errors import FrameError, Reason


@dataclass(frozen=True, slots=True)
class BatteryLevel:
    """What is left in the battery."""

    percent: int
    trailing_bytes: int


def decode(data: bytes) -> BatteryLevel:
    """The value of Battery Level.

    Raises:
        FrameError: `truncated`, or `bad-value` above 100.
    """
    cursor = Cursor(data)
    percent = cursor.uint(1)
    if percent > 100:
        raise FrameError(Reason.BAD_VALUE, f"{percent} percent")
    return BatteryLevel(percent, cursor.left)
