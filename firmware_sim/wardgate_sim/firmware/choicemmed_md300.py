"""A ChoiceMMed MD300 oximeter: the standard profile, a clock that nobody can set, and a measurement always under way.

After a captured spot-check (Stack Overflow 71264072). That it indicates more than once a finger is assumed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from bumble.device import Connection

from wardgate_sim.encode import plx
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import Taken
from wardgate_sim.firmware.standard import StandardDevice

CLOCK_STARTS: Final = Civil(2017, 1, 1, 0, 0, 0)
INDICATIONS: Final = 3


class ChoiceMmedMd300(StandardDevice):
    """Its clock starts in 2017 with its batteries."""

    MODEL = "choicemmed-md300"
    NAME = "MD300C318T"
    MAKER = "ChoiceMMed"
    SERVICE = 0x1822
    MEASUREMENT = 0x2A5E

    async def start(self) -> None:
        """Batteries in: its clock starts."""
        self._started_s = time.monotonic()
        await super().start()

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """It remembers nothing but this, and its own idea of when it was."""
        self.memory.clear()
        shows = Civil.from_s(CLOCK_STARTS.civil_s + time.monotonic() - self._started_s)
        return await super().take(values, shows)

    def encode(self, taken: Taken) -> bytes:
        """As captured: ongoing, low perfusion, the clock not set."""
        return plx.spot_check(
            taken.values["spo2"],
            taken.values["pulse"],
            at=taken.device_time,
            measurement=plx.MeasurementStatus.ONGOING,
            sensor=plx.SensorStatus.LOW_PERFUSION,
            clock_not_set=True,
        )

    async def send_one(self, connection: Connection, taken: Taken) -> None:
        """Again and again while the finger is in."""
        for _ in range(INDICATIONS):
            await super().send_one(connection, taken)
