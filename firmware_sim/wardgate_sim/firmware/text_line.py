"""A device that writes lines into a serial line. It hears nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final

from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import Book, DeviceClock, Taken
from wardgate_sim.line import Line, Pty


class TextLineDevice:
    """Base of the scales with a serial line."""

    MODEL: ClassVar[str]
    """Id in the hub's catalogue."""

    def __init__(self, clock: DeviceClock, *, serial: str, line: Line | None = None) -> None:
        self.clock: Final = clock
        self.serial: Final = serial
        self.book: Final = Book(serial)
        self.line: Final = line or Pty()
        self.port: Final = self.line.port
        """What the hub opens."""
        self._weighing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Switch it on."""

    async def stop(self) -> None:
        """Pull the plug: the line hangs up."""
        await self._cancel(self._weighing)
        self.line.close()

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Step on it."""
        await self.asleep()
        taken = self.book.take(values, at or self.clock.now())
        self._weighing = asyncio.create_task(self.weigh(taken), name=f"{self.MODEL} weighing")
        return taken

    async def asleep(self) -> None:
        """Done when nobody stands on it."""
        if self._weighing is not None:
            await asyncio.wait([self._weighing])

    async def weigh(self, taken: Taken) -> None:
        """What it writes for a person."""
        raise NotImplementedError

    def write(self, line: bytes) -> bool:
        """Write; whether anybody was there to read it."""
        self.line.read()
        return self.line.host_present() and self.line.write(line)

    @staticmethod
    async def _cancel(task: asyncio.Task[None] | None) -> None:
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
