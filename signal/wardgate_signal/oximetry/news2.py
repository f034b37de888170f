"""The saturation part of the National Early Warning Score (NEWS2), scales 1 and 2.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, chart 1. Scale 2 is for
patients whose target a clinician has set to 88-92 %, and there a high number scores only while oxygen is given. The
points for oxygen itself (2) belong to the whole score and are not in these numbers.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from wardgate_signal.finding import Finding, Level, Saved
from wardgate_signal.oximetry.limits import in_order, saved_time, too_weak

URGENT: Final = 3
"""Three points in one quantity want an urgent look, whatever the whole score is."""

_SCALE_1: Final = ((91, 3), (93, 2), (95, 1))
"""At most so many per cent: so many points. Above the last: none."""
_SCALE_2: Final = ((83, 3), (85, 2), (87, 1))
_SCALE_2_OXYGEN: Final = ((97, 3), (95, 2), (93, 1))
"""At least so many per cent while oxygen is given: so many points."""


def scale_1(spo2_pct: float) -> int:
    """Points of a saturation, 0 to 3, on scale 1. The chart is in whole per cent, and so is every display: rounded."""
    shown = round(spo2_pct)
    return next((points for most, points in _SCALE_1 if shown <= most), 0)


def scale_2(spo2_pct: float, on_oxygen: bool) -> int:
    """Points of a saturation, 0 to 3, on scale 2 (target 88-92 %)."""
    shown = round(spo2_pct)
    low = next((points for most, points in _SCALE_2 if shown <= most), 0)
    high = next((points for least, points in _SCALE_2_OXYGEN if shown >= least), 0) if on_oxygen else 0
    return max(low, high)


class _News2:
    """Speaks at three points. `score` is the points as a share of three; `severity` the points."""

    RULE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 1.0
    SCALE: ClassVar[Literal[1, 2]]

    def __init__(self) -> None:
        self._last_s: float | None = None

    def update(
        self, time_s: float, spo2_pct: float, perfusion: float | None = None, on_oxygen: bool = False
    ) -> Finding | None:
        """Take the next reading; None when its perfusion is too low for it to be used.

        Raises:
            ValueError: no number, or older than the last one.
        """
        if too_weak(perfusion):
            return None
        self._last_s = in_order(self._last_s, time_s, spo2_pct)
        points = scale_1(spo2_pct) if self.SCALE == 1 else scale_2(spo2_pct, on_oxygen)
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if points >= URGENT else Level.WATCH if points else Level.OK,
            score=points / URGENT,
            severity=float(points),
            clear=points == 0,
            inputs={"spo2_pct": spo2_pct, "points": float(points), "on_oxygen": float(on_oxygen)},
            evidence_s=(time_s,),
        )

    def state(self) -> Saved:
        """All that it remembers."""
        return {"last_s": self._last_s}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        self._last_s = saved_time(saved, "last_s")


class News2Scale1(_News2):
    """The scale for everybody who has no target of 88-92 %."""

    RULE = "saturation.news2_scale_1"
    SCALE = 1


class News2Scale2(_News2):
    """The scale for a target of 88-92 %."""

    RULE = "saturation.news2_scale_2"
    SCALE = 2
