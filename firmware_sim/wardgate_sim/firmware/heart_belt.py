"""A heart rate belt, as a Polar H7 (tells skin contact) or H10 (leaves the contact bits unset).

After captured notifications (Stack Overflow 67024800, 50477232).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bumble.device import Connection

from wardgate_sim.encode import heart_rate
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Properties
from wardgate_sim.firmware.standard import StandardDevice
from wardgate_sim.radio import Link

SETTLING_FRAMES = 3
"""First frames after it is put on, with a rate that is far off."""


class HeartBelt(StandardDevice):
    """Notifies once a second while it is worn."""

    MODEL = "heart-rate-belt"
    NAME = "Polar H10 0A1B2C3D"
    MAKER = "Polar Electro Oy"
    SERVICE = 0x180D
    MEASUREMENT = 0x2A37
    PROPERTIES = Properties.NOTIFY

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        worn_s: float = 30.0,
        frame_period_s: float = 1.0,
        tells_contact: bool = False,
        battery_percent: int = 100,
    ) -> None:
        self.worn_s = worn_s
        self.frame_period_s = frame_period_s
        self.tells_contact = tells_contact
        super().__init__(link, address, clock, air_s=worn_s, battery_percent=battery_percent)

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Put it on."""
        self.memory.clear()
        return await super().take(values, at)

    def encode(self, taken: Taken) -> bytes:
        """The rate, and the time between beats."""
        return self._frame(round(taken.values["heart_rate"]))

    async def send(self, connection: Connection) -> None:
        """A frame each second until it is taken off."""
        taken = self.memory[-1]
        for number in range(round(self.worn_s / self.frame_period_s)):
            settling = 30 * max(0, SETTLING_FRAMES - number)
            await self.notify(connection, self._measurement, self._frame(round(taken.values["heart_rate"]) + settling))
            await self.while_linked(asyncio.sleep(self.frame_period_s))

    def _frame(self, rate: int) -> bytes:
        return heart_rate.measurement(rate, contact=True if self.tells_contact else None, rr_s=(60 / rate,))
