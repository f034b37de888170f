"""A patient's own level of a quantity, its noise, and how far the quantity has probably dropped below it.

The level and its noise are learnt from the same readings: slowly while nothing has moved, hardly while the quantity is
low, and quickly once a drop has stayed so long that it is the new normal. Everything is in the quantity's own units;
`unit` is how many of them the filter of `drop.py` takes for one, and negative where a rise is what is looked for.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Final, Self

import numpy as np

from wardgate_signal.drop import DROPS, LOW, NONE, Floats, after, at_rest, given
from wardgate_signal.finding import DAY_S, Json, Saved
from wardgate_signal.window import pairs

MOMENT_S: Final = 900.0
"""Readings within a quarter of an hour of the first are one moment; their median counts."""
LEARN_MOMENTS: Final = 5
LEARN_DAYS: Final = 4.0
NOISE_PRIOR: Final = 1.0
NOISE_PRIOR_READINGS: Final = 8
NOISE_MEMORY_READINGS: Final = 60
NOISE_LEAST: Final = 0.6
NOISE_MOST: Final = 2.5
"""In units of the filter, as the prior is."""
ALIKE_DAYS: Final = 0.35
"""Readings this close share most of a day's deviation and count for less each."""
FOLLOW_DAYS: Final = 15.0
FOLLOW_RISE_DAYS: Final = 8.0
ACCEPT_AFTER_DAYS: Final = 12.0
"""A drop that has lasted so long becomes the usual level, with the time constant below."""
ACCEPT_DAYS: Final = 5.0
MOST_OFF: Final = 2.5
"""Nothing moves the usual level as if it were further off than so many SD."""
LEARNING_ODDS: Final = -2.0
"""What a well patient has: nothing is said before the own level is known."""
LIKELY: Final = 0.5
DOUBTFUL: Final = 0.2
KEEP: Final = 120
"""Moments in memory: two weeks at eight a day, and months at one."""


@dataclass(slots=True)
class _Memory:
    chances: Floats = field(default_factory=at_rest)
    """Of each drop, after the moment that is open."""
    before: Floats = field(default_factory=at_rest)
    """The same before its first reading."""
    usual: float | None = None
    noise_var: float = NOISE_PRIOR**2
    noise_readings: int = 0
    moments: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=KEEP))
    """(time, value) of each; the last one may still be open."""
    opened: list[float] = field(default_factory=list)
    """The values of the open moment."""
    gap_days: float = 1.0
    low_s: float | None = None
    """Since when the quantity has probably been low."""
    doubt_s: float | None = None
    """Since when it may have been: what the evidence begins with."""
    learn_s: float | None = None
    """From where the level is learnt; None from the first moment that is kept."""

    def save(self) -> Saved:
        plain = ("usual", "noise_var", "noise_readings", "gap_days", "low_s", "doubt_s", "learn_s")
        return {name: getattr(self, name) for name in plain} | {
            "chances": self.chances.tolist(),
            "before": self.before.tolist(),
            "moments": [[t, value] for t, value in self.moments],
            "opened": [*self.opened],
        }

    @classmethod
    def load(cls, saved: Json) -> Self:
        if not isinstance(saved, dict) or set(saved) != {f.name for f in fields(cls)}:
            raise ValueError("no saved state of this version of a level")
        return cls(
            chances=_chances(saved["chances"]),
            before=_chances(saved["before"]),
            usual=maybe(saved["usual"]),
            noise_var=number(saved["noise_var"]),
            noise_readings=int(number(saved["noise_readings"])),
            moments=deque(pairs(saved["moments"]), KEEP),
            opened=_numbers(saved["opened"]),
            gap_days=number(saved["gap_days"]),
            low_s=maybe(saved["low_s"]),
            doubt_s=maybe(saved["doubt_s"]),
            learn_s=maybe(saved["learn_s"]),
        )


