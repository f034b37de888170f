"""Persistently low systolic pressure.

In heart failure a systolic below 90 mmHg is acted on when it is symptomatic or stays (ESC); one low reading is not.
"""

from __future__ import annotations

from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Finding, Level, Saved
from wardgate_signal.window import Window

WINDOW_S: Final = 4 * DAY_S
_OF: Final = 4
_LOW: Final = 3
_SPREAD_S: Final = 12 * 3600.0
"""Three low ones in one sitting are one moment, not persistence."""


class PersistentLow:
    """At least 3 of the last 4 readings, none older than 4 days and at least 12 hours from first to last, are low.

    `severity` is how far the three lowest of them lie below the limit on average (a good one by nothing), so that a
    good reading never makes it worse, whichever one leaves the window.
    """

    RULE: ClassVar[str] = "pressure.persistent_low"
    VERSION: ClassVar[int] = 2
    WORSE_BY: ClassVar[float] = 5.0

    def __init__(self, systolic_low_mmhg: float = 90.0) -> None:
        self._low_mmhg = systolic_low_mmhg
        self._window = Window(WINDOW_S)

    def update(self, time_s: float, systolic_mmhg: float) -> Finding:
        """Take the next reading.

        Raises:
            ValueError: no number, or older than the last one.
        """
        self._window.add(time_s, systolic_mmhg)
        last = self._window.last(_OF)
        low = [(t, value) for t, value in last if value < self._low_mmhg]
        persistent = len(low) >= _LOW and low[-1][0] - low[0][0] >= _SPREAD_S
        mean_mmhg = sum(value for _, value in low) / len(low) if low else systolic_mmhg
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if persistent else Level.WATCH if low else Level.OK,
            score=len(low) / _LOW if persistent else min(len(low) / _LOW, 0.99),
            severity=sum(sorted((self._low_mmhg - value for _, value in low), reverse=True)[:_LOW]) / _LOW,
            clear=systolic_mmhg >= self._low_mmhg and len(low) <= 1,
            inputs={
                "systolic_mmhg": systolic_mmhg,
                "low_readings": float(len(low)),
                "of_readings": float(len(last)),
                "mean_low_mmhg": round(mean_mmhg, 1),
                "limit_mmhg": self._low_mmhg,
            },
            evidence_s=tuple(t for t, _ in low),
        )

    def state(self) -> Saved:
        """All that it remembers."""
        return {"window": self._window.save()}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        self._window.load(saved.get("window"))
