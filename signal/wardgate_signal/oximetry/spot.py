"""A sustained decline of the spot saturation from the patient's own level, and from the target range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from wardgate_signal.finding import Finding, Json, Level, Saved, require_finite
from wardgate_signal.own_level import OwnLevel, maybe
from wardgate_signal.oximetry.clean import LEAST_PCT, MOST_PCT
from wardgate_signal.oximetry.limits import too_weak
from wardgate_signal.told import notes_in, told
from wardgate_signal.window import pairs

Quality = Literal["accepted", "weak-pulse", "after-exertion", "implausible"]

EXERTION_BPM: Final = 15.0
EXERTION_COUNTS: Final = 0.3
"""A reading with a pulse so far above the patient's recent one follows effort; it counts for less."""
PULSE_SHARE: Final = 0.25
PULSE_MOST_BPM: Final = 8.0
TARGET_WORTH: Final = 0.3
"""Evidence for each point below the target that is not the patient's usual place."""
USUALLY_PCT: Final = 0.5
"""A target is broken only so far below a usual level that lies under it."""
UNKNOWN_TARGET_WORTH: Final = 1.0
"""The same while there is no own level to go by."""
FORGET_NOTES: Final = frozenset({"new_device", "oxygen_started"})
"""What makes the old level meaningless."""


@dataclass(frozen=True, slots=True)
class SpotFinding(Finding):
    """A `Finding`, and where the patient stands."""

    usual_pct: float | None
    """The patient's own level; None while it is being learnt."""
    level_pct: float | None
    """Where the saturation probably is now; None while the own level is being learnt."""
    quality: Quality
    evidence: tuple[tuple[float, float], ...]
    """(time, saturation) of the moments since a drop became possible."""

    @property
    def state(self) -> Level:
        """Where the series stands."""
        return self.level


