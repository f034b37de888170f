"""Simulated patients who clip an oximeter on once or more a day, with declines whose truth is known.

Nobody's data: saturations are drawn around the figures that are published for well patients (day-to-day SD of about 1 %
in COPD, Hurst 2010; up to 2 % when well, Clarke 2016; an oximeter on 67/56 % of scheduled days, Celler 2018). The
worlds differ in the structure of their noise, in cadence and in the shape of a decline, so that what is tuned on one of
them can fail in another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from wardgate_signal.finding import DAY_S

Floats = NDArray[np.float64]
Shape = Literal["line", "early", "late", "step"]

BEGIN_S: Final = 1_790_000_000.0
APART_DAYS: Final = 50.0
"""From the end of a recovery to the next onset, at the least."""
TREATED_AFTER_DAYS: Final = (2.0, 5.0)
"""The low level stays so long before help comes."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One reading as the oximeter shows it. `spoiled` is the truth about it, for no detector."""

    time_s: float
    spo2_pct: float
    pulse_bpm: float
    perfusion: float | None
    spoiled: Literal["", "exertion", "cold-finger"] = ""


@dataclass(frozen=True, slots=True)
class Decline:
    """A fall from the usual level by `depth_pct`, from `onset_s` to `lowest_s`. Help comes at `event_s`, and by
    `recovery_s` the level is the usual one again."""

    onset_s: float
    lowest_s: float
    event_s: float
    recovery_s: float
    depth_pct: float
    shape: Shape


@dataclass(frozen=True, slots=True)
class SpotPatient:
    """One patient's year."""

    target_low_pct: float
    target_high_pct: float
    usual_pct: float
    start_s: float
    end_s: float
    readings: tuple[Spot, ...]
    declines: tuple[Decline, ...]


@dataclass(frozen=True, slots=True)
class World:
    """What makes a simulated world. Ranges are drawn from once a patient."""

    day_sd_pct: tuple[float, float] = (0.6, 1.2)
    """From day to day, in all that a day's readings share."""
    reading_sd_pct: tuple[float, float] = (0.3, 0.6)
    """From reading to reading within a day."""
    stickiness: float = 0.0
    """Correlation of one day's deviation with the next one's."""
    heavy: bool = False
    """Student's t with 3 degrees of freedom in place of the normal distribution."""
    hours: tuple[tuple[float, ...], ...] = ((8.0,),)
    """Scheduled hours of a day, one of these plans a patient."""
    every_days: int = 1
    adherence: tuple[float, float] = (0.55, 0.9)
    repeats: float = 0.1
    """Share of measurements that are repeated within minutes."""
    spoiled: float = 0.02
    """Share of readings after stairs or with a cold finger."""
    shows_perfusion: float = 0.5
    """Share of patients whose oximeter tells its perfusion index."""
    wander_pct: float = 0.3
    """SD of the slow wandering of the usual level."""
    morning_pct: float = 0.0
    """How much lower the saturation is in the morning."""
    steps: float = 0.0
    """New oximeters a year, that show up to 1.5 points more or less for good."""
    shapes: tuple[Shape, ...] = ("line",)
    away: int = 1
    """Absences of one to two weeks a year."""


WORLDS: Final[dict[str, World]] = {
    "plain": World(),
    "sticky": World(stickiness=0.6, hours=((8.0, 19.0),), morning_pct=0.5, shapes=("line", "early")),
    "rough": World(
        day_sd_pct=(1.0, 1.9),
        reading_sd_pct=(0.5, 0.8),
        heavy=True,
        hours=((8.0,), (8.0, 20.0)),
        spoiled=0.06,
        shapes=("line", "late"),
    ),
    "sparse": World(every_days=2, adherence=(0.7, 0.95), repeats=0.0, shapes=("line", "early", "late"), away=2),
    "busy": World(
        hours=((7.0, 13.0, 19.0), (8.0, 12.0, 16.0, 21.0)), repeats=0.4, stickiness=0.3, morning_pct=0.8, spoiled=0.04
    ),
    "drifting": World(wander_pct=0.9, steps=1.0, stickiness=0.4, shapes=("line", "early", "late", "step")),
}
"""The first is the plainest. Detectors are tuned on the worst of them."""


def spot_patients(seed: int, patients: int, *, days: float = 365.0, world: str = "plain") -> Iterator[SpotPatient]:
    """Simulated patients, the same ones for the same seed.

    Raises:
        KeyError: there is no such world.
    """
    of = WORLDS[world]
    for child in np.random.SeedSequence(seed).spawn(patients):
        yield _patient(np.random.default_rng(child), of, days)


def _patient(rng: np.random.Generator, world: World, days: float) -> SpotPatient:
    copd = rng.random() < 0.5
    usual_pct = rng.uniform(88.5, 93.0) if copd else rng.uniform(94.0, 98.0)
    target = (88.0, 92.0) if copd else (94.0, 98.0)
    declines = tuple(_declines(rng, world, days))
    day = _times(rng, world, days)
    level = usual_pct - np.sum([_course(d, BEGIN_S + day * DAY_S) for d in declines], axis=0)
    level = level + _wandering(rng, world, days)[day.astype(int)] + _steps(rng, world, day, days)
    level -= np.where(day % 1.0 < 10 / 24, world.morning_pct, 0.0)
    noise = _day_noise(rng, world, days)[day.astype(int)]
    noise = noise + _draw(rng, world, day.size) * rng.uniform(*world.reading_sd_pct)
    return SpotPatient(
        *target,
        usual_pct=usual_pct,
        start_s=BEGIN_S,
        end_s=BEGIN_S + days * DAY_S,
        readings=tuple(_shown(rng, world, BEGIN_S + day * DAY_S, level + noise, usual_pct - level)),
        declines=declines,
    )


