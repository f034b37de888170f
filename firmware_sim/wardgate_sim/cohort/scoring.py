"""The operating curve of a detector over a cohort, and the difference of two with its interval.

The convention: an episode is found if an alert falls in the 14 days before its event. False alerts are those after 21
days of warm-up and outside every episode (onset to recovery, of whatever kind); one within 7 days of a counted one is
the same alert, so that a score that stays high counts once a week. Rates are per patient-year of the time in which a
false alert could have been counted. Episodes whose event falls in the warm-up are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wardgate_sim.cohort.types import DAY_S, Bools, Floats, Kind, Patient

BEFORE_S: Final = 14 * DAY_S
WARM_UP_S: Final = 21 * DAY_S
AGAIN_S: Final = 7 * DAY_S
YEAR_S: Final = 365.25 * DAY_S
_THRESHOLDS: Final = 240

Scored = tuple[Floats, Floats]
"""One patient's times (s, in order) and the score said at each. NaN: no score."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One threshold a column, from the highest to the lowest.

    `false` and `found` have a row a patient, `lead_days` a row an episode (NaN: not found at that threshold).
    """

    thresholds: Floats
    sensitivity: Floats
    false_per_year: Floats
    median_lead_days: Floats
    false: Floats
    found: Floats
    episodes: Floats
    years: Floats
    lead_days: Floats


@dataclass(frozen=True, slots=True)
class Point:
    """One operating point."""

    threshold: float
    false_per_year: float
    sensitivity: float
    median_lead_days: float
    reached: bool
    """False where the detector never makes that many false alerts; the point is its last one then."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Sensitivity of one detector less that of another at one false rate, with its 95 % interval over patients."""

    rate: float
    mean: float
    low: float
    high: float


def curve(patients: Sequence[Patient], scores: Sequence[Scored], kinds: Collection[Kind] | None = None) -> Curve:
    """The operating curve over episodes of these kinds (None: all). One `Scored` a patient, in the same order."""
    if len(patients) != len(scores):
        raise ValueError("one series of scores for each patient is wanted")
    outside = [_outside(patient, times_s) for patient, (times_s, _) in zip(patients, scores, strict=True)]
    thresholds = _thresholds([np.where(out, said, np.nan) for out, (_, said) in zip(outside, scores, strict=True)])
    false = _false_counts(scores, outside, thresholds)
    wanted = [[e for e in p.episodes if _counts(p, e.event_s) and (kinds is None or e.kind in kinds)] for p in patients]
    lead = [[_lead(scored, e.event_s, thresholds) for e in each] for scored, each in zip(scores, wanted, strict=True)]
    found = np.array([np.sum([~np.isnan(x) for x in each] or [np.zeros(thresholds.size)], axis=0) for each in lead])
    episodes = np.array([float(len(each)) for each in wanted])
    years = np.array([_years(patient) for patient in patients])
    leads = np.array([x for each in lead for x in each]).reshape(-1, thresholds.size)
    return Curve(
        thresholds=thresholds,
        sensitivity=found.sum(axis=0) / max(episodes.sum(), 1.0),
        false_per_year=np.maximum.accumulate(false.sum(axis=0) / max(years.sum(), 1e-9)),
        median_lead_days=_medians(leads),
        false=false,
        found=found.astype(np.float64),
        episodes=episodes,
        years=years,
        lead_days=leads,
    )


def at_rate(of: Curve, false_per_year: float) -> Point:
    """The operating point at a false rate, between thresholds by a straight line."""
    rates = of.false_per_year
    threshold, sensitivity = (_between(rates, y, false_per_year) for y in (of.thresholds, of.sensitivity))
    nearest = int(np.argmin(np.abs(rates - false_per_year)))
    return Point(
        threshold=threshold,
        false_per_year=min(false_per_year, float(rates[-1])),
        sensitivity=sensitivity,
        median_lead_days=float(of.median_lead_days[nearest]),
        reached=bool(rates[-1] >= false_per_year),
    )


def resample(of: Curve, rates: Sequence[float], *, rounds: int = 1000, seed: int = 0) -> Floats:
    """Sensitivities at these false rates, a row a round of the bootstrap over patients.

    The same seed draws the same patients, so that two detectors' rows over one cohort belong together.
    """
    patients = of.years.size
    drawn = np.random.default_rng(seed).multinomial(patients, np.full(patients, 1 / patients), size=rounds)
    weights = drawn.astype(np.float64)
    false = np.maximum.accumulate((weights @ of.false) / np.maximum(weights @ of.years, 1e-9)[:, None], axis=1)
    sensitivity = (weights @ of.found) / np.maximum(weights @ of.episodes, 1.0)[:, None]
    return np.column_stack([_rows_between(false, sensitivity, rate) for rate in rates])


