"""What a session tells whoever runs it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from wardgate_drivers.errors import FrameError
from wardgate_drivers.measurement import DeviceTime, Measurement


@dataclass(frozen=True, slots=True)
class Consent:
    """What a device asks before it tells a user's measurements."""

    user_index: int
    code: int
    """0 to 9999: chosen or shown when the user was made on the device."""


class SessionSink(Protocol):
    """The hub's ear in one session with one device. Every call comes from the event loop.

    A session acknowledges or erases nothing on the device before the awaitable of `measurement` is done.
    """

    def measurement(self, measurement: Measurement) -> Awaitable[None]:
        """Take a measurement, stamped with its arrival now. Done once it is safe on disk (or judged and counted)."""
        ...

    def rejected(self, error: FrameError, frame: bytes) -> None:
        """A frame was refused; it is counted and kept for a look, never a reading."""
        ...

    def clock(self, device_now: DeviceTime) -> None:
        """What the device's clock shows at this moment, told *before* it is set."""
        ...

    def clock_target(self) -> DeviceTime | None:
        """What a device's clock has to show now; None while the hub does not know the time."""
        ...

    def clock_set(self, to: DeviceTime) -> None:
        """The device accepted this time."""
        ...

    def battery(self, percent: int) -> None:
        """The battery level the device told."""
        ...

    def identity(self, field: str, value: str) -> None:
        """One item of Device Information: `serial`, `firmware`, `hardware`, `model`, `maker`."""
        ...

    def recall(self, key: str) -> bytes | None:
        """What an earlier session with this same device left under that name."""
        ...

    def remember(self, key: str, value: bytes) -> Awaitable[None]:
        """Leave something for the next sessions with this device. Done once it is safe on disk."""
        ...

    def consent(self) -> Consent | None:
        """The patient's slot on the device and its code; None where they are not configured."""
        ...
