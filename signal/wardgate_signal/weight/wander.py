"""What a well patient's weight is like: how far it wanders slowly, and how much of a day's noise lasts for days.

The published two-week change of patients who are well has an SD of 1.1 kg (Zhang 2009), more than day-to-day noise
makes: the level itself wanders, in some patients far, in others hardly. A small bank of level filters, one for each
pair of a wander and a share of lasting noise, is weighed by how well it foretells this patient's weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from wardgate_signal.finding import Saved
from wardgate_signal.weight.saved import Floats, array, flat, number, require_keys

WANDERS: Final = (0.02, 0.05, 0.09, 0.14, 0.21, 0.3)
"""kg per root day."""
WANDER_PRIOR: Final = (1.0, 2.0, 3.0, 3.0, 2.0, 1.0)
SHARES: Final = (0.2, 0.5, 0.8)
SHARE_PRIOR: Final = (1.0, 1.5, 1.0)
WATER_DAYS: Final = 4.0
MEMORY_DAYS: Final = 150.0
TAIL: Final = 5.0
"""Degrees of freedom: one odd weight says little about the noise."""
LAG_DAYS: Final = 16.0
"""What the last days seem to say about the wander is not believed yet: it may be the gain that is being looked for."""
_Q2: Final = np.repeat(np.square(WANDERS), len(SHARES))
_SHARE: Final = np.tile(np.array(SHARES), len(WANDERS))
_PRIOR: Final = np.log(np.repeat(WANDER_PRIOR, len(SHARES)) * np.tile(SHARE_PRIOR, len(WANDERS)))
_WHOLE: Final = 0.5 / (1.0 - _SHARE * math.exp(-1.0 / WATER_DAYS))
_COUNT: Final = _Q2.size
_ROWS: Final = 6
LEVEL, VAR, WATER, BETWEEN, WATER_VAR, LIKELY = range(_ROWS)


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of one patient, as believed now."""

    drift_var_per_day: float
    water_var: float
    day_var: float

    @property
    def var(self) -> float:
        """Variance of one day's weight about the level."""
        return self.water_var + self.day_var


class Wander:
    """Learns wander and share of lasting noise. What it says follows what it has seen some weeks later."""

    def __init__(self) -> None:
        self._rows = np.zeros((_ROWS, _COUNT))
        self._held = np.zeros((3, _COUNT))
        self._held_days = 0.0
        self._believe()
        self._split = _split(1.0)

    def begin(self, weight_kg: float) -> None:
        """The level is anew; what has been learnt of its nature stays."""
        self._rows[:LIKELY] = 0.0
        self._rows[LEVEL] = weight_kg
        self._rows[VAR] = 1.0

    def loosen(self, var: float) -> None:
        """The level may have moved without that being its wander."""
        self._rows[VAR] += var

    def take(self, days: float, weight_kg: float, fresh: float) -> None:
        """Take the next accepted weight, after `noise` was asked for the time of it."""
        level, var, water, between, water_var, likely = self._rows
        whole, slow = self._split
        kept = math.exp(-days / WATER_DAYS)
        states, spreads = self._rows[LEVEL:BETWEEN:2], self._rows[VAR:WATER_VAR:2]
        var += _Q2 * min(days, 60.0)
        water *= kept
        between *= kept
        water_var *= kept * kept
        water_var += slow * (1.0 - kept * kept)
        seen = spreads + self._rows[BETWEEN : WATER_VAR + 1]  # of the level, and of the water
        total = seen[0] + seen[1]
        total += (whole - slow) / fresh
        off = weight_kg - level
        off -= water
        square = off * off
        square /= total
        likely *= math.exp(-days / MEMORY_DAYS)
        likely -= 0.5 * np.log(total) + (TAIL + 1.0) / 2.0 * np.log1p(square / TAIL)
        likely -= np.maximum.reduce(likely)
        total *= np.maximum(1.0, np.sqrt(square) / 3.0)
        by = seen / total
        states += by * off
        spreads -= by[0] * seen
        water_var -= by[1] * seen[1]
        self._hold(days)

    def _hold(self, days: float) -> None:
        """Three samples half a lag apart: the oldest is what is believed."""
        self._held_days += days
        if self._held_days >= LAG_DAYS / 2.0:
            self._held_days = 0.0
            self._held[:2] = self._held[1:].copy()
            self._held[2] = self._rows[LIKELY]
            self._believe()

    def _believe(self) -> None:
        self._belief = _belief(self._held[0])
        self._drift_var_per_day = float(self._belief @ _Q2)

    def noise(self, difference_var: float) -> Noise:
        """What is believed now, for a patient whose neighbouring days differ so."""
        self._split = _split(difference_var)
        whole, slow = self._split
        water_var = float(self._belief @ slow)
        return Noise(self._drift_var_per_day, water_var, float(self._belief @ whole) - water_var)

    def save(self) -> Saved:
        """For `load`."""
        return {
            "rows": flat(self._rows),
            "held": flat(self._held),
            "held_days": self._held_days,
        }

    @classmethod
    def load(cls, saved: Saved) -> Wander:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        wander = cls()
        require_keys(saved, *wander.save())
        wander._rows = array(saved["rows"], (_ROWS, _COUNT))
        wander._held = array(saved["held"], (3, _COUNT))
        wander._held_days = number(saved["held_days"])
        wander._believe()
        return wander


def _split(difference_var: float) -> tuple[Floats, Floats]:
    """Noise variance in all, and its lasting part, that make neighbouring days differ so."""
    own = np.maximum(difference_var - _Q2, 0.25 * difference_var)
    own *= _WHOLE
    return own, own * _SHARE


def _belief(likely: Floats) -> Floats:
    """Probability of each pair."""
    belief = np.exp(likely + _PRIOR - np.max(likely + _PRIOR))
    return np.asarray(belief / belief.sum(), dtype=np.float64)