def _declines(rng: np.random.Generator, world: World, days: float) -> Iterator[Decline]:
    day = rng.uniform(30.0, 90.0)
    while day + 40.0 < days:
        fall, stays, back = rng.uniform(3.0, 10.0), rng.uniform(*TREATED_AFTER_DAYS), rng.uniform(2.0, 8.0)
        ends = np.cumsum([day, fall, stays, back])
        onset_s, lowest_s, event_s, recovery_s = (float(BEGIN_S + end * DAY_S) for end in ends)
        shape = world.shapes[int(rng.integers(len(world.shapes)))]
        yield Decline(onset_s, lowest_s, event_s, recovery_s, float(rng.uniform(2.0, 5.0)), shape)
        day = float(ends[-1]) + APART_DAYS + rng.exponential(60.0)


def _course(decline: Decline, time_s: Floats) -> Floats:
    """Points below the usual level at each time."""
    done = np.clip((time_s - decline.onset_s) / (decline.lowest_s - decline.onset_s), 0.0, 1.0)
    down = {
        "line": done,
        "early": (1.0 - np.exp(-3.0 * done)) / (1.0 - np.exp(-3.0)),
        "late": done**2.5,
        "step": (done > 0.5).astype(np.float64),
    }[decline.shape]
    back = np.clip((time_s - decline.event_s) / (decline.recovery_s - decline.event_s), 0.0, 1.0)
    return np.asarray(decline.depth_pct * down * (1.0 - back), np.float64)


def _times(rng: np.random.Generator, world: World, days: float) -> Floats:
    """Days of the readings, in order."""
    plan = world.hours[int(rng.integers(len(world.hours)))]
    first = np.arange(0, int(days), world.every_days, dtype=np.float64)
    keen = rng.uniform(*world.adherence)
    day = (first[:, None] + np.asarray(plan)[None, :] / 24.0).ravel()
    day = day[rng.random(day.size) < keen]
    for _ in range(world.away):
        left = rng.uniform(0.0, days)
        day = day[(day < left) | (day > left + rng.uniform(7.0, 14.0))]
    day = day + rng.normal(0.0, 0.6 / 24.0, day.size)
    again = day[rng.random(day.size) < world.repeats]
    day = np.concatenate([day, again + rng.uniform(0.5, 4.0, again.size) / 1440.0])
    return np.sort(np.clip(day, 0.0, days - 0.001))


def _draw(rng: np.random.Generator, world: World, count: int) -> Floats:
    """Noise of SD 1."""
    if world.heavy:
        return np.asarray(rng.standard_t(3.0, count) / np.sqrt(3.0), np.float64)
    return rng.normal(0.0, 1.0, count)


def _day_noise(rng: np.random.Generator, world: World, days: float) -> Floats:
    noise = _draw(rng, world, int(days) + 1)
    keeps, new = world.stickiness, np.sqrt(1.0 - world.stickiness**2)
    for i in range(1, noise.size):
        noise[i] = keeps * noise[i - 1] + new * noise[i]
    return np.asarray(noise * rng.uniform(*world.day_sd_pct), np.float64)


def _wandering(rng: np.random.Generator, world: World, days: float) -> Floats:
    """A season and a slow random walk, by day."""
    day = np.arange(int(days) + 1)
    season = np.sin(2 * np.pi * (day / 365.0 + rng.random()))
    knots = rng.normal(0.0, 1.0, int(days / 45.0) + 3)
    slow = np.interp(day, np.arange(knots.size) * 45.0, knots)
    return np.asarray(world.wander_pct * (0.7 * season + 0.7 * slow), np.float64)


def _steps(rng: np.random.Generator, world: World, day: Floats, days: float) -> Floats:
    shift = np.zeros_like(day)
    for _ in range(int(rng.poisson(world.steps * days / 365.0))):
        shift += np.where(day > rng.uniform(0.0, days), rng.uniform(-1.5, 1.5), 0.0)
    return shift


def _shown(
    rng: np.random.Generator, world: World, time_s: Floats, spo2_pct: Floats, below_pct: Floats
) -> Iterator[Spot]:
    """What the oximeter shows: whole per cent, never above 100, sometimes spoiled."""
    tells, warm = rng.random() < world.shows_perfusion, rng.uniform(1.0, 5.0)
    pulse_bpm = rng.uniform(62.0, 88.0) + 2.0 * np.clip(below_pct, 0.0, None) + rng.normal(0.0, 5.0, time_s.size)
    spoiled = rng.random(time_s.size) < world.spoiled
    for t, pct, pulse, bad in zip(time_s, spo2_pct, pulse_bpm, spoiled, strict=True):
        perfusion = warm * np.exp(rng.normal(0.0, 0.4))
        kind: Literal["", "exertion", "cold-finger"] = ""
        if bad and rng.random() < 0.5:
            kind, pct, pulse = "exertion", pct - rng.uniform(2.0, 7.0), pulse + rng.uniform(10.0, 35.0)
        elif bad:
            kind, pct, perfusion = "cold-finger", pct - rng.uniform(1.0, 8.0), rng.uniform(0.1, 0.6)
        shown = float(np.clip(np.round(pct), 60.0, 100.0))
        yield Spot(float(t), shown, float(np.round(pulse)), round(float(perfusion), 1) if tells else None, kind)
