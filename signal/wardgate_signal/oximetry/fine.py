"""Finer than whole points: what a device that shows 95, 94, 94, 94, 93 has probably measured."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HALF: Final = 0.5
SHARP_SHARE: Final = 0.25
"""How sharp turns are taken to be, from a parabola (0) to a corner (1)."""
REACH_S: Final = 8.0
"""So far into a long stretch of one value reaches what its neighbours say about it."""


def whole(value: Floats) -> bool:
    """Whether the device shows whole points: all values are, and NaN has no say."""
    known = value[~np.isnan(value)]
    return bool((known == np.rint(known)).all())


def refined(value: Floats) -> Floats:
    """One value a second with the steps of whole points taken out.

    A device that rounds changes its number when the saturation passes half-way between two points, so the times of the
    changes are measurements finer than the numbers. Between two changes the course is a straight line; at a turn it
    goes on beyond the last change as far as the length of the stay and the slope on both sides let one expect. A long
    stay means the number itself. Only for a device that shows `whole` points.
    """
    shown = np.rint(value)
    # NaN is no equal of NaN: every second of a hole is a stretch of its own, with NaN neighbours that have no say.
    first = np.flatnonzero(np.concatenate([[True], shown[1:] != shown[:-1]]))
    length = np.diff(np.append(first, shown.size)).astype(np.float64)
    level = shown[first]
    jump = np.diff(level)
    left = np.nan_to_num(np.concatenate([[np.nan], -jump]))
    right = np.nan_to_num(np.concatenate([jump, [np.nan]]))
    turn = left * right > 0
    middle = level + np.where(turn, np.sign(left) * (HALF - _beyond(length, left, right)), 0.0)
    stretch = np.repeat(np.arange(first.size), length.astype(np.int64))
    at = np.arange(shown.size) - first[stretch] + 0.5
    reach = np.where(turn, np.minimum(length / 2, REACH_S), length / 2)[stretch]
    to_left = np.clip(1 - at / reach, 0, 1)
    to_right = np.clip(1 - (length[stretch] - at) / reach, 0, 1)
    edge_left, edge_right = (level + np.clip(jump / 2, -HALF, HALF) for jump in (left, right))
    edge = edge_left - middle, edge_right - middle
    # A turn is round: it nears its extreme as a parabola does.
    bent_left, bent_right = (np.where(turn[stretch], part**2, part) for part in (to_left, to_right))
    return np.asarray(middle[stretch] + edge[0][stretch] * bent_left + edge[1][stretch] * bent_right)


def _beyond(length: Floats, left: Floats, right: Floats) -> Floats:
    """How far, in points, a turn goes past the change that leads into it."""
    slow_left = _seconds_a_point(np.concatenate([[np.inf], length[:-1]]), left)
    slow_right = _seconds_a_point(np.concatenate([length[1:], [np.inf]]), right)
    pace = (slow_left + slow_right) / 2
    with np.errstate(invalid="ignore"):
        ratio = (length / 2 / (length / 2 + pace)) ** 2
        round_turn = ratio / (1 - ratio)
        sharp_turn = length / (2 * pace)
    far = SHARP_SHARE * sharp_turn + (1 - SHARP_SHARE) * round_turn
    # Past a whole point it would have shown the next number: then it is a floor, and the number is what is known.
    return np.asarray(np.where(far <= 1, far, np.maximum(HALF, 1 - (far - 1) / 2)))


def _seconds_a_point(length: Floats, jump: Floats) -> Floats:
    """How long a point took on the neighbouring stretch; one second holds all the points of a jump over several."""
    size = np.abs(jump)
    return np.where(size > 1, 1 / np.maximum(size, 1), np.minimum(length, 60.0))


def _parabola(count: int) -> Floats:
    """Weights of the value in the middle of a parabola fitted to `count` values (Savitzky and Golay 1964)."""
    at = np.arange(count) - count // 2
    return np.asarray(np.linalg.pinv(np.vander(at.astype(np.float64), 3))[2])


KERNELS: Final = tuple(_parabola(count) for count in (7, 13, 21))
AGREE_PCT: Final = 0.35
"""A wider parabola is preferred where it says the same as the narrower one within the noise."""


def smooth(value: Floats) -> Floats:
    """Local parabolas, as wide as the course allows; NaN stays NaN and its neighbours stay as they are."""
    out = value.copy()
    for kernel in KERNELS:
        reach = kernel.size // 2
        if value.size < kernel.size:
            break
        wide = np.convolve(value, kernel, mode="valid")
        inner = out[reach:-reach]
        apart = (wide - inner) / AGREE_PCT
        part = 1 / (1 + apart**4) if kernel is not KERNELS[0] else 1.0
        out[reach:-reach] = np.where(np.isnan(wide), inner, inner + part * (wide - inner))
    return out
