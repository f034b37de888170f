"""What the detectors are meant to reach, and whether they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.evidence import spot
from benchmarks.evidence.compare import ALL, RATES, Measured, Results, named_rightly
from benchmarks.evidence.run import Ran
from benchmarks.evidence.tables import ahead
from wardgate_sim.cohort.worlds import WORLDS

_RIGHT = 0.8
_LEAD_DAYS = 4.0
_DECLINES = 0.9


@dataclass(frozen=True, slots=True)
class Aim:
    """One aim and what was measured."""

    what: str
    measured: str
    met: bool


def judge(results: Results, every: Ran, spots: Sequence[spot.Row]) -> list[Aim]:
    """All aims: over all worlds under one threshold, and in each world apart."""
    aims: list[Aim] = []
    for world in (ALL, *(world for world in results["weight"] if world in WORLDS)):
        aims += [*_weight(results["weight"][world], world), *_together(results, world)]
    monitor = results["together"][ALL][0]
    for rate, point in zip(RATES, monitor.points, strict=True):
        counts = named_rightly(every, monitor.entry.name, point.threshold).values()
        share = sum(each[1] for each in counts) / max(sum(each[0] for each in counts), 1)
        aims.append(
            Aim(f"{ALL}: kind right in 80 % of what is found, at {rate:g}", f"{100 * share:.0f} %", share >= _RIGHT)
        )
    return aims + [_declines(row) for row in spots if row.detector == spot.OWN and row.world == ALL]


def _declines(row: spot.Row) -> Aim:
    found = row.points[spot.RATES.index(spot.GOAL_RATE)].sensitivity
    return Aim(f"{ALL}: declines of the spot saturation, 90 % at 5", f"{100 * found:.0f} %", found >= _DECLINES)


def _weight(measured: Sequence[Measured], world: str) -> list[Aim]:
    first = measured[0]
    lead = first.points[-1].median_lead_days
    return [
        *(_beats(world, first, measured[1:], i, "every published weight detector") for i in (0, 1)),
        Aim(f"{world}: weight, median lead at 2 false alerts at least 4 days", f"{lead:.1f}", lead >= _LEAD_DAYS),
    ]


def _together(results: Results, world: str) -> list[Aim]:
    both, failing, patients = (results[name][world] for name in ("together", "heart-failure", "failing-patients"))
    rates = range(len(RATES))
    return [
        *(_beats(world, both[0], both[1:], i, "own charts and naive Bayes") for i in rates),
        *(_beats(world, failing[0], failing[-1:], i, "weight alone, episodes of heart failure") for i in rates),
        *(_beats(world, patients[0], patients[-1:], i, "weight alone, all episodes in heart failure") for i in rates),
    ]


def _beats(world: str, first: Measured, others: Sequence[Measured], i: int, whom: str) -> Aim:
    nearest = min((each.behind[i] for each in others), key=lambda difference: difference.low)
    what = f"{world}: `{first.entry.name}` ahead of {whom} at {RATES[i]:g}"
    return Aim(what, ahead(nearest), nearest.low > 0)
