"""The home average of NICE NG136, and pressure that stays too high by it.

NG136: two readings at least a minute apart for each recording, twice daily, for at least 4 and ideally 7 days; the
first day is discarded and the rest averaged. 135/85 mmHg is stage 1, 150/95 stage 2. A reading of 180/120 wants a look
the same day, whatever the average says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Finding, Json, Level, Saved, require_finite

SITTING_S: Final = 1800.0
"""Readings within half an hour of the first are one recording."""
APART_S: Final = 60.0
SERIES_GAP_S: Final = 7 * DAY_S
"""After a silence of a week a new series begins, with a first day of its own."""
KEEP_S: Final = 7 * DAY_S
LEAST_DAYS: Final = 4
"""The discarded one among them."""
LEAST_RECORDINGS: Final = 6
"""Twice on each of the three days that are left."""
_MOST: Final = 256


@dataclass(frozen=True, slots=True)
class Average:
    """A home average, and what it rests on. Pressures in mmHg."""

    systolic_mmhg: float
    diastolic_mmhg: float
    recordings: int
    paired: int
    """Recordings of two readings at least a minute apart, as the guideline wants them."""
    days: int
    """Days with a recording, the discarded first one among them."""
    evidence_s: tuple[float, ...]

    @property
    def complete(self) -> bool:
        """Whether it is enough for the guideline's word, if single readings are let pass."""
        return self.days >= LEAST_DAYS and self.recordings >= LEAST_RECORDINGS


