"""Nonin 9560 on a serial line: format 13, every record repeated until it is acknowledged.

It sends while a host has the line open. A record that was made just now is marked live; one that waited is marked
"from memory" and keeps its own time. The host's commands are those of Nonin's 9560 specification.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

from wardgate_sim.encode import nonin
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import Book, DeviceClock, Taken
from wardgate_sim.line import Line, Pty

FORMAT_13: Final = 0x0D
IDLE_S: Final = 60.0
"""A look at the line, should nothing happen on it."""
ANSWER_LOOK_S: Final = 0.002
_LONGEST_COMMAND: Final = 16


class Nonin9560:
    """A finger-tip oximeter with a memory."""

    MODEL: Final = "nonin-9560-serial"

    def __init__(
        self, clock: DeviceClock, *, repeat_s: float = 1.0, serial: str = "501000001", line: Line | None = None
    ) -> None:
        self.clock: Final = clock
        self.repeat_s = repeat_s
        self.serial: Final = serial
        self.book: Final = Book(serial)
        self.unsent: Final[deque[Taken]] = deque()
        self.low_battery = False
        self.garble_next = False
        """Spoil a byte of the next record, once."""
        self._live: Taken | None = None
        self.line: Final = line or Pty()
        self.port: Final = self.line.port
        """What the hub opens."""
        self._heard = bytearray()
        self._answered = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Put batteries in."""
        self._task = asyncio.create_task(self._run(), name="nonin-9560")

    async def stop(self) -> None:
        """Pull the plug: the line hangs up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        self.line.close()

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure; it is sent as soon as a host is there."""
        taken = self.store(values, at)
        self._live = taken
        return taken

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement made while no hub was near."""
        taken = self.book.take(values, at or self.clock.now())
        self.unsent.append(taken)
        self.line.poke()
        return taken

    async def asleep(self) -> None:
        """Done when nothing is unsent."""
        while self.unsent:
            self._answered.clear()
            await self._answered.wait()

    async def _run(self) -> None:
        """Send the oldest record again and again until it is acknowledged, then the next."""
        while True:
            if not self.line.host_present():
                self._heard.clear()
                await self.line.activity(IDLE_S)
                continue
            self._listen()
            if not self.unsent:
                await self.line.activity(IDLE_S)
                continue
            taken = self.unsent[0]
            self.line.write(self._spoilt(self.encode(taken)))
            if await self._acknowledged():
                self.unsent.popleft()
                self.book.acknowledged.append(taken)
                self._answered.set()

    async def _acknowledged(self) -> bool:
        """Whether an ACK came before the record is due again."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.repeat_s
        while loop.time() < until and self.line.host_present():
            match self._listen():
                case nonin.ACK:
                    return True
                case nonin.NAK:
                    return False
                case _:
                    await self.line.activity(ANSWER_LOOK_S)
        return False

    def encode(self, taken: Taken) -> bytes:
        """One record."""
        return nonin.format_13(
            taken.device_time,
            spo2=round(taken.values["spo2"]),
            pulse=round(taken.values["pulse"]),
            from_memory=taken is not self._live,
            low_battery=self.low_battery,
        )

    def _spoilt(self, frame: bytes) -> bytes:
        if not self.garble_next:
            return frame
        self.garble_next = False
        return frame[:-3] + bytes([frame[-3] ^ 0x01]) + frame[-2:]

    def _listen(self) -> bytes:
        """Take what the host wrote: answer its commands, return its last ACK or NAK."""
        self._heard += self.line.read()
        answer = b""
        while self._heard:
            first = self._heard[:1]
            if first in (nonin.ACK, nonin.NAK):
                answer = bytes(first)
                del self._heard[0]
            elif first[0] != nonin.STX:
                del self._heard[0]
            elif not self._take_command():
                break
        return answer

    def _take_command(self) -> bool:
        """Answer the command at the front; False while it is not whole."""
        if len(self._heard) < 3:
            return False
        size = self._heard[2] + 4
        if size > _LONGEST_COMMAND:
            del self._heard[0]
            return True
        if len(self._heard) < size:
            return False
        command = bytes(self._heard[:size])
        del self._heard[:size]
        if command[-1] == nonin.ETX:
            self.line.write(self._answer(command[1], command[3:-1]))
        return True

    def _answer(self, opcode: int, data: bytes) -> bytes:
        match opcode:
            case 0x70:
                return nonin.ACK if data[1:2] == bytes([FORMAT_13]) else nonin.NAK
            case 0x72 if not data:
                return nonin.time_answer(self.clock.now())
            case 0x72 if len(data) == 6:
                self.clock.set(Civil(2000 + data[0], *data[1:]))
                return nonin.ACK
            case 0x74:
                return nonin.serial_answer(self.serial)
            case _:
                return nonin.NAK
