"""From a patient's course to readings: which are taken, when, what the devices show, what spoils them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wardgate_sim.cohort.course import Course, wander
from wardgate_sim.cohort.traits import Traits
from wardgate_sim.cohort.types import DAY_S, Channel, Floats, Sample
from wardgate_sim.cohort.worlds import World

_FOOD_KG_PER_HOUR: Final = 0.07
_MINUTE: Final = 1 / 1440
_AFTER: Final[dict[Channel, float]] = {"weight": 0.0, "pressure": 6 * _MINUTE, "saturation": 10 * _MINUTE}
"""People do one after the other."""
_MONDAY_PEAK: Final = 0.5
"""Heaviest between Sunday and Monday (days since Monday's midnight)."""


@dataclass(slots=True)
class _Taken:
    """The readings of one channel: when (days), what, and what is the matter with each."""

    at: Floats
    values: list[Floats]
    spoiled: list[str]

    def spoil(self, where: Iterable[int], why: str) -> None:
        """Say of readings what is the matter with them."""
        for i in where:
            self.spoiled[i] = why


def take(rng: np.random.Generator, world: World, who: Traits, course: Course, weekday: int) -> list[Sample]:
    """All readings in the order of time; times are seconds since the start."""
    keen = float(np.clip(rng.normal(world.adherence + (0.08 if who.careful else -0.08), 0.08), 0.3, 0.98))
    lazy = wander(rng, course.days.size, 1.0, 0.5)
    channels: dict[Channel, _Taken] = {
        "weight": _weights(rng, world, who, course, _times(rng, world, who, course, "weight", keen, lazy), weekday)
    }
    keen *= world.second_channel_adherence
    channels["pressure"] = _pressures(rng, world, who, course, _times(rng, world, who, course, "pressure", keen, lazy))
    times = _times(rng, world, who, course, "saturation", keen, lazy)
    channels["saturation"] = _saturations(rng, world, who, course, times)
    notes = _notes(who, course, {name: taken.at for name, taken in channels.items()})
    samples = [sample for name, taken in channels.items() for sample in _samples(name, taken, notes)]
    return sorted(samples, key=lambda sample: sample.time_s)


def _times(
    rng: np.random.Generator, world: World, who: Traits, course: Course, channel: Channel, keen: float, lazy: Floats
) -> Floats:
    """Days with a fraction. Missed days come in runs; who is ill measures less."""
    luck = 0.8 * lazy + 0.6 * rng.normal(0, 1, lazy.size)
    taken = np.argsort(np.argsort(luck)) / luck.size < keen * course.taken
    day: Floats = np.floor(course.days[taken])
    hour = who.hour + rng.normal(0, 0.4 if who.careful else 1.2, day.size)
    evening = rng.random(day.size) < world.evening_share[not who.careful]
    at: Floats = np.where(evening, rng.normal(19, 1.5, day.size), np.clip(hour, 4.5, 15)).astype(np.float64)
    at = day + at / 24 + _AFTER[channel]
    return np.sort(at[at < course.days[-1] - 0.5])


def _shift(course: Course, name: str, at: Floats) -> Floats:
    return np.interp(at, course.days, course.shift[name])


def _shown(values: Floats, lowest: float, highest: float) -> Floats:
    """What a display shows: whole numbers within its range."""
    return np.clip(values, lowest, highest).round().astype(np.float64)


def _chance(rng: np.random.Generator, size: int, share: float) -> list[int]:
    found: list[int] = np.flatnonzero(rng.random(size) < share).tolist()
    return found


def _weights(rng: np.random.Generator, world: World, who: Traits, course: Course, at: Floats, weekday: int) -> _Taken:
    noisy = not who.careful
    body = wander(rng, course.days.size, world.body_kg[noisy] * who.noise, world.body_day_correlation)
    rhythm = world.weekday_kg * np.cos(2 * np.pi * ((at + weekday) % 7 - _MONDAY_PEAK) / 7)
    food = _FOOD_KG_PER_HOUR * ((at % 1) * 24 - who.hour)
    white = _tailed(rng, at.size, world.tail_df) * world.white_kg[noisy] * who.noise
    kg = who.weight_kg + _shift(course, "kg", at) + np.interp(at, course.days, body) + rhythm + food + white
    for day, off in course.scale_steps:
        kg[at >= day] += off
    taken = _Taken(at, [kg], [""] * at.size)
    clothed = _chance(rng, at.size, world.clothes_share[noisy])
    kg[clothed] += rng.uniform(0.5, 1.8, len(clothed))
    taken.spoil(clothed, "clothes")
    loaded = _chance(rng, at.size, world.load_share * (1.5 if noisy else 0.5))
    kg[loaded] += rng.gamma(3, 1.4, len(loaded))
    taken.spoil(loaded, "load")
    strangers = _chance(rng, at.size, world.stranger_share)
    if strangers:
        spouse_kg = who.weight_kg + rng.choice((-1, 1)) * rng.uniform(2, 30)
        child = rng.random(len(strangers)) < 0.25
        kg[strangers] = np.where(child, rng.uniform(14, 40, child.size), spouse_kg + rng.normal(0, 0.5, child.size))
        taken.spoil(strangers, "other-person")
    if who.weighs_twice and at.size:
        _again(rng, taken, 0.3)
    taken.values = [np.round(taken.values[0] / who.scale_step_kg) * who.scale_step_kg]
    return taken


def _tailed(rng: np.random.Generator, size: int, df: float) -> Floats:
    """Student's t with an SD of 1."""
    drawn: Floats = rng.standard_t(df, size) * np.sqrt((df - 2) / df)
    return drawn


def _again(rng: np.random.Generator, taken: _Taken, share: float) -> None:
    """Some step on the scale once more within minutes: much the same, or the same stranger."""
    twice = _chance(rng, taken.at.size, share)
    kg = taken.values[0]
    at = np.concatenate([taken.at, taken.at[twice] + rng.uniform(1, 4, len(twice)) * _MINUTE])
    order = np.argsort(at, kind="stable")
    both = np.concatenate([kg, kg[twice] + rng.normal(0, 0.1, len(twice))])
    spoiled = taken.spoiled + [taken.spoiled[i] for i in twice]
    taken.at, taken.values, taken.spoiled = at[order], [both[order]], [spoiled[i] for i in order.tolist()]


def _day_noise(rng: np.random.Generator, world: World, course: Course, at: Floats, sd: float) -> Floats:
    """A vital sign's noise: a part that a day has in common with the day before, and a part of its own."""
    slow = wander(rng, course.days.size, sd * np.sqrt(0.5), max(world.vital_day_correlation * 1.6, 0.05))
    return np.interp(at, course.days, slow) + rng.normal(0, sd * np.sqrt(0.5), at.size)


def _pressures(rng: np.random.Generator, world: World, who: Traits, course: Course, at: Floats) -> _Taken:
    common = rng.normal(0, 1, at.size)
    noise = _day_noise(rng, world, course, at, who.systolic_sd_mmhg * 0.8)
    systolic = who.systolic_mmhg + _shift(course, "systolic", at) + noise + 0.6 * who.systolic_sd_mmhg * common
    spread = 0.75 * who.diastolic_sd_mmhg
    diastolic = who.diastolic_mmhg + _shift(course, "diastolic", at) + spread * rng.normal(0, 1, at.size)
    diastolic += 0.66 * who.diastolic_sd_mmhg * common
    pulse = who.pulse_bpm + _shift(course, "pulse", at) + _day_noise(rng, world, course, at, who.pulse_sd_bpm)
    for day, channel, off in course.device_steps:
        if channel == "pressure":
            systolic[at >= day] += off
            diastolic[at >= day] += 0.6 * off
    taken = _Taken(at, [systolic, diastolic, pulse], [""] * at.size)
    moved = _chance(rng, at.size, world.exertion_share)
    systolic[moved] += rng.gamma(4, 3, len(moved))
    pulse[moved] += rng.gamma(4, 4, len(moved))
    taken.spoil(moved, "exertion")
    spouses = _chance(rng, at.size, world.stranger_share)
    systolic[spouses] += rng.choice((-1, 1)) * rng.uniform(5, 30)
    pulse[spouses] += rng.choice((-1, 1)) * rng.uniform(3, 15)
    taken.spoil(spouses, "other-person")
    diastolic[:] = np.clip(diastolic, 32, systolic - 15)
    taken.values = [_shown(x, 30, 250) for x in (systolic, diastolic, pulse)]
    return taken


def _saturations(rng: np.random.Generator, world: World, who: Traits, course: Course, at: Floats) -> _Taken:
    sd = world.saturation_sd_pct * (1.15 if who.copd else 0.85) * who.noise**0.5
    spo2 = who.saturation_pct + _shift(course, "saturation", at) + _day_noise(rng, world, course, at, sd)
    pulse = who.pulse_bpm + _shift(course, "pulse", at) + _day_noise(rng, world, course, at, who.pulse_sd_bpm)
    for day, channel, off in course.device_steps:
        if channel == "saturation":
            spo2[at >= day] += off
    perfusion = np.clip(rng.lognormal(np.log(2.2), 0.6, at.size), 0.2, 15)
    taken = _Taken(at, [spo2, pulse], [""] * at.size)
    moved = _chance(rng, at.size, world.exertion_share)
    spo2[moved] -= rng.gamma(2, 1.2, len(moved))
    pulse[moved] += rng.gamma(4, 4, len(moved))
    taken.spoil(moved, "exertion")
    cold = _chance(rng, at.size, world.cold_share)
    spo2[cold] -= rng.gamma(2, 2, len(cold))
    perfusion[cold] = rng.uniform(0.05, 0.5, len(cold))
    taken.spoil(cold, "cold-finger")
    taken.values = [_shown(spo2, 60, 100), _shown(pulse, 30, 220)]
    if who.tells_perfusion:
        taken.values.append(np.round(perfusion, 2))
    return taken


def _notes(who: Traits, course: Course, times: dict[Channel, Floats]) -> dict[tuple[Channel, int], str]:
    """Each fact to the first reading after it, of its channel or of every one; one note a reading, the next waits."""
    given: dict[tuple[Channel, int], str] = {}
    for fact in sorted(course.facts, key=lambda fact: fact.day):
        channels: Sequence[Channel] = (fact.channel,) if fact.device or who.tells_once else tuple(times)
        for channel in channels:
            i = int(np.searchsorted(times[channel], fact.day))
            while (channel, i) in given:
                i += 1
            if i < times[channel].size:
                given[channel, i] = fact.note
    return given


def _samples(channel: Channel, taken: _Taken, notes: dict[tuple[Channel, int], str]) -> list[Sample]:
    times_s = (taken.at * DAY_S).tolist()
    rows = zip(*(np.round(column, 4).tolist() for column in taken.values), strict=True)
    return [
        Sample(time_s, channel, values, notes.get((channel, i)), taken.spoiled[i])
        for i, (time_s, values) in enumerate(zip(times_s, rows, strict=True))
    ]
