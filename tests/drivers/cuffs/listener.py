"""A conversation with a device that says what a test wants, and a record of what it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from tests.support.ear import Ear
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import SessionError
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Measurement

LONGEST_TALK: Final = 500


class EnoughError(SessionError):
    """The device has said all that this example lets it say."""


class Listener:
    """Implements `Conversation`. After its last frame the device is silent, and after many words it is gone."""

    def __init__(self, frames: list[bytes]) -> None:
        self.ear: Final = Ear()
        self.sink: SessionSink = self.ear
        self.written: list[tuple[str, bytes]] = []
        self.listened: list[str] = []
        self._frames = frames

    async def listen(self, characteristic: str) -> None:
        self.listened.append(characteristic)

    async def next_frame(self, within_s: float) -> bytes | None:
        if len(self.written) > LONGEST_TALK:
            raise EnoughError
        return self._frames.pop(0) if self._frames else None

    async def write(self, characteristic: str, value: bytes) -> None:
        self.written.append((characteristic, value))

    async def read(self, characteristic: str) -> bytes:
        raise AssertionError("nothing is read")

    def time_s(self) -> float:
        return float(len(self.written))

    def has(self, characteristic: str) -> bool:
        return True

    def keep(self, measurement: Measurement) -> Awaitable[None]:
        return self.ear.measurement(measurement)

    async def settled(self) -> None:
        return None

    def rejected(self, error: FrameError, frame: bytes) -> None:
        self.ear.rejected(error, frame)


def talk(converse: Callable[[Conversation], Awaitable[None]], frames: list[bytes]) -> Listener:
    """The whole talk with a device that says this. Nothing but a SessionError may end it early."""

    async def go() -> Listener:
        listener = Listener(list(frames))
        with contextlib.suppress(SessionError):
            await converse(listener)
        return listener

    return asyncio.run(go())
