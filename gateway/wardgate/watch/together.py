"""The monitor of all channels as a rule: samples in, findings as the life of an alert knows them out."""

from __future__ import annotations

from typing import Final

from wardgate.pathways.notes import STANDING
from wardgate.watch.rule import Sample
from wardgate_signal.finding import DAY_S, Finding, Level
from wardgate_signal.fusion import PatientFinding, PatientMonitor

LEARN_READINGS: Final = 10
LEARN_DAYS: Final = 14.0
"""Before, it does not know the patient's own level in every channel, and the rules of single channels speak."""
WATCH_BELOW: Final = 1.5
CLEAR_BELOW: Final = 2.5
"""Natural units of the log odds: an alert may end once the odds are a twelfth of those at which it begins."""
WORSE_BY: Final = 2.0
"""An alert is told again when the odds have grown sevenfold."""


class Together:
    """One monitor fed with the samples of all its channels, in the order of time."""

    def __init__(self, monitor: PatientMonitor) -> None:
        self._monitor = monitor
        self._count = 0
        self._first_s = 0.0
        self._latest_s: dict[str, float] = {}

    def feed(self, sample: Sample) -> Finding | None:
        """The next sample; None for one that the monitor cannot use.

        Raises:
            ValueError: older than the last one.
        """
        found = self._update(sample)
        if found is None:
            return None
        self._first_s = self._first_s if self._count else sample.time_s
        self._count += 1
        self._latest_s[sample.channel] = sample.time_s
        limit = self._monitor.ALERT_SCORE
        return Finding(
            rule=found.rule,
            version=found.version,
            level=self._level(found, sample.time_s),
            score=found.score,
            severity=max(0.0, found.score - limit),
            clear=found.score < limit - CLEAR_BELOW,
            inputs={
                "score_limit": limit,
                **{f"share_{name}": round(share, 3) for name, share in found.shares.items()},
                **{name: round(value, 3) for name, value in found.evidence.items()},
            },
            evidence_s=tuple(sorted(self._latest_s.values())),
        )

    def _update(self, s: Sample) -> PatientFinding | None:
        v, monitor = s.values, self._monitor
        if s.channel == "weight":
            return monitor.update_weight(s.time_s, v["weight"], s.note)
        if s.channel == "saturation":
            return monitor.update_saturation(s.time_s, v["spo2"], v.get("pulse"), v.get("perfusion"), s.note)
        if s.channel == "blood_pressure" and "diastolic" in v and s.note != STANDING:
            return monitor.update_pressure(s.time_s, v["systolic"], v["diastolic"], v.get("pulse"), s.note)
        return None

    def _level(self, found: PatientFinding, time_s: float) -> Level:
        if self._count < LEARN_READINGS or time_s - self._first_s < LEARN_DAYS * DAY_S:
            return Level.LEARNING
        limit = self._monitor.ALERT_SCORE
        if found.score >= limit:
            return Level.ALERT
        return Level.WATCH if found.score >= limit - WATCH_BELOW else Level.OK
