"""Spot saturation against the patient's own target range."""

from __future__ import annotations

from typing import ClassVar, Final

from wardgate_signal.finding import Finding, Level, Saved, require_finite
from wardgate_signal.window import Window

WINDOW_S: Final = 36 * 3600.0
"""Two readings belong together within this: a day's cadence and a late riser."""
APART_S: Final = 60.0
"""Two numbers of one finger in the clip are one reading."""
VERY_LOW_PCT: Final = 3.0
"""So far below the target one reading is enough: 91 % for a target from 94 %, where NEWS2 scale 1 scores 3, and 85 %
for a target from 88 %, where scale 2 scores 2."""
LEAST_PERFUSION_PCT: Final = 0.3
"""Below this a pulse is too weak for the number to be trusted (judgement; Visram 1994 for the principle)."""


class SpotTarget:
    """Two readings running below the target, or one very low."""

    RULE: ClassVar[str] = "saturation.spot_target"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 2.0

    def __init__(self, target_low_pct: float = 94.0, target_high_pct: float = 100.0) -> None:
        self._target_low_pct = target_low_pct
        self._target_high_pct = target_high_pct
        self._window = Window(WINDOW_S)

    @property
    def very_low_pct(self) -> float:
        """The saturation at which one reading is enough."""
        return self._target_low_pct - VERY_LOW_PCT

    def update(self, time_s: float, spo2_pct: float, perfusion_pct: float | None = None) -> Finding | None:
        """Take the next reading; None when its perfusion is too low for it to be used.

        Raises:
            ValueError: no number, or older than the last one.
        """
        if perfusion_pct is not None:
            require_finite(perfusion_pct=perfusion_pct)
            if perfusion_pct < LEAST_PERFUSION_PCT:
                return None
        self._window.add(time_s, spo2_pct)
        pair = self._pair()
        # What both of a pair show is sure; what one shows counts only where it is very low.
        sure_pct = max(value for _, value in pair) if len(pair) == 2 else self._target_low_pct
        very_low = spo2_pct <= self.very_low_pct
        sure = sure_pct < self._target_low_pct
        below_pct = max(0.0, self._target_low_pct - (spo2_pct if very_low else sure_pct))
        poor = spo2_pct < self._target_low_pct
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if very_low or sure else Level.WATCH if poor else Level.OK,
            score=1.0 + below_pct if very_low or sure else 0.5 if poor else 0.0,
            severity=below_pct,
            clear=not poor,
            inputs={
                "spo2_pct": spo2_pct,
                "before_pct": pair[0][1],
                "target_low_pct": self._target_low_pct,
                "target_high_pct": self._target_high_pct,
                "very_low_pct": self.very_low_pct,
            },
            evidence_s=tuple(t for t, value in pair if value < self._target_low_pct),
        )

    def _pair(self) -> list[tuple[float, float]]:
        """The newest reading, after the last one of an earlier moment where there is one."""
        (newest,) = self._window.last(1)
        earlier = [item for item in self._window.since(WINDOW_S) if item[0] <= newest[0] - APART_S]
        return [*earlier[-1:], newest]

    def state(self) -> Saved:
        """All that it remembers."""
        return {"window": self._window.save()}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        self._window.load(saved.get("window"))
