"""The courses that a weight may take: gains of fluid, and what looks like them and is none.

Every course has an onset (one for each of the last `ONSETS` days), a shape, and an amplitude with a normal prior. The
amplitude is integrated out, so that a course's evidence needs no search. Shapes and priors are judgements on published
figures: gains of about 1-5 kg over 4-30 days that diverge in the last week (Chaudhry 2007), scale changes, food.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from wardgate_signal.weight.saved import Floats

ONSETS: Final = 36
SHAPES: Final = 6
LINEAR, CONVEX, SHORT, LONG, STEP, BLIP = range(SHAPES)
FLUID: Final = slice(LINEAR, STEP + 1)
"""Shapes that a gain of fluid takes; their amplitude is not negative."""
BENIGN: Final = slice(SHORT, BLIP + 1)
"""Shapes of what is none: of either sign, a new level or food that goes again."""
FLUID_COUNT: Final = FLUID.stop - FLUID.start
COURSES: Final = FLUID_COUNT + BENIGN.stop - BENIGN.start

LINEAR_DAYS: Final = 10.0
CONVEX_DAYS: Final = 14.0
SHORT_DAYS: Final = 3.0
LONG_DAYS: Final = 8.0
STEP_DAYS: Final = 0.25
BLIP_DAYS: Final = 4.0

_MEAN_KG: Final = np.array([1.5, 1.5, 1.5, 1.5, 1.0, 0.0, 0.0, 0.0, 0.0])[:, None]
_SD_KG: Final = np.array([1.5, 1.8, 1.5, 1.5, 1.5, 1.5, 1.5, 1.2, 1.0])[:, None]
_PRECISION: Final = 1.0 / _SD_KG**2
_PRECISION_AND_PULL: Final = np.stack((_PRECISION, _MEAN_KG * _PRECISION))
_PACES: Final = np.array([1 / LINEAR_DAYS, 1 / CONVEX_DAYS**2, 1 / SHORT_DAYS, 1 / LONG_DAYS, 1 / STEP_DAYS])[:, None]

FLUID_PER_DAY: Final = 1.5 / 365.0
NEW_LEVEL_PER_DAY: Final = 1.0 / 365.0
BLIP_PER_DAY: Final = 3.0 / 365.0
STEP_IS_FLUID: Final = 0.08
"""Of so many onsets of fluid one is a jump: a single step is a scale or a coat first."""
GRACE_DAYS: Final = 4.0
END_DAYS: Final = 8.0
"""A gain that has stopped leads to an event soon or never: its claim to be fluid fades with this time constant."""
LINEAR_GRACE_DAYS: Final = 20.0


def shapes(age_days: Floats) -> Floats:
    """kg per kg of amplitude at so many days after the onset; nothing before it. Shape (SHAPES, len(age_days))."""
    out = np.empty((SHAPES, age_days.size))
    age = np.maximum(age_days, 0.0)
    np.multiply(age, _PACES, out=out[:BLIP])
    convex = out[CONVEX]
    convex *= age
    full = out[SHORT:BLIP]
    np.minimum(full, 1.0, out=full)
    np.multiply(out[STEP], np.exp(age * (-1.0 / BLIP_DAYS)), out=out[BLIP])
    return out


def log_prior(fluid_odds: float = 1.0) -> Floats:
    """Log of each course's prior by the age of its onset (day 0 first), with the constants of its amplitude's prior."""
    age = np.arange(ONSETS, dtype=np.float64)
    fluid, level = math.log(FLUID_PER_DAY * fluid_odds), math.log(NEW_LEVEL_PER_DAY)
    rising = fluid - 1.0 - np.maximum(age - LINEAR_GRACE_DAYS, 0.0) / END_DAYS
    over_short = np.maximum(age - SHORT_DAYS - GRACE_DAYS, 0.0) / END_DAYS
    over_long = np.maximum(age - LONG_DAYS - GRACE_DAYS, 0.0) / END_DAYS
    over_step = np.maximum(age - GRACE_DAYS, 0.0) / END_DAYS
    prior = np.empty((COURSES, ONSETS))
    prior[LINEAR] = prior[CONVEX] = rising
    prior[SHORT], prior[LONG] = fluid - 1.6 - over_short, fluid - 1.6 - over_long
    prior[STEP] = fluid + math.log(STEP_IS_FLUID) - over_step
    for row, over in ((FLUID_COUNT, over_short), (FLUID_COUNT + 1, over_long)):
        # What was fluid and has led to nothing is the new usual.
        prior[row] = np.logaddexp(fluid - 1.6 + np.log(np.maximum(-np.expm1(-over), 1e-9)), level - 1.5)
    prior[FLUID_COUNT + 2] = level
    prior[FLUID_COUNT + 3] = math.log(BLIP_PER_DAY)
    constant: Floats = -0.5 * _MEAN_KG**2 * _PRECISION - np.log(_SD_KG)
    constant[FLUID] += np.log1p(_tail(_MEAN_KG[FLUID] / _SD_KG[FLUID]))
    return prior + constant


def _tail(x: Floats) -> Floats:
    """About (1 - P) / P of the standard normal P(x); bounded, so that exp never overflows."""
    x = np.maximum(x, -12.0)
    return np.asarray(np.exp(x * (-1.5976 - 0.07056 * x * x)), dtype=np.float64)


def weigh(evidence: Floats, prior: Floats) -> tuple[float, Floats]:
    """Evidence of all courses against "nothing happened".

    Args:
        evidence: sums of g*g/S and of g*e/S over the innovations e (variance S) and the innovations g that a unit of
            each shape would have made; shape (2, SHAPES, ONSETS).
        prior: from `log_prior`.

    Returns:
        Log odds of fluid against the rest; and for each shape, its probability times the mean of its amplitude (kg)
        and times that amplitude's variance, shape (2, SHAPES, ONSETS).
    """
    precision, pull = np.concatenate((evidence[:, FLUID], evidence[:, BENIGN]), axis=1) + _PRECISION_AND_PULL
    moments = np.empty((2, COURSES, ONSETS))
    mean, var = moments
    np.divide(1.0, precision, out=var)
    np.multiply(var, pull, out=mean)
    pull *= mean
    pull -= np.log(precision)
    pull *= 0.5
    pull += prior
    top = max(0.0, float(np.maximum.reduce(pull, axis=None)))
    pull -= top
    weight = np.exp(pull)
    # A gain is not negative: the share of the amplitude's posterior that lies above zero.
    gaining = weight[FLUID]
    gaining /= 1.0 + _tail(mean[FLUID] * np.sqrt(precision[FLUID]))
    fluid = float(np.add.reduce(gaining, axis=None))
    rest = float(np.add.reduce(weight[FLUID_COUNT:], axis=None)) + math.exp(-top)
    weight *= 1.0 / (fluid + rest)
    moments *= weight
    folded = np.zeros((2, SHAPES, ONSETS))
    folded[:, FLUID] = moments[:, FLUID]
    benign = folded[:, BENIGN]
    benign += moments[:, FLUID_COUNT:]
    return math.log(max(fluid, 1e-300)) - math.log(rest), folded
