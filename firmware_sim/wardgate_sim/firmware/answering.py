"""A device that speaks when it is spoken to: commands come in by writing, answers go out as notifications."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bumble.device import Connection
from bumble.gatt import Characteristic

from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral
from wardgate_sim.radio import Link

PIECE_SIZE = 20
"""A notification's value with the smallest ATT packets."""


class AnsweringCuff(Peripheral):
    """Base of the makers' cuffs: a memory of what was measured, on the air after it, silent until asked."""

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = 30.0,
        idle_s: float = 10.0,
        memory_size: int = 100,
        **peripheral: Any,
    ) -> None:
        self.air_s = air_s
        self.idle_s = idle_s
        """With nothing asked for so long, it hangs up."""
        self.memory_size = memory_size
        self.memory: list[Taken] = []
        """Oldest first. Reading takes nothing away."""
        self.lose_link_after: int | None = None
        """Walk out of range after so many answers; wears off."""
        self._commands: asyncio.Queue[bytes] = asyncio.Queue()
        super().__init__(link, address, clock, **peripheral)

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure: the result is kept, and the cuff comes on the air."""
        taken = self.store(values, at)
        self.wake(self.air_s)
        return taken

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement made while no hub was near."""
        taken = self.book.take(values, at or self.clock.now())
        self.memory.append(taken)
        del self.memory[: -self.memory_size]
        return taken

    def hear(self, value: bytes) -> None:
        """A host has written something."""
        self._commands.put_nowait(value)

    async def session(self, connection: Connection) -> None:
        """Answer until the host goes, which is no fault, or falls silent."""
        self._commands = asyncio.Queue()
        self.begin(connection)
        while True:
            try:
                async with asyncio.timeout(self.idle_s):
                    command = await self.while_linked(self._commands.get())
            except (TimeoutError, LinkLost):
                return
            if not await self.answer(connection, command):
                return

    def begin(self, connection: Connection) -> None:
        """A host has connected."""

    async def answer(self, connection: Connection, command: bytes) -> bool:
        """Do what is asked. False: hang up."""
        raise NotImplementedError

    async def say(self, connection: Connection, characteristic: Characteristic[bytes], value: bytes) -> None:
        """Send an answer in pieces."""
        for at in range(0, len(value), PIECE_SIZE):
            await self.notify(connection, characteristic, value[at : at + PIECE_SIZE])
        self.count_answer()

    def count_answer(self) -> None:
        """One answer has gone out."""
        if self.lose_link_after is not None:
            self.lose_link_after -= 1
            if self.lose_link_after <= 0:
                self.lose_link_after = None
                asyncio.get_running_loop().call_soon(self.lose_link)
