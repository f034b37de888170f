"""A sustained decline of the spot saturation from the patient's own level, and from the target range.

A filter (`drop.py`) keeps the probability of every drop below the usual level. The usual level and its noise are learnt
from the same readings: slowly while the patient is well, hardly while the saturation is low, and quickly once a level
has stayed so long that it is the new normal. Nothing in here knows what comes later.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, fields
from typing import ClassVar, Final, Literal, Self

import numpy as np

from wardgate_signal.finding import DAY_S, Finding, Json, Level, Saved, require_finite
from wardgate_signal.oximetry.drop import DROP_PCT, LOW, NONE, Floats, after, at_rest, given
from wardgate_signal.oximetry.limits import too_weak
from wardgate_signal.window import pairs

Quality = Literal["accepted", "weak-pulse", "after-exertion"]

MOMENT_S: Final = 900.0
"""Readings within a quarter of an hour of the first are one moment; their median counts."""
LEARN_MOMENTS: Final = 5
LEARN_DAYS: Final = 4.0
NOISE_PRIOR_PCT: Final = 1.0
NOISE_PRIOR_READINGS: Final = 8
NOISE_MEMORY_READINGS: Final = 60
NOISE_LEAST_PCT: Final = 0.6
"""Whole per cent alone make 0.3."""
NOISE_MOST_PCT: Final = 2.5
ALIKE_DAYS: Final = 0.35
"""Readings this close share most of a day's deviation and count for less each."""
FOLLOW_DAYS: Final = 15.0
FOLLOW_RISE_DAYS: Final = 8.0
ACCEPT_AFTER_DAYS: Final = 12.0
"""A drop that has lasted so long becomes the usual level, with the time constant below."""
ACCEPT_DAYS: Final = 7.0
MOST_OFF: Final = 2.5
"""Nothing moves the usual level as if it were further off than so many SD."""
EXERTION_BPM: Final = 15.0
EXERTION_COUNTS: Final = 0.3
"""A reading with a pulse so far above the patient's recent one follows effort; it counts for less."""
PULSE_SHARE: Final = 0.25
PULSE_MOST_BPM: Final = 8.0
TARGET_WORTH: Final = 0.5
"""Evidence for each point below the target that is not the patient's usual place."""
LIKELY: Final = 0.5
DOUBTFUL: Final = 0.2
KEEP: Final = 120
"""Moments in memory: two weeks at eight a day, and months at one."""
FORGET_NOTES: Final = ("new_device", "oxygen_started")
"""What makes the old level meaningless."""


@dataclass(frozen=True, slots=True)
class SpotFinding(Finding):
    """A `Finding`, and where the patient stands."""

    usual_pct: float | None
    """The patient's own level; None while it is being learnt."""
    level_pct: float | None
    """Where the saturation probably is now."""
    quality: Quality

    @property
    def state(self) -> Level:
        """Where the series stands."""
        return self.level


@dataclass(slots=True)
class _Memory:
    chances: Floats = field(default_factory=at_rest)
    """Of each drop, after the moment that is open."""
    before: Floats = field(default_factory=at_rest)
    """The same before its first reading."""
    usual_pct: float | None = None
    noise_var: float = NOISE_PRIOR_PCT**2
    noise_readings: int = 0
    moments: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=KEEP))
    """(time, saturation) of each; the last one may still be open."""
    open_pct: list[float] = field(default_factory=list)
    gap_days: float = 1.0
    last: tuple[float, float] | None = None
    pulse_bpm: float | None = None
    low_s: float | None = None
    """Since when the saturation has probably been low."""
    doubt_s: float | None = None
    """Since when it may have been: what the evidence begins with."""
    learn_s: float | None = None
    """From where the level is learnt; None from the first moment that is kept."""

    def save(self) -> Saved:
        saved: Saved = {
            f.name: value for f in fields(self) if isinstance(value := getattr(self, f.name), int | float | None)
        }
        return saved | {
            "chances": self.chances.tolist(),
            "before": self.before.tolist(),
            "moments": [[t, pct] for t, pct in self.moments],
            "open_pct": [*self.open_pct],
            "last": [*self.last] if self.last else None,
        }

    @classmethod
    def load(cls, saved: Saved) -> Self:
        if set(saved) != {f.name for f in fields(cls)}:
            raise ValueError("no saved state of this version of the saturation detector")
        return cls(
            chances=_chances(saved["chances"]),
            before=_chances(saved["before"]),
            usual_pct=_maybe(saved["usual_pct"]),
            noise_var=_number(saved["noise_var"]),
            noise_readings=int(_number(saved["noise_readings"])),
            moments=deque(pairs(saved["moments"]), KEEP),
            open_pct=_numbers(saved["open_pct"]),
            gap_days=_number(saved["gap_days"]),
            last=next(iter(pairs([saved["last"]])), None) if saved["last"] else None,
            pulse_bpm=_maybe(saved["pulse_bpm"]),
            low_s=_maybe(saved["low_s"]),
            doubt_s=_maybe(saved["doubt_s"]),
            learn_s=_maybe(saved["learn_s"]),
        )


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"no saved number: {value!r}")
    return float(value)


