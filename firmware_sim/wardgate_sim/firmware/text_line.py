"""A device that writes lines into a serial line (a pty). It hears nothing."""

from __future__ import annotations

import asyncio
import os
import select
import tty
from collections.abc import Mapping
from typing import ClassVar, Final

from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import Book, DeviceClock, Taken


class TextLineDevice:
    """Base of the scales with a serial line."""

    MODEL: ClassVar[str]
    """Id in the hub's catalogue."""

    def __init__(self, clock: DeviceClock, *, serial: str) -> None:
        self.clock: Final = clock
        self.serial: Final = serial
        self.book: Final = Book(serial)
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port: Final = os.ttyname(slave)
        """What the hub opens."""
        os.close(slave)
        os.set_blocking(self._master, False)
        self._weighing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Switch it on."""

    async def stop(self) -> None:
        """Pull the plug: the line hangs up."""
        await self._cancel(self._weighing)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

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

    def host_present(self) -> bool:
        """Whether anybody has the line open."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def write(self, line: bytes) -> bool:
        """Write; whether anybody was there to read it."""
        if not self.host_present():
            return False
        try:
            return os.write(self._master, line) == len(line)
        except BlockingIOError:
            return False

    @staticmethod
    async def _cancel(task: asyncio.Task[None] | None) -> None:
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
