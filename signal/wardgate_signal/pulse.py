"""Resting pulse: a trend away from the patient's own level, limits, and an irregularity that is new.

Limits are those at which NEWS2 begins to score two or three points: above 110 and at most 40 a minute. How far a pulse
moves before an admission is published (more than 3 beats up at night before 28 % of admissions and in 16 % of quiet
months), so a trend alone is a reason to look and not a diagnosis; a beta-blocker flattens it.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Finding, Json, Level, Saved, require_finite
from wardgate_signal.irregular import IrregularMoments
from wardgate_signal.own_level import OwnLevel
from wardgate_signal.told import notes_in
from wardgate_signal.window import pairs

UNIT_BPM: Final = 4.0
"""What the filter takes for one: noise of 2.4 to 10 beats a minute, with 4 to begin with."""
LIMIT_WORTH: Final = 0.05
"""Evidence for each beat beyond a limit."""
FORGET_NOTES: Final = frozenset({"new_device", "beta_blocker_up", "beta_blocker_down"})
"""What makes the old level meaningless."""
_PULSE_MOST_BPM: Final = 300.0


class RestingTrend:
    """Tells of a resting pulse that has risen or fallen and stays so, or is beyond a limit twice running.

    `score` is the log odds of being 4 beats or more away from the patient's own level now, in the likelier direction.
    The input `trend` is 1 for up and -1 for down. Notes of `FORGET_NOTES` make it learn anew; others are ignored.
    """

    RULE: ClassVar[str] = "pulse.resting_trend"
    VERSION: ClassVar[int] = 2
    WORSE_BY: ClassVar[float] = 5.0
    ALERT_SCORE: ClassVar[float] = 5.0
    """About one false alert a patient-year where one day's pulse (SD 5) is half correlated with the next one's; hardly
    any where it is not."""
    WATCH_SCORE: ClassVar[float] = 3.0

    def __init__(self, low_bpm: float = 40.0, high_bpm: float = 110.0) -> None:
        require_finite(low_bpm=low_bpm, high_bpm=high_bpm)
        self._low_bpm, self._high_bpm = low_bpm, high_bpm
        self._fall, self._rise = OwnLevel(UNIT_BPM), OwnLevel(-UNIT_BPM)
        self._last: tuple[float, float] | None = None

    def update(self, time_s: float, pulse_bpm: float, note: str | None = None) -> Finding:
        """Take the next reading.

        Raises:
            ValueError: no number, or older than the last one.
        """
        require_finite(time_s=time_s, pulse_bpm=pulse_bpm)
        if self._last is not None and time_s < self._last[0]:
            raise ValueError("a value older than the last one: feed the series again, in order")
        if not FORGET_NOTES.isdisjoint(notes_in(note)):
            self._fall.forget(time_s)
            self._rise.forget(time_s)
        if self._last != (time_s, pulse_bpm):
            self._last = (float(time_s), float(pulse_bpm))
            for own in (self._fall, self._rise):
                own.add(time_s, min(max(pulse_bpm, 0.0), _PULSE_MOST_BPM))
        return self._finding(pulse_bpm)

    def _beyond(self) -> float:
        """Beats a minute beyond a limit that the last two moments both show; at the low limit itself it is one."""
        two = self._fall.recent
        if len(two) < 2:
            return 0.0
        return max(0.0, min(two) - self._high_bpm, self._low_bpm + 1.0 - max(two))

    def _finding(self, pulse_bpm: float) -> Finding:
        rising = self._rise.odds() >= self._fall.odds()
        own = self._rise if rising else self._fall
        usual_bpm, level_bpm, beyond_bpm = own.usual, own.level(), self._beyond()
        score = own.odds() + LIMIT_WORTH * beyond_bpm
        off_bpm = 0.0 if usual_bpm is None or level_bpm is None else level_bpm - usual_bpm
        inputs = {
            "pulse_bpm": pulse_bpm,
            "low_bpm": self._low_bpm,
            "high_bpm": self._high_bpm,
            "beyond_bpm": beyond_bpm,
        }
        if usual_bpm is not None:
            inputs |= {
                "usual_bpm": round(usual_bpm, 1),
                "off_bpm": round(off_bpm, 1),
                "noise_bpm": round(own.noise(), 1),
                "trend": 1.0 if rising else -1.0,
            }
        alert, watch = score >= self.ALERT_SCORE or beyond_bpm > 0.0, score >= self.WATCH_SCORE
        quiet = Level.LEARNING if usual_bpm is None else Level.WATCH if watch else Level.OK
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if alert else quiet,
            score=score,
            severity=max(off_bpm if rising else -off_bpm, beyond_bpm, 0.0),
            clear=not alert and (usual_bpm is None or not watch),
            inputs=inputs,
            evidence_s=tuple(t for t, _ in own.evidence()),
        )

    def state(self) -> Saved:
        """All that it remembers."""
        last: Json = None if self._last is None else [[*self._last]]
        return {"fall": self._fall.save(), "rise": self._rise.save(), "last": last}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no saved state of this version of the rule.
        """
        if set(saved) != {"fall", "rise", "last"}:
            raise ValueError("no saved state of this version of the rule")
        last = None if saved["last"] is None else pairs(saved["last"])[0]
        fall, rise = OwnLevel(UNIT_BPM), OwnLevel(-UNIT_BPM)
        fall.load(saved["fall"])
        rise.load(saved["rise"])
        self._fall, self._rise, self._last = fall, rise, last


