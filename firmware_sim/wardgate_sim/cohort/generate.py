"""A cohort from a seed."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Final

import numpy as np

from wardgate_sim.cohort.confounders import confound
from wardgate_sim.cohort.course import Course
from wardgate_sim.cohort.episodes import schedule
from wardgate_sim.cohort.readings import take
from wardgate_sim.cohort.traits import draw
from wardgate_sim.cohort.types import DAY_S, Episode, Patient
from wardgate_sim.cohort.worlds import WORLDS, World

REPORTING_FROM: Final = 1000
"""Seeds from here on are for reporting only: no number in a detector was ever chosen by looking at them."""
_EPOCH_S: Final = 1_767_571_200.0
"""Midnight UTC of a Monday, 5 January 2026."""


def cohort(seed: int, patients: int, *, days: float = 365.0, world: str = "published", first: int = 0) -> list[Patient]:
    """So many patients over so many days, beginning with the one of number `first`.

    The same seed, days and world give the same patients, whatever their number. Seeds below `REPORTING_FROM` are for
    tuning.

    Raises:
        ValueError: there is no such world.
    """
    if world not in WORLDS:
        raise ValueError(f"no world {world!r}; there are {', '.join(WORLDS)}")
    key = zlib.crc32(world.encode())
    return [
        _patient(np.random.default_rng((seed, key, i)), WORLDS[world], days) for i in range(first, first + patients)
    ]


def _patient(rng: np.random.Generator, world: World, days: float) -> Patient:
    who = draw(rng, world)
    course = Course.still(days)
    truth = schedule(rng, world, who, course)
    confound(rng, world, who, course, truth)
    weekday = int(rng.integers(0, 7))
    start_s = _EPOCH_S + weekday * DAY_S
    samples = take(rng, world, who, course, weekday)
    return Patient(
        conditions=who.conditions,
        target_low_pct=88.0 if who.copd else 94.0,
        target_high_pct=92.0 if who.copd else 98.0,
        dry_weight_kg=who.dry_weight_kg,
        beta_blocker=who.beta_blocker,
        careful=who.careful,
        start_s=start_s,
        end_s=start_s + days * DAY_S,
        samples=tuple(replace(sample, time_s=start_s + sample.time_s) for sample in samples),
        episodes=tuple(_dated(episode, start_s) for episode in truth),
    )


def _dated(episode: Episode, start_s: float) -> Episode:
    """The episode with its days since the start made seconds."""
    return replace(
        episode,
        onset_s=start_s + episode.onset_s * DAY_S,
        event_s=start_s + episode.event_s * DAY_S,
        recovery_s=start_s + episode.recovery_s * DAY_S,
    )
