"""The published plain rules on weight: how much it went up in so many days.

Sources: ESC heart-failure guideline, more than 2 kg in 3 days; the US advice to patients, 3 lb in a day or 5 lb in a
week. Their worth has been measured (CLINICAL figures stand in docs/detectors.md): they find few episodes and cry wolf.
They run all the same, because they are what wards know and nothing in them can go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Finding, Level, Saved
from wardgate_signal.window import Window

_SLACK_S: Final = 6 * 3600.0
"""People step on the scale in the morning, not at a minute: 7:40 today to 7:10 three days ago is three days."""
_CENT_KG: Final = 2
"""Gains are rounded to 10 g before they are compared: no home scale shows less, and 80.3 - 78.3 is 2 kg then."""
_CLEAR_SHARE: Final = 0.5
"""An open alert may be resolved once the gain is back to half the limit."""


@dataclass(frozen=True, slots=True)
class Limit:
    days: int
    gain_kg: float
    at_limit: bool
    """Whether a gain of just the limit counts."""


class GainRule:
    """Newest weight less the lowest of the last days, against one or more limits."""

    RULE: ClassVar[str]
    VERSION: ClassVar[int]
    WORSE_BY: ClassVar[float] = 0.5

    def __init__(self, limits: tuple[Limit, ...]) -> None:
        self._limits = limits
        self._window = Window(max(limit.days for limit in limits) * DAY_S + _SLACK_S)

    def update(self, time_s: float, weight_kg: float, note: str | None = None) -> Finding:
        """Take the next weight. A plain rule knows nothing of notes.

        Raises:
            ValueError: no number, or older than the last one.
        """
        self._window.add(time_s, weight_kg)
        found = [self._against(limit) for limit in self._limits]
        return max(found, key=lambda f: (f.level is Level.ALERT, f.score))

    def _against(self, limit: Limit) -> Finding:
        seen = self._window.since(limit.days * DAY_S + _SLACK_S)
        to_s, to_kg = seen[-1]
        from_s, from_kg = min(seen, key=lambda item: (item[1], -item[0]))
        gain_kg = round(to_kg - from_kg, _CENT_KG)
        over = gain_kg >= limit.gain_kg if limit.at_limit else gain_kg > limit.gain_kg
        share = gain_kg / limit.gain_kg
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if over else Level.WATCH if share > _CLEAR_SHARE else Level.OK,
            score=share,
            severity=gain_kg,
            clear=share <= _CLEAR_SHARE,
            inputs={
                "from_kg": from_kg,
                "to_kg": to_kg,
                "gain_kg": gain_kg,
                "limit_kg": limit.gain_kg,
                "window_days": float(limit.days),
                "took_days": round((to_s - from_s) / DAY_S, 2),
            },
            evidence_s=(from_s, to_s) if from_s < to_s else (to_s,),
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


class GuidelineEsc(GainRule):
    """ESC: more than 2 kg in 3 days."""

    RULE = "weight.guideline_esc"
    VERSION = 1

    def __init__(self, gain_3_days_kg: float = 2.0) -> None:
        super().__init__((Limit(3, gain_3_days_kg, at_limit=False),))


class GuidelineUs(GainRule):
    """US advice: 3 lb or more in a day, or 5 lb or more in a week."""

    RULE = "weight.guideline_us"
    VERSION = 1

    def __init__(self, gain_1_day_kg: float = 1.36, gain_7_days_kg: float = 2.27) -> None:
        super().__init__((Limit(1, gain_1_day_kg, at_limit=True), Limit(7, gain_7_days_kg, at_limit=True)))
