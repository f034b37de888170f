"""What arrives at the ward in the guest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from wardgate.contract.messages import Alert, Event, Reading, State

log: Final = logging.getLogger(__name__)


class Witness:
    """What arrived at the ward, in order, and a way to wait for more."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.events: list[Event] = []
        self._step_from = 0
        self._something = asyncio.Event()

    def begin_step(self) -> None:
        """What arrives from now on belongs to the next step."""
        self._step_from = len(self.events)

    @property
    def told(self) -> list[Event]:
        """The events of this step."""
        return self.events[self._step_from :]

    @property
    def codes(self) -> list[str]:
        """Their codes, in their order."""
        return [event.code for event in self.told]

    def hear(self, message: Reading | Alert | Event | State) -> None:
        """The ward has committed this."""
        if isinstance(message, Reading):
            self.readings.append(message)
        elif isinstance(message, Event):
            self.events.append(message)
            log.info("event %s %s: %s", message.code, message.device, message.sentence)
        self._something.set()

    async def until(self, what: Callable[[], bool], within_s: float) -> None:
        """Wait until it holds.

        Raises:
            TimeoutError: it did not, so long.
        """
        async with asyncio.timeout(within_s):
            while not what():
                self._something.clear()
                await self._something.wait()

    def of(self, device: str) -> list[Reading]:
        """What arrived of one device."""
        return [reading for reading in self.readings if reading.device.id == device]