class SpotSaturationDetector:
    """Tells of a saturation that has dropped and stays low.

    `score` is the log odds of being a point or more below the patient's own level now, and something for every point
    below the target. It has no ceiling that a home saturation could reach, and goes back when the level is back or has
    become usual. Readings with a perfusion under 0.3 % change nothing, nor do those that no finger can have (up to
    50 %, above 100 %: a clip in the air, a maker's fill value). `note` may be "new_device" or "oxygen_started": the
    level is learnt anew; every other note is ignored.
    """

    RULE: ClassVar[str] = "saturation.own_level"
    VERSION: ClassVar[int] = 2
    WORSE_BY: ClassVar[float] = 1.0
    ALERT_SCORE: ClassVar[float] = 3.5
    """About one false alert a patient-year on simulated patients."""
    WATCH_SCORE: ClassVar[float] = 1.5
    """About four."""

    def __init__(self, target_low_pct: float = 94.0, target_high_pct: float = 98.0) -> None:
        require_finite(target_low_pct=target_low_pct, target_high_pct=target_high_pct)
        self._target_low_pct = float(target_low_pct)
        self._target_high_pct = float(target_high_pct)
        self._own = OwnLevel()
        self._pulse_bpm: float | None = None
        self._last: tuple[float, float] | None = None

    def update(
        self,
        time_s: float,
        spo2_pct: float,
        pulse_bpm: float | None = None,
        perfusion: float | None = None,
        note: str | None = None,
    ) -> SpotFinding:
        """Take the next reading: saturation and perfusion index in per cent, pulse a minute.

        Pulse and perfusion are None or NaN where the device tells none.

        Raises:
            ValueError: no number, or older than the last one.
        """
        pulse_bpm = told(pulse_bpm)
        require_finite(time_s=time_s, spo2_pct=spo2_pct, pulse_bpm=0.0 if pulse_bpm is None else pulse_bpm)
        time_s, spo2_pct = float(time_s), float(spo2_pct)
        quality = self._quality(spo2_pct, pulse_bpm, perfusion)
        if self._last is not None and time_s < self._last[0]:
            raise ValueError("a value older than the last one: feed the series again, in order")
        if not FORGET_NOTES.isdisjoint(notes_in(note)):
            self._own.forget(time_s)
        if self._last != (time_s, spo2_pct):
            self._last = (time_s, spo2_pct)
            if quality in ("accepted", "after-exertion"):
                counts = EXERTION_COUNTS if quality == "after-exertion" else 1.0
                if self._own.add(time_s, spo2_pct, counts):
                    self._follow_pulse(pulse_bpm)
        return self._finding(spo2_pct, quality)

    def _quality(self, spo2_pct: float, pulse_bpm: float | None, perfusion: float | None) -> Quality:
        weak = too_weak(perfusion)
        if not LEAST_PCT < spo2_pct <= MOST_PCT:
            return "implausible"
        if weak:
            return "weak-pulse"
        effort = pulse_bpm is not None and self._pulse_bpm is not None and pulse_bpm - self._pulse_bpm > EXERTION_BPM
        return "after-exertion" if effort else "accepted"

    def _follow_pulse(self, pulse_bpm: float | None) -> None:
        if pulse_bpm is not None:
            usual_bpm = pulse_bpm if self._pulse_bpm is None else self._pulse_bpm
            off_bpm = min(max(pulse_bpm - usual_bpm, -PULSE_MOST_BPM), PULSE_MOST_BPM)
            self._pulse_bpm = usual_bpm + PULSE_SHARE * off_bpm

    def _below_target(self) -> float:
        """What the target adds to the evidence."""
        usual_pct, level_pct = self._own.usual, self._own.level()
        if usual_pct is None or level_pct is None:
            # What the last two moments both show, against the target alone.
            sure_pct = max(self._own.recent, default=self._target_low_pct)
            return UNKNOWN_TARGET_WORTH * max(0.0, self._target_low_pct - sure_pct)
        return TARGET_WORTH * max(0.0, min(self._target_low_pct, usual_pct - USUALLY_PCT) - level_pct)

    def _finding(self, spo2_pct: float, quality: Quality) -> SpotFinding:
        usual_pct, level_pct = self._own.usual, self._own.level()
        evidence = self._own.evidence()
        inputs = {
            "spo2_pct": spo2_pct,
            "target_low_pct": self._target_low_pct,
            "target_high_pct": self._target_high_pct,
            "noise_pct": round(self._own.noise(), 2),
            "moments": float(len(evidence)),
        }
        below_pct = 0.0
        if usual_pct is not None and level_pct is not None:
            below_pct = max(0.0, usual_pct - level_pct)
            inputs |= {
                "usual_pct": round(usual_pct, 1),
                "level_pct": round(level_pct, 1),
                "below_usual_pct": round(below_pct, 1),
                "above_target_pct": max(0.0, min(self._own.recent) - self._target_high_pct),
            }
        score = self._own.odds() + self._below_target()
        return SpotFinding(
            rule=self.RULE,
            version=self.VERSION,
            level=self._stands(score),
            score=score,
            severity=below_pct,
            clear=usual_pct is None or score < self.WATCH_SCORE,
            inputs=inputs,
            evidence_s=tuple(t for t, _ in evidence),
            usual_pct=usual_pct,
            level_pct=level_pct,
            quality=quality,
            evidence=evidence,
        )

    def _stands(self, score: float) -> Level:
        if self._own.usual is None:
            return Level.LEARNING
        return Level.ALERT if score >= self.ALERT_SCORE else Level.WATCH if score >= self.WATCH_SCORE else Level.OK

    def state(self) -> Saved:
        """All that it remembers."""
        last: Json = None if self._last is None else [*self._last]
        return {"own": self._own.save(), "pulse_bpm": self._pulse_bpm, "last": last}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this version of the detector.
        """
        if set(saved) != {"own", "pulse_bpm", "last"}:
            raise ValueError("no saved state of this version of the saturation detector")
        pulse_bpm, last = maybe(saved["pulse_bpm"]), saved["last"]
        before = next(iter(pairs([last])), None) if last is not None else None
        self._own.load(saved["own"])
        self._pulse_bpm, self._last = pulse_bpm, before
