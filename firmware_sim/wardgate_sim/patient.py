"""A patient who is believable enough to watch: weight, pressure, pulse and saturation, day by day.

Figures for a person who is well, as standard deviations from day to day: systolic 8.6 and diastolic 5.8 mmHg at home
(Ohasama), pulse about 5 a minute and saturation about 1 % in COPD (Hurst 2010). Weight differs from one day to the
next by about 0.85 kg in TEN-HMS-like data and half of that in careful users, and is heaviest around Sunday and Monday
(Orsama 2014). Before an admission weight gain diverges in the last week (Chaudhry 2007) and pulse rises; in a COPD
exacerbation pulse rises by about 7 a minute while saturation falls (Burton 2015, Hurst 2010). What no source gives
(the course within an episode, the amplitude within a day) is judgement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

_DAY_SHARE: Final = 0.7
"""Share of the variance that one day's readings have in common."""
_WEEK_KG: Final = 0.15
_EVENING_KG: Final = 0.5
"""Heavier at night than in the morning."""
_PRESSURE_CORRELATION: Final = 0.6
_MORNING_H: Final = 7.0


class Kind(StrEnum):
    """What can befall a patient."""

    FLUID = "fluid"
    """Fluid retention: weight climbs, faster and faster; pulse rises, saturation sinks a little."""
    DESATURATION = "desaturation"
    """An exacerbation: saturation falls, pulse rises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """It begins on `day`, is at its full `size` after `days`, stays `stays_days`, and is over `recovery_days` on."""

    kind: Kind
    day: int
    days: int
    size: float
    """Kilograms gained, or percent of saturation lost."""
    stays_days: int = 4
    recovery_days: int = 6

    def share(self, time_d: float) -> float:
        """How far it has come, 0 to 1."""
        into_d = time_d - self.day
        if into_d <= 0:
            return 0.0
        left = 1.0 - max(0.0, into_d - self.days - self.stays_days) / self.recovery_days
        return float(min(1.0, into_d / self.days) ** 1.3 * max(0.0, left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The patient when well, in the morning."""

    weight_kg: float = 78.0
    systolic_mmhg: float = 124.0
    diastolic_mmhg: float = 74.0
    pulse_bpm: float = 72.0
    spo2_pct: float = 95.0
    weight_sd_kg: float = 0.3
    """Of one reading; the difference of two days has 1.4 times as much."""
    systolic_sd_mmhg: float = 8.6
    diastolic_sd_mmhg: float = 5.8
    pulse_sd_bpm: float = 5.0
    spo2_sd_pct: float = 1.0


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a perfect device would read."""

    weight_kg: float
    systolic_mmhg: float
    diastolic_mmhg: float
    pulse_bpm: float
    spo2_pct: float


class Patient:
    """Deterministic: the same profile, seed and moment give the same vitals, in whatever order one asks."""

    def __init__(self, profile: Profile, seed: int, episodes: tuple[Episode, ...] = (), first_weekday: int = 0) -> None:
        self.profile: Final = profile
        self.episodes: Final = episodes
        self._seed = seed
        self._first_weekday = first_weekday
        """Of day 0: Monday 0, as in `datetime`."""

    def at(self, day: int, hour: float) -> Vitals:
        """The vitals on a day (0 is the first; before it they are well) at an hour of local time."""
        p = self.profile
        time_d = day + hour / 24
        fluid = self._extent(Kind.FLUID, time_d)
        breath = self._extent(Kind.DESATURATION, time_d)
        weight, systolic, diastolic, pulse, spo2 = self._noise(day, hour)
        late = max(0.0, hour - _MORNING_H) / (24 - _MORNING_H)
        weekday = (self._first_weekday + day) % 7
        week_kg = _WEEK_KG * math.cos(2 * math.pi * (weekday - 6.5) / 7)
        together = _PRESSURE_CORRELATION * systolic + math.sqrt(1 - _PRESSURE_CORRELATION**2) * diastolic
        upper = p.systolic_mmhg + p.systolic_sd_mmhg * systolic + 2.0 * fluid
        lower = p.diastolic_mmhg + p.diastolic_sd_mmhg * together
        return Vitals(
            weight_kg=p.weight_kg + p.weight_sd_kg * weight + week_kg + _EVENING_KG * late + fluid,
            systolic_mmhg=upper,
            diastolic_mmhg=min(lower, upper - 15.0),
            pulse_bpm=max(40.0, p.pulse_bpm + p.pulse_sd_bpm * pulse + 3.0 * late + 2.0 * fluid + 1.2 * breath),
            spo2_pct=min(100.0, max(60.0, p.spo2_pct + p.spo2_sd_pct * spo2 - 0.5 * fluid - breath)),
        )

    def _extent(self, kind: Kind, time_d: float) -> float:
        return sum(e.size * e.share(time_d) for e in self.episodes if e.kind is kind)

    def _noise(self, day: int, hour: float) -> tuple[float, float, float, float, float]:
        """Five standard normal draws: partly the day's own, partly this reading's."""
        # Days before the first are negative, and a seed must not be.
        of_day = np.random.default_rng([self._seed, day + 100_000]).standard_normal(5)
        of_reading = np.random.default_rng([self._seed, day + 100_000, round(hour * 60)]).standard_normal(5)
        w, s, d, p, o = math.sqrt(_DAY_SHARE) * of_day + math.sqrt(1 - _DAY_SHARE) * of_reading
        return float(w), float(s), float(d), float(p), float(o)