def number(value: Json) -> float:
    """A saved number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"no saved number: {value!r}")
    return float(value)


def maybe(value: Json) -> float | None:
    """A saved number or nothing.

    Raises:
        ValueError: it is neither.
    """
    return None if value is None else number(value)


def _numbers(value: Json) -> list[float]:
    if not isinstance(value, list):
        raise ValueError("no saved list of numbers")
    return [number(item) for item in value]


def _chances(value: Json) -> Floats:
    chances = np.array(_numbers(value))
    if chances.shape != DROPS.shape:
        raise ValueError("no saved probability of every drop")
    return chances


class OwnLevel:
    """One quantity of one patient. Times must not go back; the caller sees to it."""

    def __init__(self, unit: float = 1.0) -> None:
        self._unit = unit
        self._m = _Memory()

    @property
    def usual(self) -> float | None:
        """The patient's own level; None while it is being learnt."""
        return self._m.usual

    @property
    def recent(self) -> tuple[float, ...]:
        """The values of the last two moments, or as many as there are."""
        return tuple(value for _, value in list(self._m.moments)[-2:])

    def level(self) -> float | None:
        """Where the quantity probably is now; None while the usual level is being learnt."""
        m = self._m
        return None if m.usual is None else m.usual - self._unit * float(m.chances @ DROPS)

    def odds(self) -> float:
        """Log odds of being a unit or more below the usual level now."""
        if self._m.usual is None:
            return LEARNING_ODDS
        return math.log(self._low() / float(self._m.chances[:LOW].sum()))

    def evidence(self) -> tuple[tuple[float, float], ...]:
        """(time, value) of the moments since the drop became possible."""
        m = self._m
        return () if m.doubt_s is None else tuple(moment for moment in m.moments if moment[0] >= m.doubt_s)

    def noise(self) -> float:
        """SD of the readings of a well patient, in the quantity's own units."""
        return self._noise() * abs(self._unit)

    def forget(self, time_s: float) -> None:
        """Learn the level anew, from this time on."""
        m = self._m
        self._close()
        m.usual = m.low_s = m.doubt_s = None
        m.chances, m.learn_s = at_rest(), float(time_s)

    def add(self, time_s: float, value: float, counts: float = 1.0) -> bool:
        """Take the next reading, which counts as that share of one. Whether it began a new moment."""
        m = self._m
        time_s, value = float(time_s), float(value)
        begins = not m.opened or time_s - m.moments[-1][0] >= MOMENT_S
        if begins:
            self._close()
            m.gap_days = (time_s - m.moments[-1][0]) / DAY_S if m.moments else 1.0
            m.before = after(m.chances, m.gap_days)
            m.opened = [value]
            m.moments.append((time_s, value))
        else:
            m.opened.append(value)
        # Of two the one further from a drop: a finger that warms up, a patient who has rested, a cuff put on again.
        shown = sorted(m.opened, reverse=self._unit < 0)[len(m.opened) // 2]
        m.moments[-1] = (m.moments[-1][0], shown)
        if m.usual is not None:
            alike = 1.0 - math.exp(-m.gap_days / ALIKE_DAYS)
            m.chances = given(m.before, (m.usual - shown) / self._unit, self._noise(), alike * counts)
            self._date()
        return begins

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
        if not m.opened:
            return
        m.opened = []
        if m.usual is None:
            self._learn()
            return
        low = self._low()
        off = (m.moments[-1][1] - m.usual) / self._unit
        if low < LIKELY:
            self._learn_noise(off)
        most = MOST_OFF * self._noise()
        share = 1.0 - math.exp(-min(m.gap_days, 7.0) / self._follow_days(low))
        m.usual += self._unit * share * min(max(off, -most), most)

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
            values = sorted(value for _, value in seen)
            m.usual = 0.5 * (values[len(values) // 2] + values[(len(values) - 1) // 2])
            for value in values:
                self._learn_noise((value - m.usual) / self._unit)

    def _learn_noise(self, off: float) -> None:
        m = self._m
        m.noise_readings += 1
        share = max(1.0 / (m.noise_readings + NOISE_PRIOR_READINGS), 1.0 / NOISE_MEMORY_READINGS)
        m.noise_var += share * (min(off**2, 9.0 * m.noise_var) - m.noise_var)

    def _noise(self) -> float:
        return min(max(math.sqrt(self._m.noise_var), NOISE_LEAST), NOISE_MOST)

    def save(self) -> Saved:
        """For `load`."""
        return self._m.save()

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is no state of this version of a level.
        """
        self._m = _Memory.load(saved)
