"""The words of the rules: a sample, a rule in its place, and what a rule is made with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from wardgate.config import Watch
from wardgate.contract.messages import Priority
from wardgate.pathways.combine import StandIn
from wardgate.watch.plan import Plan
from wardgate_signal.finding import Finding

WEIGHT_GAIN: Final = "weight-gain"
LOW_SATURATION: Final = "low-saturation"
LOW_PRESSURE: Final = "low-pressure"
HIGH_PRESSURE: Final = "high-pressure"
PULSE_CHANGE: Final = "pulse-change"
IRREGULAR_PULSE: Final = "irregular-pulse"
WORSENING: Final = "worsening"

TOGETHER: Final = "together"
"""The place of rules that look at several channels at once."""

RANK: Final[dict[Priority, int]] = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Sample:
    """One admissible reading as the rules see it: canonical values by name."""

    time_s: float
    reading_id: str
    values: dict[str, float]
    channel: str = ""
    device: tuple[str | None, ...] = ()
    """Which device said it: its name here, model, address, serial number."""
    note: str | None = None
    """What was told about the treatment or the device since the reading before."""


Feed = Callable[[Sample], Finding | None]
"""Takes a series value by value. None where a value is not used."""
Start = Callable[[], Feed]


@dataclass(frozen=True, slots=True)
class Rule:
    """One detector in its place. Rules of one kind make one alert together, and share the unit of their severity."""

    name: str
    version: int
    kind: str
    channel: str
    worse_by: float
    priority: Callable[[Finding], Priority] = field(repr=False)
    start: Start = field(repr=False)
    """Begins anew, with an empty memory. Where an update is dear, a method of an object that can be copied."""
    pathways: tuple[str, ...] = ()
    """Ids of the pathways it serves."""
    stands_in: StandIn | None = None
    """In whose place it speaks, and only then: while that one cannot judge."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a rule is made with: this patient's plan, with the limits that are tried in place of it."""

    plan: Plan
    watch: Watch
    tried: Mapping[str, float] = field(default_factory=dict)

    def limit(self, name: str) -> float:
        """A limit by its name."""
        return self.tried.get(name, self.plan.limit(name))
