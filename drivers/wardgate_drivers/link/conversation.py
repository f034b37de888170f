"""What a maker's own protocol is written with: a talk over raw characteristics, with the hub's ear beside it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Measurement


class Conversation(Protocol):
    """One talk with one connected device. Every wait has a deadline; a lost link raises LinkLostError.

    `sink` is for what is no measurement: clock, battery, identity.
    """

    sink: SessionSink

    async def listen(self, characteristic: str) -> None:
        """Subscribe to a characteristic; what it sends comes out of `next_frame`."""
        ...

    async def next_frame(self, within_s: float) -> bytes | None:
        """The next frame of those listened to, in the order of arrival; None when nothing came in time."""
        ...

    async def write(self, characteristic: str, value: bytes) -> None:
        """Write a command, with response where the characteristic gives one."""
        ...

    async def read(self, characteristic: str) -> bytes:
        """Read a value."""
        ...

    def time_s(self) -> float:
        """Seconds that only ever go on: what passed between two moments of the talk is their difference."""
        ...

    def has(self, characteristic: str) -> bool:
        """Whether the device has that characteristic."""
        ...

    def keep(self, measurement: Measurement) -> Awaitable[None]:
        """Hand a measurement over. The awaitable is done when it is safe; it fails when it could not be stored."""
        ...

    async def settled(self) -> None:
        """Wait until everything handed over is safe: only then acknowledge or erase.

        Raises:
            NotKeptError: something was not stored; nothing may be erased.
        """
        ...

    def rejected(self, error: FrameError, frame: bytes) -> None:
        """Count a frame that was refused."""
        ...
