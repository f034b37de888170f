"""Tanita's scales with a serial line: one line for each result; after 30 s without a host it is given up.

Behaviour after the SC-240's and HD-351BT's manuals. There is no memory and no acknowledgement.
"""

from __future__ import annotations

import asyncio
from typing import Final

from wardgate_sim.encode import text_scales
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.text_line import TextLineDevice
from wardgate_sim.line import Line

PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.02


class TanitaScale(TextLineDevice):
    """SC-240, or HD-351BT, which can be set to stones and pounds."""

    MODEL = "tanita-scale-serial"

    def __init__(
        self,
        clock: DeviceClock,
        *,
        serial: str = "00000002",
        product: str = "SC-240",
        stones: bool = False,
        patience_s: float = PATIENCE_S,
        line: Line | None = None,
    ) -> None:
        self.product = product
        self.stones = stones
        self.patience_s = patience_s
        self.garble_next = False
        """Spoil a digit of the next line, once."""
        super().__init__(clock, serial=serial, line=line)

    async def weigh(self, taken: Taken) -> None:
        """The result, as soon as a host is there."""
        line = self.encode(taken)
        if self.garble_next:
            self.garble_next = False
            line = line.replace(b"Wk,", b"Wk,1")
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self.patience_s
        while not self.write(line):
            if loop.time() >= until_s:
                self.book.errors.append("host")
                return
            await asyncio.sleep(_LOOK_S)

    def encode(self, taken: Taken) -> bytes:
        """One line."""
        return text_scales.tanita(taken.values["weight"], model=self.product, serial=self.serial, stones=self.stones)
