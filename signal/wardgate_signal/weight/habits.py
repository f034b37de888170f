"""How one household weighs: the usual hour, what an hour or a weekday adds, how far neighbouring weights differ."""

from __future__ import annotations

import math
from typing import Final

from wardgate_signal.finding import DAY_S, Json, Saved
from wardgate_signal.weight.saved import number, numbers, require_keys

DIFFERENCE_PRIOR_KG: Final = 0.7
"""SD of a one-day difference before anything is known: between TEN-HMS-like users (0.85 kg) and careful ones (half)."""
DIFFERENCE_LEAST_KG: Final = 0.28
DIFFERENCE_MOST_KG: Final = 2.2
PRIOR_READINGS: Final = 12.0
MEMORY_READINGS: Final = 60.0
WEEKDAY_PRIOR_WEEKS: Final = 6.0
WEEKDAY_MEMORY_WEEKS: Final = 40.0
SLOPE_PRIOR_KG_PER_H: Final = 0.06
"""Meals and clothes: a body weighed later in the day is heavier."""
SLOPE_PRIOR_WEIGHT: Final = 40.0
HOUR_SHARE: Final = 0.03
LATE_H: Final = 1.5
"""Hours off the usual from which a reading teaches about the hour, not about the weekday alone."""


class Habits:
    """Learnt from what has been accepted; every part begins at a prior and moves slowly."""

    def __init__(self) -> None:
        self._difference_var = DIFFERENCE_PRIOR_KG**2
        self._differences = 0.0
        self._weekday_kg = [0.0] * 7
        self._weekday_seen = [0.0] * 7
        self._slope_kg_per_h = SLOPE_PRIOR_KG_PER_H
        self._slope_weight = SLOPE_PRIOR_WEIGHT
        self._usual_h: float | None = None

    @property
    def difference_var(self) -> float:
        """Variance (kg^2) of the difference of two neighbouring days."""
        return self._difference_var

    @property
    def noise_var(self) -> float:
        """Variance (kg^2) of one day's weight about the level."""
        return self._difference_var / 2.0

    def off_hours(self, time_s: float) -> float:
        """Hours before or after the usual hour, -6 to 12."""
        if self._usual_h is None:
            return 0.0
        off_h = (_hour(time_s) - self._usual_h + 12.0) % 24.0 - 12.0
        return max(off_h, -6.0)

    def expected_kg(self, time_s: float) -> float:
        """What the weekday and the hour add to the weight."""
        return self._weekday_kg[_weekday(time_s)] + self._slope_kg_per_h * self.off_hours(time_s)

    def learn_residual(self, time_s: float, residual_kg: float) -> None:
        """Take how far an accepted weight, less `expected_kg`, was from what was expected of level and gain."""
        off_h, day = self.off_hours(time_s), _weekday(time_s)
        if abs(residual_kg) < 3.0 * math.sqrt(self.noise_var):
            self._weekday_seen[day] = min(self._weekday_seen[day] + 1.0, WEEKDAY_MEMORY_WEEKS)
            share = 1.0 / (self._weekday_seen[day] + WEEKDAY_PRIOR_WEEKS)
            self._weekday_kg[day] += share * residual_kg
        if abs(off_h) > LATE_H:
            self._slope_weight += off_h * off_h
            slope = self._slope_kg_per_h + min(max(residual_kg, -1.0), 1.0) * off_h / self._slope_weight
            self._slope_kg_per_h = min(max(slope, -0.05), 0.25)

    def learn_hour(self, time_s: float) -> None:
        """Follow the usual hour."""
        if self._usual_h is None:
            self._usual_h = _hour(time_s)
        off_h = (_hour(time_s) - self._usual_h + 12.0) % 24.0 - 12.0
        self._usual_h = (self._usual_h + HOUR_SHARE * off_h) % 24.0

    def learn_difference(self, difference_kg: float) -> None:
        """Take the difference of two neighbouring days: a trend hardly shows in it, an outlier is cut."""
        self._differences += 1.0
        square = min(difference_kg**2, 9.0 * self._difference_var)
        share = max(1.0 / (self._differences + PRIOR_READINGS), 1.0 / MEMORY_READINGS)
        var = self._difference_var + share * (square - self._difference_var)
        self._difference_var = min(max(var, DIFFERENCE_LEAST_KG**2), DIFFERENCE_MOST_KG**2)

    def save(self) -> Saved:
        """For `load`."""
        weekday_kg: list[Json] = [*self._weekday_kg]
        weekday_seen: list[Json] = [*self._weekday_seen]
        return {
            "difference_var": self._difference_var,
            "differences": self._differences,
            "weekday_kg": weekday_kg,
            "weekday_seen": weekday_seen,
            "slope_kg_per_h": self._slope_kg_per_h,
            "slope_weight": self._slope_weight,
            "usual_h": self._usual_h,
        }

    @classmethod
    def load(cls, saved: Saved) -> Habits:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        habits = cls()
        require_keys(saved, *habits.save())
        habits._difference_var = number(saved["difference_var"])
        habits._differences = number(saved["differences"])
        habits._weekday_kg = numbers(saved["weekday_kg"], 7)
        habits._weekday_seen = numbers(saved["weekday_seen"], 7)
        habits._slope_kg_per_h = number(saved["slope_kg_per_h"])
        habits._slope_weight = number(saved["slope_weight"])
        habits._usual_h = None if saved["usual_h"] is None else number(saved["usual_h"])
        return habits


def _hour(time_s: float) -> float:
    return (time_s % DAY_S) / 3600.0


def _weekday(time_s: float) -> int:
    return int(time_s // DAY_S) % 7