RECENT_S: Final = 10 * DAY_S
"""What is older makes the patient's own share of irregular sittings."""
_SITTINGS: Final = 100
NEW_SHARE: Final = 0.7
"""Share of irregular sittings with a new arrhythmia that stays (judgement)."""
FALSE_SHARE: Final = 0.05
FALSE_SITTINGS: Final = 10.0
"""The device's bit is wrong at least so often; that is worth so many of the patient's own sittings (judgement)."""


class NewIrregularity:
    """Tells of sittings with the device's irregular-pulse bit, more of them than this patient has had.

    `score` is the log likelihood ratio of the best run of sittings up to now, in the last ten days. An irregular pulse
    that has been there all along, or has become usual, scores nothing.
    """

    RULE: ClassVar[str] = "pulse.new_irregularity"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 3.0
    ALERT_SCORE: ClassVar[float] = 6.5
    """Three irregular sittings, with at most one regular one between, in a patient who had none."""

    def __init__(self) -> None:
        self._moments = IrregularMoments(_SITTINGS)

    def update(self, time_s: float, irregular: bool) -> Finding:
        """Take the bit of the next reading.

        Raises:
            ValueError: no number, or older than the last one.
        """
        self._moments.add(time_s, irregular)
        moments = self._moments.moments()
        old = [odd for t, odd in moments if t < time_s - RECENT_S]
        own_share = max((sum(old) + FALSE_SHARE * FALSE_SITTINGS) / (len(old) + FALSE_SITTINGS), FALSE_SHARE)
        score, run = self._best_run([x for x in moments if x[0] >= time_s - RECENT_S], own_share)
        odd_s = tuple(t for t, odd in run if odd)
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.ALERT if score >= self.ALERT_SCORE else Level.WATCH if odd_s else Level.OK,
            score=score,
            severity=float(len(odd_s)),
            clear=not odd_s,
            inputs={
                "irregular_sittings": float(len(odd_s)),
                "of_sittings": float(len(run)),
                "own_share": round(own_share, 3),
            },
            evidence_s=odd_s,
        )

    @staticmethod
    def _best_run(recent: list[tuple[float, bool]], own_share: float) -> tuple[float, list[tuple[float, bool]]]:
        if own_share >= NEW_SHARE:
            return 0.0, []
        for_odd = math.log(NEW_SHARE / own_share)
        for_even = math.log((1.0 - NEW_SHARE) / (1.0 - own_share))
        best, begin, total = 0.0, len(recent), 0.0
        for i in range(len(recent) - 1, -1, -1):
            total += for_odd if recent[i][1] else for_even
            if total > best:
                best, begin = total, i
        return best, recent[begin:]

    def state(self) -> Saved:
        """All that it remembers."""
        return {"moments": self._moments.save()}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no saved state of this rule.
        """
        self._moments.load(saved.get("moments"))