class HomeAverage:
    """The average of the last 7 days without the first day of the series.

    Homes often measure once and not twice; such a recording counts, and `Average.paired` tells how many were by the
    book. A day is 24 hours from the first reading of the series: the average does not know the clock on the wall.
    """

    def __init__(self) -> None:
        self._begin_s: float | None = None
        self._readings: deque[tuple[float, float, float]] = deque(maxlen=_MOST)

    def add(self, time_s: float, systolic_mmhg: float, diastolic_mmhg: float) -> None:
        """Take the next reading; the very same one again changes nothing.

        Raises:
            ValueError: no number, or older than the last one.
        """
        require_finite(time_s=time_s, systolic_mmhg=systolic_mmhg, diastolic_mmhg=diastolic_mmhg)
        last = self._readings[-1] if self._readings else None
        if last is not None and time_s < last[0]:
            raise ValueError("a value older than the last one: feed the series again, in order")
        if last == (time_s, systolic_mmhg, diastolic_mmhg):
            return
        if last is None or self._begin_s is None or time_s - last[0] > SERIES_GAP_S:
            self._begin_s = time_s
            self._readings.clear()
        self._readings.append((time_s, systolic_mmhg, diastolic_mmhg))
        while self._readings[0][0] < time_s - KEEP_S:
            self._readings.popleft()

    def sitting(self) -> list[tuple[float, float, float]]:
        """The readings of the newest recording, oldest first."""
        return self._recordings()[-1] if self._readings else []

    def average(self) -> Average | None:
        """None while there is nothing after the first day."""
        if self._begin_s is None:
            return None
        first_day_s = self._begin_s + DAY_S
        used = [recording for recording in self._recordings() if recording[0][0] >= first_day_s]
        if not used:
            return None
        days = {int((recording[0][0] - self._begin_s) // DAY_S) for recording in self._recordings()}
        return Average(
            systolic_mmhg=_mean([_mean([r[1] for r in recording]) for recording in used]),
            diastolic_mmhg=_mean([_mean([r[2] for r in recording]) for recording in used]),
            recordings=len(used),
            paired=sum(recording[-1][0] - recording[0][0] >= APART_S for recording in used),
            days=len(days | {0}),
            evidence_s=tuple(r[0] for recording in used for r in recording),
        )

    def _recordings(self) -> list[list[tuple[float, float, float]]]:
        found: list[list[tuple[float, float, float]]] = []
        for reading in self._readings:
            if found and reading[0] - found[-1][0][0] < SITTING_S:
                found[-1].append(reading)
            else:
                found.append([reading])
        return found

    def save(self) -> Saved:
        """For `load`."""
        return {"begin_s": self._begin_s, "readings": [[*reading] for reading in self._readings]}

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        match saved:
            case {"begin_s": float() | int() | None as begin_s, "readings": list() as readings}:
                kept = [_reading(item) for item in readings]
            case _:
                raise ValueError("no saved home average")
        self._begin_s = begin_s
        self._readings = deque(kept, _MOST)


def _reading(item: Json) -> tuple[float, float, float]:
    match item:
        case [float() | int() as time_s, float() | int() as systolic, float() | int() as diastolic]:
            return float(time_s), float(systolic), float(diastolic)
        case _:
            raise ValueError("no saved reading of a pressure")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


class SustainedHigh:
    """The home average has reached stage 1 or 2, or the newest recording is severe.

    `score` is 1 at stage 1 and 2 at stage 2, and goes on rising; 3 and more is severe. `severity` is mmHg of systolic
    pressure above stage 1 (or of diastolic, whichever is further in its own stages).
    """

    RULE: ClassVar[str] = "pressure.sustained_high"
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 10.0
    SEVERE: ClassVar[tuple[float, float]] = (180.0, 120.0)
    CLEAR_SCORE: ClassVar[float] = 2.0 / 3.0
    """130/82 mmHg: a hysteresis of 5 and 3 mmHg."""

    def __init__(
        self, stage_1: tuple[float, float] = (135.0, 85.0), stage_2: tuple[float, float] = (150.0, 95.0)
    ) -> None:
        """Limits as (systolic, diastolic) in mmHg.

        Raises:
            ValueError: stage 2 is not above stage 1.
        """
        if not (stage_1[0] < stage_2[0] and stage_1[1] < stage_2[1]):
            raise ValueError("stage 2 is not above stage 1")
        self._stage_1, self._stage_2 = stage_1, stage_2
        self._home = HomeAverage()

    def update(self, time_s: float, systolic_mmhg: float, diastolic_mmhg: float) -> Finding:
        """Take the next reading.

        Raises:
            ValueError: no number, or older than the last one.
        """
        self._home.add(time_s, systolic_mmhg, diastolic_mmhg)
        average, sitting = self._home.average(), self._home.sitting()
        severe = self._severe([r[1] for r in sitting], [r[2] for r in sitting])
        stage = self._stage(average) if average is not None and average.complete else 0.0
        score = max(stage, severe)
        inputs = {"systolic_mmhg": systolic_mmhg, "diastolic_mmhg": diastolic_mmhg, "severe": float(severe > 0.0)}
        inputs |= {"stage_1_mmhg": self._stage_1[0], "stage_2_mmhg": self._stage_2[0]}
        if average is not None:
            inputs |= {
                "average_systolic_mmhg": round(average.systolic_mmhg, 1),
                "average_diastolic_mmhg": round(average.diastolic_mmhg, 1),
                "recordings": float(average.recordings),
                "paired_recordings": float(average.paired),
                "days": float(average.days),
            }
        at = tuple(r[0] for r in sitting)
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=self._level(score, average),
            score=score,
            severity=max(0.0, score - 1.0) * (self._stage_2[0] - self._stage_1[0]),
            clear=score <= self.CLEAR_SCORE,
            inputs=inputs,
            evidence_s=at if severe or average is None or stage == 0.0 else average.evidence_s,
        )

    def _level(self, score: float, average: Average | None) -> Level:
        if score >= 1.0:
            return Level.ALERT
        if average is None or not average.complete:
            return Level.LEARNING
        return Level.WATCH if score > self.CLEAR_SCORE else Level.OK

    def _stage(self, average: Average) -> float:
        """1 at stage 1, 2 at stage 2."""
        shares = (
            (value - one) / (two - one)
            for value, one, two in zip(
                (average.systolic_mmhg, average.diastolic_mmhg), self._stage_1, self._stage_2, strict=True
            )
        )
        return max(0.0, 1.0 + max(shares))

    def _severe(self, systolic_mmhg: list[float], diastolic_mmhg: list[float]) -> float:
        """3 and more where the newest recording is severe by its lower readings; a repeat takes back a first fright."""
        over = max(min(systolic_mmhg) - self.SEVERE[0], min(diastolic_mmhg) - self.SEVERE[1])
        return 3.0 + over / 10.0 if over >= 0.0 else 0.0

    def state(self) -> Saved:
        """All that it remembers."""
        return {"home": self._home.save()}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no saved state of this rule.
        """
        self._home.load(saved.get("home"))
