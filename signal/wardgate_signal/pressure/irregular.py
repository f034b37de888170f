"""An irregular pulse at the cuff: what it measures then is not to be relied on.

NICE NG136: with an irregular pulse, automated devices may be wrong; measure by hand, over the brachial artery.
"""

from __future__ import annotations

from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Finding, Level, Saved
from wardgate_signal.irregular import IrregularMoments

_OF: Final = 5
_IRREGULAR: Final = 3
WINDOW_S: Final = 7 * DAY_S


class IrregularAtCuff:
    """At least 3 of the last 5 sittings within a week carried the device's bit: measure by hand.

    A patient whose irregular pulse is known (`known`) has no word from this rule; the input `irregular_sittings` says
    all the same how far the cuff's numbers are to be trusted.
    """

    RULE: ClassVar[str] = "pressure.irregular_pulse"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 3.0

    def __init__(self, known: bool = False) -> None:
        self._known = known
        self._moments = IrregularMoments(_OF)

    def update(self, time_s: float, irregular: bool) -> Finding:
        """Take the bit of the next reading.

        Raises:
            ValueError: no number, or older than the last one.
        """
        self._moments.add(time_s, irregular)
        last = [moment for moment in self._moments.moments() if moment[0] >= time_s - WINDOW_S]
        odd = tuple(t for t, is_irregular in last if is_irregular)
        speaks = len(odd) >= _IRREGULAR and not self._known
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if speaks else Level.WATCH if odd else Level.OK,
            score=0.0 if self._known else len(odd) / _IRREGULAR,
            severity=float(len(odd)),
            clear=self._known or not odd,
            inputs={
                "irregular_sittings": float(len(odd)),
                "of_sittings": float(len(last)),
                "known": float(self._known),
            },
            evidence_s=odd,
        )

    def state(self) -> Saved:
        """All that it remembers."""
        return {"moments": self._moments.save()}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no saved state of this rule.
        """
        self._moments.load(saved.get("moments"))
