"""What happens in a year and is no episode: the causes of false alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from wardgate_sim.cohort.course import Course, Fact, bump, step, wander
from wardgate_sim.cohort.traits import Traits
from wardgate_sim.cohort.types import Channel, Episode
from wardgate_sim.cohort.worlds import World

_FEVER_BPM: Final = 8.5
"""A degree of fever makes the pulse about this much faster."""


def confound(rng: np.random.Generator, world: World, who: Traits, course: Course, truth: tuple[Episode, ...]) -> None:
    """Put a year's ordinary trouble into the course, mostly outside the episodes (whose times are days here)."""
    _slow(rng, world, course)
    clear = _clear_days(rng, course, truth)
    _treatment(rng, world, who, course, clear)
    _illness(rng, world, who, course, clear)
    _devices(rng, world, course)
    for _ in range(rng.poisson(world.holidays)):
        day = float(rng.uniform(0, course.days[-1]))
        course.away(day, day + float(rng.uniform(4, 15)))


def _clear_days(rng: np.random.Generator, course: Course, truth: tuple[Episode, ...]) -> Iterator[float]:
    """Days for something else to begin on: a few tries to keep away from the episodes, then any day."""
    while True:
        for _ in range(5):
            day = float(rng.uniform(5, course.days[-1]))
            if not any(episode.onset_s - 12 < day < episode.recovery_s for episode in truth):
                break
        yield day


def _slow(rng: np.random.Generator, world: World, course: Course) -> None:
    """Dry weight drifts with appetite, seasons and muscle; nobody's pressure and pulse stay the same for a year."""
    t = course.days / 365
    course.shift["kg"] += rng.normal(0, world.drift_kg_per_year / 2) * t
    course.shift["kg"] += wander(rng, t.size, world.wander_kg, 0.985)
    course.shift["systolic"] += wander(rng, t.size, 3.0, 0.97) + rng.normal(0, 3) * np.sin(
        2 * np.pi * (t + rng.random())
    )
    course.shift["pulse"] += wander(rng, t.size, 1.4, 0.97)
    course.shift["saturation"] += wander(rng, t.size, 0.35, 0.97)


def _treatment(rng: np.random.Generator, world: World, who: Traits, course: Course, clear: Iterator[float]) -> None:
    """Steps of dose: water goes or comes as intended, pressure and pulse find a new level."""
    for _ in range(rng.poisson(world.dose_steps * who.heart_failure)):
        day = next(clear)
        if rng.random() < 0.6:
            loss_kg = float(rng.gamma(4, 0.35))
            course.add(
                step(course.days, day, float(rng.uniform(3, 8))), kg=-loss_kg, systolic=-float(rng.uniform(0, 6))
            )
            if rng.random() < 0.5:  # a course of some days, after which the water comes back
                course.add(step(course.days, day + 14, 7), kg=0.7 * loss_kg)
            course.tell(rng, world, Fact(day, "diuretic_up", "weight"))
        else:
            course.add(step(course.days, day, float(rng.uniform(4, 9))), kg=float(rng.gamma(4, 0.22)))
            course.tell(rng, world, Fact(day, "diuretic_down", "weight"))
    for _ in range(rng.poisson(world.drug_steps)):
        day = next(clear)
        note = str(rng.choice(["bp_drug_up", "bp_drug_down", "beta_blocker_up"]))
        course.tell(rng, world, Fact(day, note, "pressure"))
        profile = step(course.days, day, float(rng.uniform(2, 8)))
        size = float(rng.uniform(0.5, 1.5))
        if note == "beta_blocker_up":
            course.add(profile, pulse=-6 * size, systolic=-3 * size)
        else:
            sign = -1 if note == "bp_drug_up" else 1
            course.add(profile, systolic=sign * 8 * size, diastolic=sign * 4 * size)
    if who.dry_weight_kg is not None and rng.random() < 0.3:
        day = next(clear)
        agreed_kg = who.weight_kg + course.shift["kg"][int(day)] + float(rng.normal(0, 0.4))
        course.facts.append(Fact(day, f"dry_weight:{agreed_kg:.1f}", "weight"))


def _illness(rng: np.random.Generator, world: World, who: Traits, course: Course, clear: Iterator[float]) -> None:
    """Feasts, colds and fevers, isolated bad days, runs of a fast heart."""
    for _ in range(rng.poisson(world.benign_gains)):
        profile = bump(course.days, next(clear), float(rng.uniform(1, 4)), float(rng.uniform(3, 10)))
        course.add(profile, kg=float(rng.gamma(2, 0.65)))
    for _ in range(rng.poisson(world.infections)):
        day = next(clear)
        fever = float(rng.gamma(3, 0.35))
        calm = 0.6 if who.beta_blocker else 1.0
        profile = bump(course.days, day, 1.0, float(rng.uniform(3, 7)))
        course.add(profile, pulse=_FEVER_BPM * fever * calm, saturation=-float(rng.gamma(1.5, 0.5)), kg=-0.3 * fever)
        if rng.random() < 0.5:
            course.tell(rng, world, Fact(day + 2, "antibiotics", "saturation"))
    days = rng.integers(0, course.days.size, rng.poisson(world.bad_days * (1.0 if who.copd else 0.4)))
    course.shift["pulse"][days] += rng.normal(7, 4, days.size)
    course.shift["saturation"][days] -= rng.gamma(2, 0.6, days.size)
    if who.fibrillates:
        days = rng.integers(0, course.days.size, rng.poisson(6))
        course.shift["pulse"][days] += rng.normal(22, 8, days.size)
        course.shift["systolic"][days] -= rng.normal(4, 8, days.size)


def _devices(rng: np.random.Generator, world: World, course: Course) -> None:
    """New devices show something else from a day on; a scale may be moved onto a carpet for a few days."""
    for _ in range(rng.poisson(world.new_scale)):
        day = float(rng.uniform(10, course.days[-1]))
        course.scale_steps.append((day, float(rng.normal(0, 1.2))))
        course.tell(rng, world, Fact(day, "new_scale", "weight", device=True))
    for _ in range(rng.poisson(0.15)):
        day = float(rng.uniform(10, course.days[-1]))
        off_kg = -float(rng.gamma(2, 0.5))
        course.scale_steps += [(day, off_kg), (day + float(rng.uniform(2, 9)), -off_kg)]
    for _ in range(rng.poisson(world.new_device)):
        day = float(rng.uniform(10, course.days[-1]))
        channel: Channel = "pressure" if rng.random() < 0.6 else "saturation"
        off = float(rng.normal(0, 6 if channel == "pressure" else 1.0))
        course.device_steps.append((day, channel, off))
        course.tell(rng, world, Fact(day, "new_device", channel, device=True))
