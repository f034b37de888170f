"""Beurer PO60: on the air after use; tells its memory in batches of ten, erases it when it is told to.

It calls every record unread, always, and hangs up when it has not been asked anything for about a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import oximeters
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.finger_oximeter import cut
from wardgate_sim.firmware.peripheral import Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

AIR_S: Final = 30.0
IDLE_S: Final = 1.0
BATCH: Final = 10
MEMORY: Final = 100
NOTIFICATION: Final = 20
MEASURED_S: Final = 20
"""How long each measurement took."""


class BeurerPo60(Peripheral):
    """A finger-tip oximeter with a memory."""

    MODEL = "beurer-po60"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = AIR_S,
        idle_s: float = IDLE_S,
        serial: str = "0000001",
        battery_percent: int = 100,
    ) -> None:
        self.air_s = air_s
        self.idle_s = idle_s
        self.memory: list[Taken] = []
        self.garble_next = False
        """Spoil a byte of the next record, once."""
        self._told = 0
        """Of the memory, in this talk."""
        self._commands: asyncio.Queue[bytes] = asyncio.Queue()
        super().__init__(
            link, address, clock, name="PO60", maker="Beurer", serial=serial, battery_percent=battery_percent
        )

    def services(self) -> list[Service]:
        """Commands in, answers out."""
        self._answers: Characteristic[bytes] = self.characteristic(0xFF02, Properties.NOTIFY)
        commands = self.characteristic(
            0xFF01, Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE, write=self._commands.put_nowait
        )
        return [self.service(0xFF12, self._answers, commands)]

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(0xFF12,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure, and go on the air when the finger is out."""
        taken = self.store(values, at)
        self.wake(self.air_s)
        return taken

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement made while no hub was near."""
        taken = self.book.take(values, at or self.clock.now())
        self.memory = [*self.memory, taken][-MEMORY:]
        return taken

    async def session(self, connection: Connection) -> None:
        """Answer until nothing is asked any more."""
        self._told = 0
        while (command := await self.while_linked(self._next_command())) is not None:
            for piece in cut(self._answer(command), NOTIFICATION):
                if piece:
                    await self.notify(connection, self._answers, piece)

    async def _next_command(self) -> bytes | None:
        try:
            async with asyncio.timeout(self.idle_s):
                return await self._commands.get()
        except TimeoutError:
            return None

    def _answer(self, command: bytes) -> bytes:
        if not command or oximeters.seven_bit_summed(command[:-1]) != command:
            return b""
        match command[0]:
            case 0x89:
                return oximeters.po60_time(0xF9, self.clock.now())
            case 0x83:
                self.clock.set(Civil(2000 + command[1], *command[2:7]))
                return oximeters.seven_bit_summed(b"\xf3\x00")
            case 0x90:
                return oximeters.po60_storage(command[1], len(self.memory))
            case 0x99:
                return self._records(command[1])
            case _:
                return b""

    def _records(self, what: int) -> bytes:
        if what == 0x7F:
            self.book.acknowledged += self.memory
            self.memory = []
        if what not in (0x00, 0x01):
            return b""
        self._told = 0 if what == 0x00 else self._told
        batch = self.memory[self._told : self._told + BATCH]
        self._told += len(batch)
        return b"".join(self._record(n, n == len(batch) - 1, taken) for n, taken in enumerate(batch))

    def _record(self, number: int, last: bool, taken: Taken) -> bytes:
        start = Civil.from_s(taken.device_time.civil_s - MEASURED_S)
        spo2, pulse = round(taken.values["spo2"]), round(taken.values["pulse"])
        record = oximeters.po60_record(number, last, start, taken.device_time, spo2, pulse)
        if self.garble_next:
            self.garble_next = False
            record = record[:-1] + bytes([record[-1] ^ 1])
        return record
