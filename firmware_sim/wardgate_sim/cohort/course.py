"""A patient's year, day by day: how far the body is from its usual, when nobody measures, and what the hub is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from wardgate_sim.cohort.types import Channel, Floats
from wardgate_sim.cohort.worlds import Shape, World

VITALS: Final = ("kg", "systolic", "diastolic", "pulse", "saturation")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the hub is told. `channel` is the one it belongs to; `device` facts are of no concern to the others."""

    day: float
    note: str
    channel: Channel
    device: bool = False


@dataclass(slots=True)
class Course:
    """Departures from the usual at each day's noon, and the share of the usual readings that are taken that day."""

    days: Floats
    shift: dict[str, Floats]
    taken: Floats
    facts: list[Fact] = field(default_factory=list)
    scale_steps: list[tuple[float, float]] = field(default_factory=list)
    device_steps: list[tuple[float, Channel, float]] = field(default_factory=list)

    @classmethod
    def still(cls, days: float) -> Course:
        """A year in which nothing happens."""
        grid = np.arange(int(np.ceil(days)) + 1, dtype=np.float64) + 0.5
        return cls(grid, {name: np.zeros(grid.size) for name in VITALS}, np.ones(grid.size))

    def add(self, profile: Floats, **amounts: float) -> None:
        """Add a profile (one value a day, 1 at its height) times an amount to each of the vitals named."""
        for name, amount in amounts.items():
            self.shift[name] += amount * profile

    def away(self, from_day: float, to_day: float) -> None:
        """Nothing is measured between the two."""
        self.taken[(self.days >= from_day) & (self.days < to_day)] = 0.0

    def fewer(self, from_day: float, to_day: float, share: float) -> None:
        """Only a share of the readings is taken between the two."""
        self.taken[(self.days >= from_day) & (self.days < to_day)] *= share

    def tell(self, rng: np.random.Generator, world: World, fact: Fact) -> None:
        """The hub hears of it, in part of the cases."""
        if rng.random() < world.told_share:
            self.facts.append(fact)


_SHAPES: Final[dict[Shape, Callable[[Floats], Floats]]] = {
    "linear": lambda u: u,
    "exponential": lambda u: np.expm1(3 * u) / np.expm1(3.0),
    "step": lambda u: np.clip((u - 0.45) / 0.2, 0, 1),
    "spurt": lambda u: np.clip((u - 0.7) / 0.3, 0, 1),
    "early": np.sqrt,
}


def rise(days: Floats, onset: float, event: float, recovery: float, shape: Shape, lag: float = 0.0) -> Floats:
    """0 before the onset, to 1 at the event in the shape named, and back to 0 at recovery.

    `lag` is the share of the way from onset to event in which nothing shows yet.
    """
    u = np.clip(((days - onset) / (event - onset) - lag) / (1 - lag), 0, 1)
    back = np.clip((recovery - days) / (recovery - event), 0, 1)
    return np.where(days <= event, _SHAPES[shape](u), back)


def step(days: Floats, day: float, over_days: float) -> Floats:
    """0 before the day, 1 after it, in a straight line over so many days."""
    return np.clip((days - day) / over_days, 0, 1)


def bump(days: Floats, day: float, up_days: float, down_days: float) -> Floats:
    """0, up to 1 and back again."""
    return np.clip(np.minimum((days - day) / up_days, 1 - (days - day - up_days) / down_days), 0, 1)


def wander(rng: np.random.Generator, size: int, sd: float, correlation: float) -> Floats:
    """A first-order autoregressive series of this SD."""
    steps = rng.normal(0, sd * np.sqrt(1 - correlation**2), size).tolist()
    value = float(rng.normal(0, sd))
    series = []
    for each in steps:
        value = correlation * value + each
        series.append(value)
    return np.asarray(series)
