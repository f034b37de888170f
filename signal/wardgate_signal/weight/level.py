"""The level of a weight and, beside it, what every course would have made of the same weights.

A Kalman filter follows a slowly drifting level and the water and food of the last days (correlated from day to day).
It assumes that nothing happens. Because it is linear, the innovation that a course of one kilogram would have added is
known without knowing the weights (Willsky and Jones 1976): one pass keeps the evidence for all onsets and shapes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from wardgate_signal.finding import DAY_S, Saved
from wardgate_signal.weight.courses import ONSETS, SHAPES, log_prior, shapes, weigh
from wardgate_signal.weight.saved import Floats, array, flat, number, numbers, require_keys
from wardgate_signal.weight.wander import WATER_DAYS, Noise

SITTING_DAYS: Final = 0.2
"""Weighings closer together than this share their clothes and their breakfast: they count as little more than one."""
SCALE_VAR: Final = 0.05**2
START_VAR: Final = 0.3
AWAY_DAYS: Final = 5.0
AWAY_VAR_PER_DAY: Final = 0.03
AWAY_MOST_DAYS: Final = 10.0
MOST_DAYS: Final = 1e9
MOST_VAR: Final = 400.0
HUBER: Final = 2.6
HUBER_POWER: Final = 1.5
TREND_DAYS: Final = 3
SUMS: Final = 4
INFORMATION, SCORE, BY_LEVEL, BY_WATER = range(SUMS)
"""For one kilogram of each course: the sums that `weigh` wants, and what of it level and water have taken up."""
EVIDENCE: Final = slice(INFORMATION, SCORE + 1)
_AGES: Final = np.arange(ONSETS, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected of a weight at one time, before it is seen."""

    days: float
    """Since the last one."""
    new_onsets: int
    sums: Floats
    age_days: Floats
    shape: Floats
    unit: Floats
    """Innovation of one kilogram of each shape."""
    water_kept: float
    var: tuple[float, float, float]
    """Of level, between level and water, of water."""
    innovation_var: float
    expected_kg: float
    """With whatever course is under way."""
    expected_var: float


@dataclass(frozen=True, slots=True)
class View:
    """What the bank makes of a weight."""

    baseline_kg: float
    """Level without any course."""
    gain_kg: float
    rate_kg_per_day: float
    onset_s: float


