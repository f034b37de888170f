"""What every simulated device has: a clock of its own, and a book of what was taken and what was acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from wardgate_sim.encode.civil import Civil


class DeviceClock:
    """A device's clock: the true local time at the device's place, plus how wrong it is."""

    def __init__(self, civil_now_s: Callable[[], float], *, offset_s: float = 0.0) -> None:
        self._civil_now_s = civil_now_s
        self.offset_s = offset_s
        """How far the clock is ahead of true local time."""

    def now(self) -> Civil:
        """What the clock shows."""
        return self.at(self._civil_now_s())

    def at(self, true_civil_s: float) -> Civil:
        """What the clock would have shown at that true local time, set as it is now."""
        return Civil.from_s(true_civil_s + self.offset_s)

    def set(self, to: Civil) -> None:
        """A host set the clock."""
        self.offset_s = to.civil_s - self._civil_now_s()


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement that a device made."""

    device: str
    number: int
    """Counts up from 1 in each device."""
    values: Mapping[str, float]
    """By quantity: `weight` (kg), `systolic`, `diastolic`, `mean` (mmHg), `pulse` (1/min), `spo2` (%)."""
    device_time: Civil


@dataclass(slots=True)
class Book:
    """What a device did. Tests compare it with what arrived."""

    device: Final[str]
    taken: list[Taken] = field(default_factory=list)
    acknowledged: list[Taken] = field(default_factory=list)
    """What the device considers delivered, in the order in which it was told so. It has forgotten these."""
    errors: list[str] = field(default_factory=list)
    """What it showed on its display: `time`, `host`, `link`."""

    def take(self, values: Mapping[str, float], device_time: Civil) -> Taken:
        """Enter a new measurement."""
        taken = Taken(self.device, len(self.taken) + 1, dict(values), device_time)
        self.taken.append(taken)
        return taken
