"""How far a course of noisy seconds went at a turn."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REACH_S: Final = 9
"""So far before and after the turn its shape is looked at."""
KNOTS: Final = range(-3, 4)
"""Where, in seconds from the turn, a corner may lie."""
NOISE_PCT2: Final = 0.25
"""Four times the variance of a second's value (0.25 points, most of it whole points). Four, because
neighbouring seconds repeat each other."""
QUIET_PCT2: Final = 0.25
LEAST_NOISE: Final = 0.03
"""A shape that misses by less than this (0.1 points a second) shows that there is less noise than usual: all digits
shown, or a quiet device. Then smaller differences tell the shapes apart."""
CORNER_PRIOR: Final = 0.3
"""Odds of a corner against a round turn before the course is seen. A corner fits a noisy round turn nearly as well and
makes it deeper by half a point, so it has to show itself."""


def _shapes() -> tuple[Floats, Floats]:
    """For a parabola and for each corner: the weights of its tip, and what is left of the course beside it."""
    at = np.arange(-REACH_S, REACH_S + 1.0)
    bases = [np.stack([np.ones(at.size), at, at * at], axis=1)]
    for knot in KNOTS:
        sides = np.minimum(at - knot, 0), np.maximum(at - knot, 0)
        bases.append(np.stack([np.ones(at.size), *sides], axis=1))
    fits = [np.linalg.pinv(basis) for basis in bases]
    rest = [np.eye(at.size) - basis @ fit for basis, fit in zip(bases, fits, strict=True)]
    return np.array([fit[0] for fit in fits]), np.concatenate(rest)


TIPS, REST = _shapes()
PRIOR: Final = np.array([1.0] + [CORNER_PRIOR / len(KNOTS)] * len(KNOTS))


def extreme(around: Floats) -> float:
    """The value at the turn in the middle of `2 * REACH_S + 1` values: NaN if one of them is.

    A round turn (a parabola) and corners at several places are fitted; each has a say as large as it is likely. The
    lowest value itself would be too low by the noise, and any smooth curve too high at the corner between a slow fall
    and a quick recovery; either costs severe nights several events an hour.
    """
    usual = around.mean()
    value = around - usual
    left = (REST @ value).reshape(TIPS.shape)
    misfit = (left * left).sum(axis=1)
    least = float(misfit.min())
    noise = NOISE_PCT2 * min(1.0, max(least / QUIET_PCT2, LEAST_NOISE))
    weight = PRIOR * np.exp((least - misfit) / noise)
    return float(usual + (weight @ (TIPS @ value)) / weight.sum())
