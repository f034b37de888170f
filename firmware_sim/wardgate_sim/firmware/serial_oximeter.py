"""Oximeters on a serial line that stream while a finger is in: Contec's and Nonin's.

Switched on with a finger in, they find a pulse, show values, and go silent some seconds after the finger has left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final

from wardgate_sim.encode import nonin, oximeters
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import Book, DeviceClock, Taken
from wardgate_sim.firmware.finger_oximeter import EMPTY_SECONDS, SEARCHING_SECONDS
from wardgate_sim.line import Line, Pty


class SerialOximeter:
    """Base: a line, and a second's worth of bytes at a time."""

    MODEL: ClassVar[str]

    def __init__(
        self,
        clock: DeviceClock,
        *,
        finger_s: float = 40.0,
        second_s: float = 1.0,
        serial: str = "1000001",
        line: Line | None = None,
    ) -> None:
        self.clock: Final = clock
        self.finger_s = finger_s
        self.second_s = second_s
        self.serial: Final = serial
        self.book: Final = Book(serial)
        self.garble_next = False
        """Lose a byte of the next second, once."""
        self.line: Final = line or Pty()
        self.port: Final = self.line.port
        """What the hub opens."""
        self._measuring: asyncio.Task[None] | None = None

    def second(self, number: int, spo2: int | None, pulse: int | None) -> bytes:
        """What it sends in that second; without values while it searches and when the finger has left."""
        raise NotImplementedError

    def hear(self, command: bytes) -> None:
        """What the host wrote."""

    def may_send(self) -> bool:
        """Whether the host did what it takes."""
        return True

    def switched_on(self) -> None:
        """It forgets what it was told."""

    async def start(self) -> None:
        """Plug it in. It is silent."""

    async def stop(self) -> None:
        """Pull the plug: the line hangs up."""
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.wait([self._measuring])
        self.line.close()

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Switch it on and put a finger in for `finger_s` of its seconds."""
        await self.asleep()
        self._listen()
        self.switched_on()
        taken = self.book.take(values, at or self.clock.now())
        self._measuring = asyncio.create_task(self._measure(taken), name=f"{self.MODEL} measures")
        return taken

    async def asleep(self) -> None:
        """Done when it is silent again."""
        if self._measuring is not None:
            await asyncio.wait([self._measuring])

    async def _measure(self, taken: Taken) -> None:
        spo2, pulse = round(taken.values["spo2"]), round(taken.values["pulse"])
        for number in range(1, round(self.finger_s) + EMPTY_SECONDS + 1):
            await asyncio.sleep(self.second_s)
            self._listen()
            has_values = SEARCHING_SECONDS < number <= self.finger_s
            data = self.second(number, spo2, pulse) if has_values else self.second(number, None, None)
            if self.may_send() and self.line.host_present():
                self.line.write(self._spoilt(data))

    def _spoilt(self, data: bytes) -> bytes:
        if not self.garble_next:
            return data
        self.garble_next = False
        return data[:2] + data[3:]

    def _listen(self) -> None:
        heard = self.line.read()
        if heard:
            self.hear(heard)


class ContecSerial(SerialOximeter):
    """CMS50D+ with firmware before 4.6: sixty packets a second, unasked."""

    MODEL = "contec-cms50-serial"

    def second(self, number: int, spo2: int | None, pulse: int | None) -> bytes:
        """Sixty packets."""
        packets = (oximeters.bci_packet(spo2, pulse, waveform=n, bar=n % 16, no_finger=spo2 is None) for n in range(60))
        return b"".join(packets)


class ContecV7Serial(SerialOximeter):
    """CMS50D+ with firmware 4.6 and later: wants a start command, and a keep-alive every five seconds.

    What was said to it while it was off is lost, and so is the start that it was given before.
    """

    MODEL = "contec-cms50-v7-serial"
    ALIVE_SECONDS: ClassVar[int] = 5
    _alive_seconds = 0

    def switched_on(self) -> None:
        """It wants to be started again."""
        self._alive_seconds = 0

    def second(self, number: int, spo2: int | None, pulse: int | None) -> bytes:
        """Sixty packets."""
        packets = (
            oximeters.contec_v7_realtime(spo2, pulse, waveform=n, bar=n % 16, probe_error=spo2 is None)
            for n in range(60)
        )
        return b"".join(packets)

    def may_send(self) -> bool:
        """While it was started and kept alive."""
        self._alive_seconds -= 1
        return self._alive_seconds >= 0

    def hear(self, command: bytes) -> None:
        """7D 81 and the command with bit 7 set: its own bit 7 is in the 81."""
        for at in range(0, len(command), 9):
            match command[at : at + 3].hex():
                case "7d81a1":
                    self._alive_seconds = self.ALIVE_SECONDS
                case "7d81af" if self._alive_seconds > 0:
                    self._alive_seconds = self.ALIVE_SECONDS
                case "7d81a2":
                    self._alive_seconds = 0


class Nonin3150Serial(SerialOximeter):
    """3150 WristOx2 on USB: sends what format it was told to; here format 8 is the one it knows."""

    MODEL = "nonin-3150-serial"
    _format_8 = False

    def switched_on(self) -> None:
        """It wants to be told the format again."""
        self._format_8 = False

    def second(self, number: int, spo2: int | None, pulse: int | None) -> bytes:
        """One frame; SmartPoint after some seconds with values."""
        smartpoint = spo2 is not None and number > SEARCHING_SECONDS + 3
        return nonin.format_8(spo2, pulse, smartpoint=smartpoint, sensor_alarm=spo2 is None)

    def may_send(self) -> bool:
        """Once it was told the format."""
        return self._format_8

    def hear(self, command: bytes) -> None:
        """02 70 04 02, format, 00, sum, 03; answered with ACK or NAK."""
        self._format_8 |= bytes.fromhex("0270040208007e03") in command
        self.line.write(nonin.ACK if self._format_8 else nonin.NAK)


class NoninXpod(SerialOximeter):
    """Xpod: a frame of format 1 or three blocks of format 2 or 7 a second, as it was ordered."""

    MODEL = "nonin-xpod-serial"

    def __init__(
        self,
        clock: DeviceClock,
        *,
        data_format: int = 2,
        finger_s: float = 40.0,
        second_s: float = 1.0,
        line: Line | None = None,
    ) -> None:
        super().__init__(clock, finger_s=finger_s, second_s=second_s, line=line)
        self._block = {1: None, 2: nonin.format_2, 7: nonin.format_7}[data_format]

    def second(self, number: int, spo2: int | None, pulse: int | None) -> bytes:
        """One frame, or three blocks."""
        if self._block is None:
            return nonin.format_1(spo2, pulse, sensor_disconnected=spo2 is None)
        return self._block(spo2, pulse, sensor_alarm=spo2 is None) * 3


class Nonin8500(SerialOximeter):
    """8500: a printed line each second."""

    MODEL = "nonin-8500-serial"

    def second(self, number: int, spo2: int | None, pulse: int | None) -> bytes:
        """One line; somebody presses the event button in the fifth second."""
        return nonin.text_line(spo2, pulse, " *" if number == 5 else "")
