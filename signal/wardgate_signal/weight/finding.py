"""What the fluid detector says after each weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from wardgate_signal.finding import Finding, Level


class Quality(StrEnum):
    """What one reading on the scale is taken for."""

    ACCEPTED = "accepted"
    WRONG_PERSON = "wrong person"
    """Further from the patient's level than a body goes from one day to the next."""
    LOAD = "load"
    """A jump up: a bag, a coat, wet clothes. Kept aside until a later reading agrees."""
    SCALE_MOVED = "scale moved"
    """A jump down that no diuresis makes, or a jump that has stayed: a carpet, another floor, another scale."""
    UNIT_STEP = "unit step"
    """The same body in pounds instead of kilograms, or the other way round; used after conversion."""


@dataclass(frozen=True, slots=True)
class WeightFinding(Finding):
    """`score` is the log of the odds for an ongoing gain of fluid against everything else, not bounded either way.

    `baseline_kg` is the level without the gain (None until the first weights have been seen), `gain_kg` what the
    evidence puts above it (near 0 without evidence) and `gain_rate_kg_per_day` its growth over the last three days.
    `quality` is about this one reading; `evidence` holds the times and weights that the score rests on.
    """

    baseline_kg: float | None
    gain_kg: float
    gain_rate_kg_per_day: float
    quality: Quality
    evidence: tuple[tuple[float, float], ...]

    @property
    def state(self) -> Level:
        """Where the series stands: learning, ok, watch, alert."""
        return self.level

    def sound(self) -> bool:
        """Whether every number in it is one."""
        own = (self.baseline_kg or 0.0, self.gain_kg, self.gain_rate_kg_per_day)
        return Finding.sound(self) and all(math.isfinite(x) for x in own)
