"""Nights of true saturation: what the blood does, before any device has looked at it.

Each kind of night is written on its own, out of what is published about its look, so that a detector which fits one of
them is found out by the others. A night is a continuous level and a list of dips laid upon it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
GRID_HZ: Final = 4.0
MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Dip:
    """One fall and its recovery as it was laid: from `start_s` down to `nadir_s` and up again by `end_s`."""

    start_s: float
    nadir_s: float
    end_s: float


@dataclass(slots=True)
class Course:
    """A night under construction; one value every quarter of a second."""

    time_s: Floats
    spo2_pct: Floats
    dips: list[Dip] = field(default_factory=list)

    def lower(self, start_s: float, end_s: float, shape: Callable[[Floats], Floats]) -> None:
        """Take `shape(part of the span passed)` off the level between two times."""
        first, last = np.searchsorted(self.time_s, (start_s, end_s))
        part = (self.time_s[first:last] - start_s) / (end_s - start_s)
        self.spo2_pct[first:last] -= shape(part)

    def dip(self, start_s: float, fall_s: float, rise_s: float, shape: Callable[[Floats], Floats]) -> None:
        """Lay a dip whose `shape` is deepest at `fall_s`, unless the night is over before it."""
        end_s = start_s + fall_s + rise_s
        if end_s < self.time_s[-1]:
            self.lower(start_s, end_s, shape)
            self.dips.append(Dip(start_s, start_s + fall_s, end_s))


def level(rng: np.random.Generator, hours: float, mean_pct: float, wander_pct: float) -> Course:
    """A level that wanders over a quarter of an hour and more."""
    time_s = np.arange(0.0, hours * 3600.0, 1.0 / GRID_HZ)
    spo2 = np.full(time_s.size, mean_pct)
    for period_s in rng.uniform(15 * MINUTE_S, 120 * MINUTE_S, 4):
        spo2 += wander_pct * rng.normal(0, 0.6) * np.sin(2 * np.pi * (time_s / period_s + rng.uniform()))
    return Course(time_s, spo2)


def _hump(depth_pct: float) -> Callable[[Floats], Floats]:
    """A cosine down and up."""
    return lambda part: depth_pct * (1 - np.cos(2 * np.pi * part)) / 2


def _saw(depth_pct: float, turn: float, bend: float) -> Callable[[Floats], Floats]:
    """A slow fall that may gather speed, and a quick recovery that slows down."""

    def shape(part: Floats) -> Floats:
        falling = (part / turn) ** bend
        rising = np.clip(1 - (part - turn) / (1 - turn), 0, 1) ** 1.5
        return np.asarray(depth_pct * np.where(part < turn, falling, rising))

    return shape


def _basin(depth_pct: float, edge: float) -> Callable[[Floats], Floats]:
    """A smooth way down, a floor and a smooth way up."""

    def shape(part: Floats) -> Floats:
        near = np.clip(np.minimum(part, 1 - part) / edge, 0, 1)
        return np.asarray(depth_pct * near * near * (3 - 2 * near))

    return shape


def healthy(rng: np.random.Generator, hours: float) -> Course:
    """A quiet night with a few small dips."""
    night = level(rng, hours, rng.uniform(95.5, 98.0), 0.4)
    for start_s in rng.uniform(600, hours * 3600 - 600, rng.poisson(0.8 * hours)):
        fall_s = rng.uniform(10, 25)
        night.dip(float(start_s), fall_s, fall_s, _hump(rng.uniform(0.8, 4.2)))
    return night


def sinusoid(rng: np.random.Generator, hours: float) -> Course:
    """Apnoea after apnoea without a pause, smooth, in bouts."""
    night = level(rng, hours, rng.uniform(93.5, 97.0), 0.4)
    at_s, usual_pct = rng.uniform(300, 1800), rng.uniform(3.5, 7.0)
    while at_s < hours * 3600:
        for _ in range(rng.integers(8, 40)):
            long_s = rng.uniform(40, 75)
            night.dip(at_s, long_s / 2, long_s / 2, _hump(max(0.8, usual_pct * rng.lognormal(0, 0.35))))
            at_s += long_s
        at_s += rng.exponential(15 * MINUTE_S) + 60
    return night


def sawtooth(rng: np.random.Generator, hours: float) -> Course:
    """Obstructive apnoea: slow falls, quick recoveries, deep in some hours."""
    night = level(rng, hours, rng.uniform(92.5, 96.5), 0.5)
    at_s, usual_pct = rng.uniform(100, 1200), rng.uniform(3.0, 9.0)
    deep = rng.uniform(0, 2 * np.pi)
    while at_s < hours * 3600:
        depth = usual_pct * rng.lognormal(0, 0.4) * (1 + 0.4 * np.sin(at_s / 3600 * 4 + deep))
        fall_s, rise_s = rng.uniform(18, 45), rng.uniform(6, 14)
        rise_s = max(rise_s, depth / 2.5)
        night.dip(at_s, fall_s, rise_s, _saw(min(depth, 28.0), fall_s / (fall_s + rise_s), rng.uniform(1.0, 1.6)))
        at_s += fall_s + rise_s + rng.exponential(25) + 1
        if rng.uniform() < 0.03:
            at_s += rng.exponential(15 * MINUTE_S)
    return night


def shallow(rng: np.random.Generator, hours: float) -> Course:
    """Irregular small dips of every shape, most of them near the limit."""
    night = level(rng, hours, rng.uniform(93.5, 97.0), 0.5)
    at_s, apart_s = 200.0, rng.uniform(90, 400)
    while at_s < hours * 3600:
        fall_s, rise_s, depth = rng.uniform(12, 35), rng.uniform(8, 30), 1.2 + rng.gamma(3.0, 0.5)
        turn = fall_s / (fall_s + rise_s)
        shapes = (_hump(depth), _saw(depth, turn, 1.2), _basin(depth, 0.3))
        chosen = int(rng.integers(3))
        if chosen != 1:
            fall_s = rise_s = (fall_s + rise_s) / 2
        night.dip(at_s, fall_s, rise_s, shapes[chosen])
        at_s += fall_s + rise_s + rng.exponential(apart_s) + 5
    return night


def hypoventilation(rng: np.random.Generator, hours: float) -> Course:
    """Long low stretches in dreaming sleep that come over minutes, with single dips upon them and between."""
    night = level(rng, hours, rng.uniform(92.5, 95.5), 0.5)
    for cycle in range(int(hours / 1.5)):
        start_s, long_s = cycle * 5400 + rng.uniform(3000, 3900), rng.uniform(8, 25) * MINUTE_S
        if start_s + long_s < hours * 3600:
            night.lower(start_s, start_s + long_s, _basin(rng.uniform(3, 9), rng.uniform(240, 400) / long_s))
    at_s = rng.uniform(100, 900)
    while at_s < hours * 3600:
        fall_s, rise_s = rng.uniform(15, 30), rng.uniform(8, 15)
        turn = fall_s / (fall_s + rise_s)
        night.dip(at_s, fall_s, rise_s, _saw(rng.uniform(2.0, 7.0), turn, 1.2))
        at_s += fall_s + rise_s + rng.exponential(6 * MINUTE_S)
    return night


def cheyne_stokes(rng: np.random.Generator, hours: float) -> Course:
    """Waxing and waning breath: a near-periodic swing whose size itself comes and goes."""
    night = level(rng, hours, rng.uniform(92.5, 95.5), 0.4)
    at_s, period_s, largest_pct = 400.0, rng.uniform(50, 80), rng.uniform(4, 8)
    while at_s < hours * 3600:
        cycles = int(rng.integers(15, 45))
        for n in range(cycles):
            size = largest_pct * np.sin(np.pi * (n + 0.5) / cycles) ** 0.7 * rng.lognormal(0, 0.1)
            long_s = period_s * rng.lognormal(0, 0.05)
            turn = 0.58
            night.dip(at_s, turn * long_s, (1 - turn) * long_s, _skew(float(size), turn))
            at_s += long_s
        at_s += rng.exponential(20 * MINUTE_S)
    return night


def _skew(depth_pct: float, turn: float) -> Callable[[Floats], Floats]:
    """A cosine whose way down is longer than its way up."""

    def shape(part: Floats) -> Floats:
        bent = np.where(part < turn, part / turn / 2, 0.5 + (part - turn) / (1 - turn) / 2)
        return np.asarray(depth_pct * (1 - np.cos(2 * np.pi * bent)) / 2)

    return shape


def copd(rng: np.random.Generator, hours: float) -> Course:
    """A low level that drifts with sleep and shifts with position, near the line of T90, and a few dips."""
    night = level(rng, hours, rng.uniform(88.5, 92.0), 1.2)
    for start_s in np.sort(rng.uniform(0, hours * 3600, 6)):
        shift = rng.uniform(-1.8, 1.8)
        night.spo2_pct -= shift / (1 + np.exp(-np.clip((night.time_s - start_s) / rng.uniform(40, 120), -50, 50)))
    night.spo2_pct = np.minimum(night.spo2_pct, 96.0)
    at_s = rng.uniform(100, 900)
    while at_s < hours * 3600:
        fall_s = rng.uniform(15, 35)
        night.dip(at_s, fall_s, fall_s, _hump(rng.uniform(1.0, 7.0)))
        at_s += 2 * fall_s + rng.exponential(5 * MINUTE_S)
    return night


KINDS: Final[dict[str, Callable[[np.random.Generator, float], Course]]] = {
    "healthy": healthy,
    "sinusoid": sinusoid,
    "sawtooth": sawtooth,
    "shallow": shallow,
    "hypoventilation": hypoventilation,
    "cheyne_stokes": cheyne_stokes,
    "copd": copd,
}
