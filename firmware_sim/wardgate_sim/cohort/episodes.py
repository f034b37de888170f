"""Worsenings that a ward wants to know of, with all that moves before them.

No mean course of pressure or saturation before an admission has been published, and only 28 % of admissions show a
clearly higher pulse. So each sign is there in some episodes and absent in others, and none of them is certain.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from wardgate_sim.cohort.course import Course, Fact, rise, step
from wardgate_sim.cohort.traits import Traits
from wardgate_sim.cohort.types import Episode, Kind
from wardgate_sim.cohort.worlds import World

FIRST_DAY: Final = 30.0
_APART_DAYS: Final = 35.0
_GAINS_FROM_KG: Final = 0.5
_CALM_PULSE: Final = 0.4
"""How much of a rise of the pulse is left under beta-blockade."""


def schedule(rng: np.random.Generator, world: World, who: Traits, course: Course) -> tuple[Episode, ...]:
    """Put this patient's episodes into the year. Times in the episodes are days here, seconds in `generate`."""
    rates: dict[Kind, float] = {
        "heart_failure": world.heart_failure * who.heart_failure,
        "respiratory": world.respiratory * (who.copd + 0.15 * (not who.copd)),
        "low_output": world.low_output * who.heart_failure,
    }
    length = course.days.size - 1
    kinds: list[Kind] = []
    for kind, rate in rates.items():
        kinds += [kind] * rng.poisson(rate * who.frail_rate * length / 365)
    found: list[Episode] = []
    for kind in rng.permutation(kinds).tolist():
        event = float(rng.uniform(FIRST_DAY, max(length, FIRST_DAY + 1)))
        if event > length - 1 or any(abs(event - other.event_s) < _APART_DAYS for other in found):
            continue
        found.append(_EPISODES[kind](rng, world, who, course, event))
    return tuple(sorted(found, key=lambda episode: episode.event_s))


def _heart_failure(rng: np.random.Generator, world: World, who: Traits, course: Course, event: float) -> Episode:
    onset = event - float(np.clip(rng.lognormal(np.log(world.onset_median_days), 0.45), 4, 32))
    admitted, stay, recovery = _stay(rng, event, 0.75)
    shapes, shares = zip(*world.shapes, strict=True)
    shape = shapes[rng.choice(len(shapes), p=shares)]
    gain_kg = float(min(rng.lognormal(np.log(world.gain_median_kg), world.gain_spread), 9))
    if rng.random() < world.no_gain_share:
        gain_kg = float(rng.normal(-0.3, 0.9))
    course.add(rise(course.days, onset, event, event + stay, shape), kg=gain_kg)
    late = rise(course.days, onset, event, recovery, "exponential", lag=float(rng.uniform(0.1, 0.6)))
    pulse = float(rng.gamma(2.5, 3.2)) * (rng.random() < 0.6) * world.signal
    kind_of_pressure = rng.choice(3, p=(0.4, 0.25, 0.35))
    systolic = (float(rng.gamma(4, 4.5)), -float(rng.gamma(4, 3)), 0.0)[kind_of_pressure] * world.signal
    drop = float(rng.gamma(2.2, 0.9)) * (rng.random() < 0.6) * world.signal
    course.add(
        late,
        pulse=pulse * (_CALM_PULSE if who.beta_blocker else 1),
        systolic=systolic,
        diastolic=0.5 * systolic + 0.2 * pulse,
        saturation=-drop,
    )
    course.fewer(event - 5, event, 0.8)
    _afterwards(rng, world, who, course, event, stay, admitted)
    return Episode(onset, event, recovery, "heart_failure", gain_kg >= _GAINS_FROM_KG)


def _respiratory(rng: np.random.Generator, world: World, who: Traits, course: Course, event: float) -> Episode:
    onset = event - float(np.clip(rng.lognormal(np.log(4.5), 0.4), 2, 10))
    admitted, stay, recovery = _stay(rng, event, 0.45)
    profile = rise(course.days, onset, event, recovery, "early" if rng.random() < 0.4 else "linear")
    pulse = float(np.clip(rng.normal(10, 6), -3, 30)) * world.signal
    drop = float(rng.gamma(1.8, 1.15)) * world.signal
    course.add(
        profile,
        pulse=pulse * (0.6 if who.beta_blocker else 1),
        saturation=-drop,
        systolic=float(rng.normal(0, 4)),
        kg=float(rng.normal(-0.4, 0.4)),
    )
    course.fewer(event - 3, event, 0.8)
    course.tell(rng, world, Fact(event + (stay if admitted else 0.2), "antibiotics", "saturation"))
    if admitted:
        course.away(event, event + stay)
        course.facts.append(Fact(event + stay, "discharged", "weight"))
    if who.copd and admitted and rng.random() < 0.3:
        day = event + stay
        course.add(step(course.days, day, 0.5), saturation=1.8)
        course.tell(rng, world, Fact(day, "oxygen_started", "saturation"))
    return Episode(onset, event, recovery, "respiratory", gains=False)


def _low_output(rng: np.random.Generator, world: World, who: Traits, course: Course, event: float) -> Episode:
    """Too dry, mostly from too much diuretic: weight and pressure fall together, the pulse may rise."""
    onset = event - float(rng.uniform(5, 14))
    admitted, stay, recovery = _stay(rng, event, 0.4)
    profile = rise(course.days, onset, event, recovery, "linear")
    pulse = float(rng.gamma(3, 2.8)) * (_CALM_PULSE if who.beta_blocker else 1)
    course.add(
        profile,
        kg=-float(rng.gamma(5, 0.38)),
        systolic=-float(rng.gamma(6, 2.9)) * world.signal,
        diastolic=-float(rng.gamma(4, 1.9)) * world.signal,
        pulse=pulse * world.signal,
    )
    if rng.random() < 0.6:
        course.tell(rng, world, Fact(onset, "diuretic_up", "weight"))
    course.tell(rng, world, Fact(event + (stay if admitted else 0.5), "diuretic_down", "weight"))
    if admitted:
        course.away(event, event + stay)
        course.facts.append(Fact(event + stay, "discharged", "weight"))
    return Episode(onset, event, recovery, "low_output", gains=False)


def _stay(rng: np.random.Generator, event: float, admitted_share: float) -> tuple[bool, float, float]:
    """Whether admitted, the days until treatment has worked, and the day of recovery."""
    admitted = bool(rng.random() < admitted_share)
    stay = float(np.clip(rng.lognormal(np.log(6), 0.4), 3, 18))
    return admitted, stay, event + stay + float(rng.uniform(3, 8))


def _afterwards(
    rng: np.random.Generator, world: World, who: Traits, course: Course, event: float, stay: float, admitted: bool
) -> None:
    """Treated in hospital or at home; the weight after it is not quite the one before."""
    after_kg = float(rng.normal(-0.5, 0.7))
    course.add(step(course.days, event, stay), kg=after_kg)
    day = event + stay
    if admitted:
        course.away(event, day)
        course.facts.append(Fact(day, "discharged", "weight"))
        if rng.random() < 0.5:
            at = int(min(day + 1, course.days.size - 1))
            agreed_kg = who.weight_kg + course.shift["kg"][at] + float(rng.normal(0, 0.3))
            course.tell(rng, world, Fact(day, f"dry_weight:{agreed_kg:.1f}", "weight"))
    else:
        course.tell(rng, world, Fact(event + 0.2, "diuretic_up", "weight"))


_EPISODES: Final = {"heart_failure": _heart_failure, "respiratory": _respiratory, "low_output": _low_output}
