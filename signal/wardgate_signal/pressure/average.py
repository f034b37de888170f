"""The home average of NICE NG136, and pressure that stays too high by it.

NG136: two readings at least a minute apart for each recording, twice daily, for at least 4 and ideally 7 days; the
first day is discarded and the rest averaged. 135/85 mmHg is stage 1, 150/95 stage 2. A reading of 180/120 wants a look
the same day, whatever the average says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import astuple, dataclass, fields
from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Finding, Json, Level, Saved, require_finite
from wardgate_signal.own_level import number

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
_MOST: Final = 64
"""Recordings in memory: nine a day."""


@dataclass(slots=True)
class Recording:
    """The readings of one sitting. Pressures in mmHg."""

    begin_s: float
    last_s: float
    readings: float
    systolic_sum: float
    diastolic_sum: float
    systolic_least: float
    diastolic_least: float

    def add(self, time_s: float, systolic_mmhg: float, diastolic_mmhg: float) -> None:
        """Take another reading of the same sitting."""
        self.last_s = time_s
        self.readings += 1.0
        self.systolic_sum += systolic_mmhg
        self.diastolic_sum += diastolic_mmhg
        self.systolic_least = min(self.systolic_least, systolic_mmhg)
        self.diastolic_least = min(self.diastolic_least, diastolic_mmhg)


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
    """When each recording began."""

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
        self._begin_s = 0.0
        self._recordings: deque[Recording] = deque(maxlen=_MOST)
        self._last: tuple[float, float, float] | None = None

    def add(self, time_s: float, systolic_mmhg: float, diastolic_mmhg: float) -> None:
        """Take the next reading; the very same one again changes nothing.

        Raises:
            ValueError: no number, or older than the last one.
        """
        require_finite(time_s=time_s, systolic_mmhg=systolic_mmhg, diastolic_mmhg=diastolic_mmhg)
        time_s = float(time_s)
        last, newest = self._last, (time_s, float(systolic_mmhg), float(diastolic_mmhg))
        if last is not None and time_s < last[0]:
            raise ValueError("a value older than the last one: feed the series again, in order")
        if last == newest:
            return
        self._last = newest
        if last is None or time_s - last[0] > SERIES_GAP_S:
            self._begin_s = time_s
            self._recordings.clear()
        if self._recordings and time_s - self._recordings[-1].begin_s < SITTING_S:
            self._recordings[-1].add(*newest)
        else:
            self._recordings.append(Recording(time_s, time_s, 1.0, *newest[1:], *newest[1:]))
        while self._recordings[0].last_s < time_s - KEEP_S:
            self._recordings.popleft()

    @property
    def sitting(self) -> Recording | None:
        """The newest recording; None before the first reading."""
        return self._recordings[-1] if self._recordings else None

    def average(self) -> Average | None:
        """None while there is nothing after the first day."""
        used = [r for r in self._recordings if r.begin_s >= self._begin_s + DAY_S]
        if not used:
            return None
        return Average(
            systolic_mmhg=sum(r.systolic_sum / r.readings for r in used) / len(used),
            diastolic_mmhg=sum(r.diastolic_sum / r.readings for r in used) / len(used),
            recordings=len(used),
            paired=sum(r.last_s - r.begin_s >= APART_S for r in used),
            days=len({0.0, *((r.begin_s - self._begin_s) // DAY_S for r in used)}),
            evidence_s=tuple(r.begin_s for r in used),
        )

    def save(self) -> Saved:
        """For `load`."""
        return {
            "begin_s": self._begin_s,
            "recordings": [[*astuple(recording)] for recording in self._recordings],
            "last": None if self._last is None else [*self._last],
        }

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        match saved:
            case {"begin_s": float() | int() as begin_s, "recordings": list() as recordings, "last": last}:
                kept = [Recording(*_numbers(item, len(fields(Recording)))) for item in recordings]
                newest = None if last is None else _numbers(last, 3)
            case _:
                raise ValueError("no saved home average")
        self._begin_s = float(begin_s)
        self._recordings = deque(kept, _MOST)
        self._last = None if newest is None else (newest[0], newest[1], newest[2])


def _numbers(item: Json, count: int) -> list[float]:
    if not isinstance(item, list) or len(item) != count:
        raise ValueError(f"no saved list of {count} numbers")
    return [number(value) for value in item]


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
        average, severe = self._home.average(), self._severe(self._home.sitting)
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
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=self._level(score, average),
            score=score,
            severity=max(0.0, score - 1.0) * (self._stage_2[0] - self._stage_1[0]),
            clear=score <= self.CLEAR_SCORE,
            inputs=inputs,
            evidence_s=(time_s,) if severe or average is None or stage == 0.0 else average.evidence_s,
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

    def _severe(self, sitting: Recording | None) -> float:
        """3 and more where the newest recording is severe by its lower readings; a repeat takes back a first fright."""
        if sitting is None:
            return 0.0
        over = max(sitting.systolic_least - self.SEVERE[0], sitting.diastolic_least - self.SEVERE[1])
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
