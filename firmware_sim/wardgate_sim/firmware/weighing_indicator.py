"""A weighing indicator in continuous output: a line each period, also while nobody stands on it.

Somebody steps on (unstable), stands (stable), steps off (unstable), and it is empty again. `overload` lines have no
figure. Behaviour after the manuals of Tiger and Selleton indicators.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from wardgate_sim.encode import text_scales
from wardgate_sim.encode.text_scales import State
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.text_line import TextLineDevice
from wardgate_sim.line import Line

RISING: Final = (0.3, 0.8, 1.04, 0.99)
FALLING: Final = (0.7, 0.1)


class WeighingIndicator(TextLineDevice):
    """One platform."""

    MODEL = "weighing-indicator-serial"

    def __init__(
        self,
        clock: DeviceClock,
        *,
        serial: str = "1",
        period_s: float = 0.125,
        stable_lines: int = 16,
        terse: bool = False,
        unit: str = "kg",
        empty_period_s: float | None = None,
        line: Line | None = None,
    ) -> None:
        self.period_s = period_s
        self.empty_period_s = period_s if empty_period_s is None else empty_period_s
        """The same while nobody stands on it."""
        self.stable_lines = stable_lines
        self.terse = terse
        self.unit = unit
        self.leans_kg: float | None = None
        """Hold on to something at first: so much shows as stable before the true weight."""
        self._idle: asyncio.Task[None] | None = None
        super().__init__(clock, serial=serial, line=line)

    async def start(self) -> None:
        """Switch it on: from now on it writes."""
        self._idle = asyncio.create_task(self._stand_empty(), name="indicator")

    async def stop(self) -> None:
        """Pull the plug."""
        await self._cancel(self._idle)
        await super().stop()

    async def _stand_empty(self) -> None:
        while True:
            if self._weighing is None or self._weighing.done():
                self._say(State.STABLE, 0.0)
            await asyncio.sleep(self.empty_period_s)

    async def weigh(self, taken: Taken) -> None:
        """On, still, off."""
        for state, weight_kg in self._course(taken.values["weight"]):
            self._say(state, weight_kg)
            await asyncio.sleep(self.period_s)

    def _course(self, weight_kg: float) -> Iterator[tuple[State, float]]:
        yield from ((State.UNSTABLE, weight_kg * share) for share in RISING)
        if self.leans_kg is not None:
            yield from [(State.STABLE, self.leans_kg)] * 3
            yield State.UNSTABLE, weight_kg * 0.9
        yield from [(State.STABLE, weight_kg)] * self.stable_lines
        yield from ((State.UNSTABLE, weight_kg * share) for share in FALLING)
        yield State.STABLE, 0.0

    def _say(self, state: State, weight_kg: float) -> None:
        weight = weight_kg / 0.45359237 if self.unit == "lb" else weight_kg
        unit = self.unit.upper() if self.terse else self.unit
        self.write(text_scales.indicator(state, weight, unit=unit, terse=self.terse))
