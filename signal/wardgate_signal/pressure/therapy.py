"""Low pressure under heart-failure therapy.

A systolic below 90 mmHg is acted on when it is symptomatic or stays; without symptoms the therapy is kept (ESC). A drop
of more than 40 mmHg from the patient's own pressure, or of more than 20 on standing up, counts as well.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Finding, Level, Saved, require_finite
from wardgate_signal.pressure.low import PersistentLow
from wardgate_signal.window import pairs

RELATIVE_MMHG: Final = 40.0
POSTURAL_MMHG: Final = 20.0
STANDING_S: Final = 600.0
"""A reading on standing up belongs to the last one sitting for ten minutes."""
APART_S: Final = 900.0
"""Readings closer than this are one moment."""
USUAL_LEAST: Final = 7
USUAL_S: Final = 60 * DAY_S
RECENT_S: Final = 2 * DAY_S
"""What is as new as this does not make the usual pressure."""
_MOST: Final = 128

SYMPTOMS: Final = "symptoms"
"""Note: dizzy or faint at this reading."""
STANDING: Final = "standing"
"""Note: taken within three minutes of standing up."""


class LowUnderTherapy:
    """Says which of the four it is in `inputs`: persistent, symptomatic, relative or postural.

    `score` is at least 1 where one of them holds, and rises with the depth; `severity` is mmHg beyond the limit that is
    exceeded most. A relative drop has to show at two moments. Persistence is `PersistentLow`'s.
    """

    RULE: ClassVar[str] = "pressure.low_under_therapy"
    VERSION: ClassVar[int] = 2
    WORSE_BY: ClassVar[float] = 5.0

    def __init__(self, systolic_low_mmhg: float = 90.0) -> None:
        self._low_mmhg = systolic_low_mmhg
        self._persistent = PersistentLow(systolic_low_mmhg)
        self._seated: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def update(self, time_s: float, systolic_mmhg: float, note: str | None = None) -> Finding:
        """Take the next reading. `note` may be "symptoms" or "standing"; every other one is ignored.

        Raises:
            ValueError: no number, or older than the last one.
        """
        require_finite(time_s=time_s, systolic_mmhg=systolic_mmhg)
        persistent = self._persistent.update(time_s, systolic_mmhg)
        postural_mmhg = self._postural(time_s, systolic_mmhg) if note == STANDING else 0.0
        if note != STANDING and (time_s, systolic_mmhg) not in list(self._seated)[-1:]:
            self._seated.append((float(time_s), float(systolic_mmhg)))
        usual_mmhg = self._usual(time_s)
        relative_mmhg = self._relative(usual_mmhg)
        symptomatic = note == SYMPTOMS and systolic_mmhg < self._low_mmhg
        beyond_mmhg = {
            "persistent": persistent.severity if persistent.level is Level.ALERT else None,
            "symptomatic": self._low_mmhg - systolic_mmhg if symptomatic else None,
            "relative": relative_mmhg - RELATIVE_MMHG if relative_mmhg > RELATIVE_MMHG else None,
            "postural": postural_mmhg - POSTURAL_MMHG if postural_mmhg > POSTURAL_MMHG else None,
        }
        held = [value for value in beyond_mmhg.values() if value is not None]
        worst_mmhg = max(held, default=0.0)
        low = persistent.level is not Level.OK
        inputs = {"systolic_mmhg": systolic_mmhg, "limit_mmhg": self._low_mmhg}
        inputs |= {name: float(value is not None) for name, value in beyond_mmhg.items()}
        inputs |= {"relative_drop_mmhg": round(relative_mmhg, 1), "postural_drop_mmhg": postural_mmhg}
        if usual_mmhg is not None:
            inputs["usual_mmhg"] = usual_mmhg
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if held else Level.WATCH if low else Level.OK,
            score=1.0 + worst_mmhg / 10.0 if held else persistent.score,
            severity=worst_mmhg,
            clear=not held and persistent.clear,
            inputs=inputs,
            evidence_s=persistent.evidence_s or (time_s,),
        )

    def _postural(self, time_s: float, systolic_mmhg: float) -> float:
        if not self._seated or time_s - self._seated[-1][0] > STANDING_S:
            return 0.0
        return max(0.0, self._seated[-1][1] - systolic_mmhg)

    def _usual(self, time_s: float) -> float | None:
        """The patient's own systolic pressure sitting; None while too little is known."""
        old = [value for t, value in self._seated if time_s - USUAL_S <= t < time_s - RECENT_S]
        return median(old) if len(old) >= USUAL_LEAST else None

    def _relative(self, usual_mmhg: float | None) -> float:
        """How far the last two moments are both below the usual pressure."""
        if usual_mmhg is None:
            return 0.0
        newest_s, newest_mmhg = self._seated[-1]
        before = [value for t, value in self._seated if newest_s - RECENT_S <= t <= newest_s - APART_S]
        return max(0.0, usual_mmhg - max(newest_mmhg, before[-1])) if before else 0.0

    def state(self) -> Saved:
        """All that it remembers."""
        return {"persistent": self._persistent.state(), "seated": [[t, value] for t, value in self._seated]}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no saved state of this rule.
        """
        persistent = saved.get("persistent")
        if not isinstance(persistent, dict):
            raise ValueError("no saved state of this rule")
        seated = deque(pairs(saved.get("seated")), _MOST)
        self._persistent.restore(persistent)
        self._seated = seated
