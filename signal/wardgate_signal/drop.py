"""How far a level has probably dropped: a filter over a grid of drops.

The drop below the usual level is one of 21 steps of half a unit, from 2 units above it to 8 below (a unit is a point of
saturation, or what a channel takes for one). Between readings it may begin to fall, fall on, come back or leap, at
rates a day; at each reading the probability of every step is weighed with how well it explains the value (Student's t,
so that one wild value cannot carry much). What comes out is the probability of being low now, which irregular times,
gaps and a recovery change as they should.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP: Final = 0.5
DROPS: Final[Floats] = np.arange(-2.0, 8.0 + STEP / 2, STEP)
NONE: Final = 4
"""Place of no drop in the grid."""
LOW: Final = 6
"""From here on, a unit below the usual level, a drop counts as low."""
TAILS: Final = 4.0
"""Degrees of freedom of the noise."""

BEGINS: Final = 0.1
FALLS: Final = 1.0
RETURNS: Final = 0.2
RECOVERS: Final = 0.03
LEAPS: Final = 0.008
RISES: Final = 0.02
RISES_ON: Final = 0.1
"""Rates a day: from none to the first step down, from step to step down, a step back, all the way back, from none to
anywhere low, from none to the first step up and on from there. Tuned on simulated patients of six kinds; the results
hardly move when one of them is halved or doubled."""

_MOST_HOURS: Final = 2047


def _transitions() -> tuple[Floats, ...]:
    """The change of the probabilities over 1, 2, 4 ... 1,024 hours."""
    count = DROPS.size
    rate = np.zeros((count, count))
    for at in range(count):
        if at < count - 1:
            rate[at, at + 1] = RETURNS if at < NONE else BEGINS if at == NONE else FALLS
        if at > 0:
            rate[at, at - 1] = RISES_ON if at < NONE else RISES if at == NONE else RETURNS
        if at > NONE + 1:
            rate[at, NONE] += RECOVERS
        if NONE <= at <= NONE + 1:
            rate[at, LOW + 1 :] += LEAPS / (count - LOW - 1)
        rate[at, at] = -rate[at].sum()
    hour = np.eye(count)
    term = np.eye(count)
    for order in range(1, 8):
        term = term @ rate / 24.0 / order
        hour = hour + term
    powers = [hour]
    while 2 ** len(powers) <= _MOST_HOURS:
        powers.append(powers[-1] @ powers[-1])
    return tuple(powers)


_POWERS: Final = _transitions()


def after(chances: Floats, gap_days: float) -> Floats:
    """The probabilities of the drops `gap_days` later, to the hour."""
    hours = round(min(gap_days * 24.0, _MOST_HOURS))
    for bit, power in enumerate(_POWERS):
        if hours >> bit & 1:
            chances = chances @ power
    return chances


def at_rest() -> Floats:
    """The probabilities for a patient of whom nothing is known."""
    none = np.zeros(DROPS.size)
    none[NONE] = 1.0
    return after(none, 60.0)


def given(chances: Floats, below: float, noise: float, counts: float) -> Floats:
    """The probabilities after a value `below` under the usual level, which counts as that share of a reading."""
    off = (DROPS - below) / noise
    fit = -0.5 * (TAILS + 1.0) * counts * np.log1p(off * off / TAILS)
    chances = chances * np.exp(fit - fit.max())
    return np.asarray(chances / chances.sum(), np.float64)
