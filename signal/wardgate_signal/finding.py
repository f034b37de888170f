"""What a detector says about a series after each value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DAY_S: Final = 86_400.0

Json = float | str | bool | None | list["Json"] | dict[str, "Json"]
Saved = dict[str, Json]
"""A detector's whole state. It goes through JSON and back without a changed bit."""


class Level(StrEnum):
    """Where a series stands, by one rule."""

    LEARNING = "learning"
    """Too little is known of this patient: the rule neither speaks nor holds anything open."""
    OK = "ok"
    WATCH = "watch"
    """Something moves; not enough to tell anybody."""
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word on a series, at its last value.

    `score` is the evidence, 1 where the rule speaks. `severity` is how bad it is in the rule's own unit (kg gained,
    points or mmHg below the limit): an alert is updated when this grows by the rule's `WORSE_BY`. `clear` says that
    the series is far enough inside the limit for an open alert to be resolved; between `ALERT` and `clear` lies the
    rule's hysteresis. `evidence_s` are the times of the values that it rests on.
    """

    rule: str
    version: int
    level: Level
    score: float
    severity: float
    clear: bool
    inputs: dict[str, float]
    evidence_s: tuple[float, ...]

    def sound(self) -> bool:
        """Whether every number in it is one."""
        return all(math.isfinite(x) for x in (self.score, self.severity, *self.inputs.values(), *self.evidence_s))


def require_finite(**values: float) -> None:
    """Raise ValueError for what is no number, before any state has changed."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is not a number: {value}")