def _maybe(value: Json) -> float | None:
    return None if value is None else _number(value)


def _numbers(value: Json) -> list[float]:
    if not isinstance(value, list):
        raise ValueError("no saved list of numbers")
    return [_number(item) for item in value]


def _chances(value: Json) -> Floats:
    chances = np.array(_numbers(value))
    if chances.shape != DROP_PCT.shape:
        raise ValueError("no saved probability of every drop")
    return chances


class SpotSaturationDetector:
    """Tells of a saturation that has dropped and stays low.

    `score` is the log odds of being a point or more below the patient's own level now, and something for every point
    below the target. It has no ceiling that a home saturation could reach, and goes back when the level is back or has
    become usual. Readings with a perfusion under 0.3 % change nothing. `note` may be "new_device" or "oxygen_started":
    the level is learnt anew; every other note is ignored.
    """

    RULE: ClassVar[str] = "saturation.own_level"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 1.0
    ALERT_SCORE: ClassVar[float] = 4.0
    """About one false alert a patient-year on simulated patients."""
    WATCH_SCORE: ClassVar[float] = 2.0
    """About five."""

    def __init__(self, target_low_pct: float = 94.0, target_high_pct: float = 98.0) -> None:
        require_finite(target_low_pct=target_low_pct, target_high_pct=target_high_pct)
        self._target_low_pct = target_low_pct
        self._target_high_pct = target_high_pct
        self._m = _Memory()

    def update(
        self,
        time_s: float,
        spo2_pct: float,
        pulse_bpm: float | None = None,
        perfusion: float | None = None,
        note: str | None = None,
    ) -> SpotFinding:
        """Take the next reading: saturation and perfusion index in per cent, pulse a minute.

        Raises:
            ValueError: no number, or older than the last one.
        """
        require_finite(time_s=time_s, spo2_pct=spo2_pct, pulse_bpm=0.0 if pulse_bpm is None else pulse_bpm)
        weak = too_weak(perfusion)
        m = self._m
        if m.last is not None and time_s < m.last[0]:
            raise ValueError("a value older than the last one: feed the series again, in order")
        if note in FORGET_NOTES:
            self._forget(time_s)
        effort = self._after_exertion(pulse_bpm)
        if m.last != (time_s, spo2_pct):
            m.last = (time_s, spo2_pct)
            if not weak:
                self._take(time_s, min(max(spo2_pct, 0.0), 100.0), pulse_bpm, EXERTION_COUNTS if effort else 1.0)
        return self._finding(spo2_pct, "weak-pulse" if weak else "after-exertion" if effort else "accepted")

    def _forget(self, time_s: float) -> None:
        m = self._m
        self._close()
        m.usual_pct = m.low_s = m.doubt_s = None
        m.chances, m.learn_s = at_rest(), time_s

    def _after_exertion(self, pulse_bpm: float | None) -> bool:
        usual_bpm = self._m.pulse_bpm
        return pulse_bpm is not None and usual_bpm is not None and pulse_bpm - usual_bpm > EXERTION_BPM

    def _take(self, time_s: float, spo2_pct: float, pulse_bpm: float | None, counts: float) -> None:
        m = self._m
        if m.open_pct and time_s - m.moments[-1][0] < MOMENT_S:
            m.open_pct.append(spo2_pct)
        else:
            self._close()
            m.gap_days = (time_s - m.moments[-1][0]) / DAY_S if m.moments else 1.0
            m.before = after(m.chances, m.gap_days)
            m.open_pct = [spo2_pct]
            m.moments.append((time_s, spo2_pct))
            self._follow_pulse(pulse_bpm)
        # Of two the higher: a finger that warms up or a patient who has rested shows more.
        shown_pct = sorted(m.open_pct)[len(m.open_pct) // 2]
        m.moments[-1] = (m.moments[-1][0], shown_pct)
        if m.usual_pct is not None:
            alike = 1.0 - math.exp(-m.gap_days / ALIKE_DAYS)
            m.chances = given(m.before, m.usual_pct - shown_pct, self._noise_pct(), alike * counts)
            self._date()

    def _follow_pulse(self, pulse_bpm: float | None) -> None:
        m = self._m
        if pulse_bpm is not None:
            usual_bpm = pulse_bpm if m.pulse_bpm is None else m.pulse_bpm
            off_bpm = min(max(pulse_bpm - usual_bpm, -PULSE_MOST_BPM), PULSE_MOST_BPM)
            m.pulse_bpm = usual_bpm + PULSE_SHARE * off_bpm

    def _low(self) -> float:
        return float(self._m.chances[LOW:].sum())

    def _date(self) -> None:
        """Since when the level has been low, or doubtful."""
        m = self._m
        low, time_s = self._low(), m.moments[-1][0]
        m.doubt_s = None if low < DOUBTFUL else time_s if m.doubt_s is None else m.doubt_s
        if low < DOUBTFUL:
            m.low_s = None
        elif low > LIKELY and m.low_s is None:
            m.low_s = time_s

    def _close(self) -> None:
        """The moment is over: learn from it."""
        m = self._m
        if not m.open_pct:
            return
        m.open_pct = []
        if m.usual_pct is None:
            self._learn()
            return
        low = self._low()
        off_pct = m.moments[-1][1] - m.usual_pct
        if low < LIKELY:
            self._learn_noise(off_pct)
        most_pct = MOST_OFF * self._noise_pct()
        share = 1.0 - math.exp(-min(m.gap_days, 7.0) / self._follow_days(low))
        m.usual_pct += share * min(max(off_pct, -most_pct), most_pct)

    def _follow_days(self, low: float) -> float:
        m = self._m
        if m.low_s is not None and m.moments[-1][0] - m.low_s > ACCEPT_AFTER_DAYS * DAY_S:
            return ACCEPT_DAYS
        if float(m.chances[: NONE - 1].sum()) > LIKELY:
            return FOLLOW_RISE_DAYS
        return FOLLOW_DAYS / max(1.0 - low, 0.05)

    def _learn(self) -> None:
        m = self._m
        seen = [x for x in m.moments if m.learn_s is None or x[0] >= m.learn_s]
        if len(seen) >= LEARN_MOMENTS and seen[-1][0] - seen[0][0] >= LEARN_DAYS * DAY_S:
            values = sorted(pct for _, pct in seen)
            m.usual_pct = 0.5 * (values[len(values) // 2] + values[(len(values) - 1) // 2])
            for pct in values:
                self._learn_noise(pct - m.usual_pct)

    def _learn_noise(self, off_pct: float) -> None:
        m = self._m
        m.noise_readings += 1
        share = max(1.0 / (m.noise_readings + NOISE_PRIOR_READINGS), 1.0 / NOISE_MEMORY_READINGS)
        m.noise_var += share * (min(off_pct**2, 9.0 * m.noise_var) - m.noise_var)

    def _noise_pct(self) -> float:
        return min(max(math.sqrt(self._m.noise_var), NOISE_LEAST_PCT), NOISE_MOST_PCT)

    def _place(self) -> tuple[float, float]:
        """Where the saturation probably is, and above which place a target says nothing about this patient."""
        m = self._m
        if m.usual_pct is not None:
            drop_pct = float(m.chances @ DROP_PCT)
            return m.usual_pct - drop_pct, min(self._target_low_pct, m.usual_pct - 0.5)
        values = sorted(pct for _, pct in list(m.moments)[-LEARN_MOMENTS:])
        return (values[len(values) // 2] if values else self._target_low_pct), self._target_low_pct

    def _finding(self, spo2_pct: float, quality: Quality) -> SpotFinding:
        m = self._m
        level_pct, limit_pct = self._place()
        low = self._low()
        score = math.log(low / float(m.chances[:LOW].sum())) + TARGET_WORTH * max(0.0, limit_pct - level_pct)
        learning, evidence_s = m.usual_pct is None, self._evidence()
        usual_pct = level_pct if m.usual_pct is None else m.usual_pct
        below_pct = max(0.0, usual_pct - level_pct)
        inputs = {
            "spo2_pct": spo2_pct,
            "level_pct": round(level_pct, 1),
            "target_low_pct": self._target_low_pct,
            "target_high_pct": self._target_high_pct,
            "above_target_pct": round(max(0.0, level_pct - self._target_high_pct), 1),
            "noise_pct": round(self._noise_pct(), 2),
            "moments": float(len(evidence_s)),
        }
        if not learning:
            inputs |= {"usual_pct": round(usual_pct, 1), "below_usual_pct": round(below_pct, 1)}
        alert, watch = score >= self.ALERT_SCORE, score >= self.WATCH_SCORE
        return SpotFinding(
            rule=self.RULE,
            version=self.VERSION,
            level=Level.LEARNING if learning else Level.ALERT if alert else Level.WATCH if watch else Level.OK,
            score=score,
            severity=below_pct,
            clear=learning or not watch,
            inputs=inputs,
            evidence_s=evidence_s,
            usual_pct=None if learning else usual_pct,
            level_pct=level_pct,
            quality=quality,
        )

    def _evidence(self) -> tuple[float, ...]:
        m = self._m
        return () if m.doubt_s is None else tuple(t for t, _ in m.moments if t >= m.doubt_s)

    def state(self) -> Saved:
        """All that it remembers."""
        return self._m.save()

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this version of the detector.
        """
        self._m = _Memory.load(saved)