def interval(drawn: Floats) -> tuple[float, float]:
    """The middle 95 % of what was drawn."""
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def compare(one: Curve, other: Curve, false_per_year: float, *, rounds: int = 1000, seed: int = 0) -> Difference:
    """`one` less `other` at the same false rate: the same patients are drawn for both."""
    first, second = (resample(of, (false_per_year,), rounds=rounds, seed=seed) for of in (one, other))
    mean = at_rate(one, false_per_year).sensitivity - at_rate(other, false_per_year).sensitivity
    return Difference(false_per_year, mean, *interval(first - second))


def _between(rates: Floats, values: Floats, rate: float) -> float:
    """The value at a rate; where several columns have the same rate, the last and best of them counts."""
    return float(_rows_between(rates[None, :], values[None, :], rate)[0])


def _rows_between(rates: Floats, values: Floats, rate: float) -> Floats:
    """`_between` for each row of both."""
    rows = np.arange(rates.shape[0])
    after = np.sum(rates <= rate, axis=1)
    low, high = np.clip(after - 1, 0, None), np.clip(after, None, rates.shape[1] - 1)
    step = rates[rows, high] - rates[rows, low]
    share = np.where(step > 0, (rate - rates[rows, low]) / np.where(step > 0, step, 1.0), 0.0)
    between = values[rows, low] + share * (values[rows, high] - values[rows, low])
    return np.where(after == 0, 0.0, between)


def _outside(patient: Patient, times_s: Floats) -> Bools:
    """Which readings could make a false alert."""
    out: Bools = times_s > patient.start_s + WARM_UP_S
    for episode in patient.episodes:
        out &= (times_s < episode.onset_s) | (times_s > episode.recovery_s)
    return out


def _counts(patient: Patient, event_s: float) -> bool:
    return event_s > patient.start_s + WARM_UP_S


def _years(patient: Patient) -> float:
    """The time in which a false alert could have been counted."""
    from_s = patient.start_s + WARM_UP_S
    left_s, at_s = 0.0, from_s
    for onset_s, recovery_s in sorted((e.onset_s, e.recovery_s) for e in patient.episodes):
        left_s += max(0.0, min(onset_s, patient.end_s) - at_s)
        at_s = max(at_s, recovery_s)
    return (left_s + max(0.0, patient.end_s - at_s)) / YEAR_S


def _thresholds(outside: Sequence[Floats]) -> Floats:
    """From the highest score outside episodes downwards, close together at the top: that is where a ward lives."""
    said = np.concatenate([*outside, np.empty(0)])
    said = np.sort(said[np.isfinite(said)])[::-1]
    if said.size == 0:
        return np.zeros(1)
    ranks = np.unique(np.geomspace(1, said.size, _THRESHOLDS).astype(int)) - 1
    above = said[0] + max(1e-9, 1e-9 * abs(said[0]))
    return np.unique(np.concatenate([[above], said[ranks]]))[::-1]


def _false_counts(scores: Sequence[Scored], outside: Sequence[Bools], thresholds: Floats) -> Floats:
    """Counted alerts, a row a patient, a column a threshold. All patients go through their readings side by side."""
    counts = np.zeros((len(scores), thresholds.size))
    kept = [(t[out], np.nan_to_num(s[out], nan=-np.inf)) for (t, s), out in zip(scores, outside, strict=True)]
    order = sorted(range(len(kept)), key=lambda i: -kept[i][0].size)
    longest = kept[order[0]][0].size if order else 0
    times, said = np.zeros((len(kept), longest)), np.full((len(kept), longest), -np.inf)
    for row, i in enumerate(order):
        times[row, : kept[i][0].size], said[row, : kept[i][0].size] = kept[i]
    sizes = np.array([kept[i][0].size for i in order])
    free_from = np.full((len(kept), thresholds.size), -np.inf)
    lowest = thresholds[-1]
    for column in range(longest):
        rows = int(np.searchsorted(-sizes, -column, side="left"))
        active = np.flatnonzero(said[:rows, column] >= lowest)
        if not active.size:
            continue
        now = times[active, column][:, None]
        hit = (said[active, column][:, None] >= thresholds) & (now >= free_from[active])
        counts[active] += hit
        free_from[active] = np.where(hit, now + AGAIN_S, free_from[active])
    back = np.empty_like(counts)
    back[order] = counts
    return back


def _lead(scored: Scored, event_s: float, thresholds: Floats) -> Floats:
    """Days from the first alert in the 14 days before the event to the event, a threshold a column; NaN: none."""
    times_s, said = scored
    first, last = np.searchsorted(times_s, (event_s - BEFORE_S, event_s), side="left")
    highest = np.maximum.accumulate(np.nan_to_num(said[first:last], nan=-np.inf))
    at = np.searchsorted(highest, thresholds, side="left")
    lead = np.full(thresholds.size, np.nan)
    hit = at < highest.size
    lead[hit] = (event_s - times_s[first:last][at[hit]]) / DAY_S
    return lead


def _medians(leads: Floats) -> Floats:
    """The median of each column's numbers; NaN where it has none."""
    return np.array([np.median(x[~np.isnan(x)]) if not np.isnan(x).all() else np.nan for x in leads.T])