class LevelBank:
    """Level, water, and the evidence for every course. Memory does not grow."""

    def __init__(self) -> None:
        self._start_s = self._last_s = 0.0
        self._day = 0
        self._level_kg = self._water_kg = 0.0
        self._var = (START_VAR, 0.0, 0.0)
        self._sums = np.zeros((SUMS, SHAPES, ONSETS))
        self._prior = log_prior()
        self._judge()

    def begin(self, time_s: float, weight_kg: float, noise: Noise) -> None:
        """Forget everything but how noisy this patient is; the level is this weight."""
        self._start_s = self._last_s = time_s
        self._day = 0
        self._level_kg, self._water_kg = weight_kg, 0.0
        self._var = (noise.var + START_VAR, 0.0, noise.water_var)
        self._sums[:] = 0.0
        self._sums[BY_LEVEL] = shapes(_AGES + 0.5)
        self.forget_courses()

    def forget_courses(self) -> None:
        """What has gathered for any course is no longer to be counted."""
        self._sums[EVIDENCE] = 0.0
        self._judge()

    def loosen(self, var: float) -> None:
        """The level may have moved by so much (variance, kg^2), and that would mean nothing."""
        level, between, water = self._var
        self._var = (min(level + var, MOST_VAR), between, water)

    def observe_level(self, level_kg: float, var: float) -> None:
        """Somebody says what the level without any gain is."""
        innovation, unit = level_kg - self._level_kg, -self._sums[BY_LEVEL]
        total = self._var[0] + var
        self._take(innovation, unit, total, self._var[0] / total, self._var[1] / total)
        self._judge()

    def look_ahead(self, time_s: float, noise: Noise, off_h: float) -> Ahead:
        """What to expect at this time. Changes nothing."""
        days = (time_s - self._last_s) / DAY_S
        since = (time_s - self._start_s) / DAY_S
        today = max(int(min(since, MOST_DAYS) + 0.5), self._day)
        new = min(today - self._day, ONSETS)
        sums = _shifted(self._sums, new)
        age_days = (since - today + 0.5) + _AGES
        kept = math.exp(-days / WATER_DAYS)
        level, between, water = self._var
        away = AWAY_VAR_PER_DAY * min(max(days - AWAY_DAYS, 0.0), AWAY_MOST_DAYS)
        level = min(level + noise.drift_var_per_day * days + away, MOST_VAR)
        between *= kept
        water = water * kept * kept + noise.water_var * (1.0 - kept * kept)
        own_var = noise.day_var / freshness(days) * (1.0 + 0.5 * (off_h / 4.0) ** 2) + SCALE_VAR
        shape = shapes(age_days)
        unit = shape - sums[BY_LEVEL]
        unit -= kept * sums[BY_WATER]
        innovation_var = level + 2.0 * between + water + own_var
        known = unit[:, new:]
        amplitude, spread = self._moments[:, :, : ONSETS - new]
        course_kg = float(np.add.reduce(amplitude * known, axis=None))
        known = known * known
        known *= spread
        course_var = float(np.add.reduce(known, axis=None))
        return Ahead(
            days=days,
            new_onsets=new,
            sums=sums,
            age_days=age_days,
            shape=shape,
            unit=unit,
            water_kept=kept,
            var=(level, between, water),
            innovation_var=innovation_var,
            expected_kg=self._level_kg + kept * self._water_kg + course_kg,
            expected_var=innovation_var + course_var,
        )

    def take(self, time_s: float, weight_kg: float, ahead: Ahead, whole: bool = False) -> None:
        """Take a weight that `ahead` was made for. Far ones count less, unless they have been confirmed (`whole`)."""
        far = abs(weight_kg - ahead.expected_kg) / math.sqrt(ahead.expected_var)
        weight = 1.0 if whole or far <= HUBER else (HUBER / far) ** HUBER_POWER
        total = ahead.innovation_var / weight
        level, between, water = self._var = ahead.var
        self._water_kg *= ahead.water_kept
        self._day += ahead.new_onsets
        self._sums = ahead.sums
        by_water = self._sums[BY_WATER]
        by_water *= ahead.water_kept
        innovation = weight_kg - self._level_kg - self._water_kg
        self._take(innovation, ahead.unit, total, (level + between) / total, (between + water) / total)
        self._last_s = time_s
        self._judge()

    def _take(self, innovation: float, unit: Floats, total: float, to_level: float, to_water: float) -> None:
        information, score, by_level, by_water = self._sums
        information += unit * unit / total
        score += unit * (innovation / total)
        by_level += to_level * unit
        by_water += to_water * unit
        self._level_kg += to_level * innovation
        self._water_kg += to_water * innovation
        level, between, water = self._var
        self._var = (
            level - to_level * to_level * total,
            between - to_level * to_water * total,
            max(water - to_water * to_water * total, 0.0),
        )

    def _judge(self) -> None:
        self.log_odds, self._moments = weigh(self._sums[EVIDENCE], self._prior)

    def gain_kg(self, ahead: Ahead) -> float:
        """`view` for one who wants the gain alone."""
        return float(np.add.reduce(self._moments[0] * ahead.shape, axis=None))

    def view(self, ahead: Ahead) -> View:
        """How it stands after the weight that `ahead` was made for, until the next is taken or something is told."""
        amplitude = self._moments[0]
        added = amplitude * ahead.shape
        gain_kg = float(np.add.reduce(added, axis=None))
        level_kg = self._level_kg - float(np.vdot(amplitude, self._sums[BY_LEVEL]))
        # Onsets are a day apart: today's shapes of the younger ones are the older ones' of some days ago.
        before_kg = float(np.add.reduce(amplitude[:, TREND_DAYS:] * ahead.shape[:, :-TREND_DAYS], axis=None))
        place = int(np.add.reduce(added, axis=0).argmax())  # the onset of what explains most
        return View(
            baseline_kg=level_kg,
            gain_kg=gain_kg,
            rate_kg_per_day=(gain_kg - before_kg) / TREND_DAYS,
            onset_s=self._last_s - float(ahead.age_days[place]) * DAY_S,
        )

    def save(self) -> Saved:
        """For `load`."""
        return {
            "start_s": self._start_s,
            "last_s": self._last_s,
            "day": float(self._day),
            "level_kg": self._level_kg,
            "water_kg": self._water_kg,
            "var": [*self._var],
            "sums": flat(self._sums),
        }

    @classmethod
    def load(cls, saved: Saved) -> LevelBank:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        bank = cls()
        require_keys(saved, *bank.save())
        bank._start_s, bank._last_s = number(saved["start_s"]), number(saved["last_s"])
        bank._day = int(number(saved["day"]))
        bank._level_kg, bank._water_kg = number(saved["level_kg"]), number(saved["water_kg"])
        level, between, water = numbers(saved["var"], 3)
        bank._var = (level, between, water)
        bank._sums = array(saved["sums"], (SUMS, SHAPES, ONSETS))
        bank._judge()
        return bank


def freshness(days: float) -> float:
    """How much of a new weighing another one is, so many days after the last: the same clothes, the same breakfast."""
    return max(-math.expm1(-days / SITTING_DAYS), 1e-3)


def _shifted(kept: Floats, new: int) -> Floats:
    """A copy with the onsets so many days older; the youngest have seen nothing."""
    if new == 0:
        return kept.copy()
    moved = np.zeros(kept.shape)
    moved[..., new:] = kept[..., :-new] if new < ONSETS else 0.0
    return moved
