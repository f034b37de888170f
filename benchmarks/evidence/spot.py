"""Sustained declines of the spot saturation: what finds them, at how many false alerts.

Seeds below 1000 were used to set numbers; those from 1000 on never were. The worlds are those of
`wardgate_sim.spot_declines`; the convention of scoring is that of the cohort (`wardgate_sim.cohort.scoring`), with help
coming 2 to 5 days after the lowest level is reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from benchmarks.evidence import tables
from wardgate_signal.oximetry import News2Scale1, News2Scale2, OximetryAtHome, SpotSaturationDetector, SpotTarget
from wardgate_sim.cohort.scoring import Curve, Difference, Point, Scored, at_rate, compare, curve
from wardgate_sim.cohort.types import Episode, Patient
from wardgate_sim.spot_declines import WORLDS, Spot, SpotPatient, spot_patients

TUNING: Final = range(1000)
REPORTING: Final = range(1000, 1004)
RATES: Final = (0.5, 1.0, 2.0, 5.0)
OWN: Final = "own level"
GOAL_RATE: Final = 5.0

Say = Callable[[Spot], float | None]
"""The score at a reading; None where nothing is said."""


class EwmaChart:
    """A plain control chart: smoothed deviation from a slow mean, in SD. Nothing in it is robust."""

    SHORT: Final = 0.25
    LONG: Final = 0.03

    def __init__(self) -> None:
        self._readings = 0
        self._mean, self._var, self._smooth = 0.0, 1.0, 0.0

    def update(self, spo2_pct: float) -> float:
        """How many SD below the mean the last readings are."""
        self._readings += 1
        off = spo2_pct - self._mean if self._readings > 1 else 0.0
        self._smooth += self.SHORT * (off - self._smooth)
        share = max(self.LONG, 1.0 / self._readings)
        self._var += share * (off * off - self._var)
        self._mean += (share if self._readings > 1 else 1.0) * (off if self._readings > 1 else spo2_pct)
        return -self._smooth / math.sqrt(max(self._var, 0.1))


class _Scoring(Protocol):
    @property
    def score(self) -> float: ...


class _Rule(Protocol):
    def update(self, time_s: float, spo2_pct: float, perfusion: float | None = None) -> _Scoring | None: ...


def _rule(rule: _Rule) -> Say:
    def say(spot: Spot) -> float | None:
        found = rule.update(spot.time_s, spot.spo2_pct, spot.perfusion)
        return None if found is None else found.score

    return say


def _own(patient: SpotPatient) -> Say:
    detector = SpotSaturationDetector(patient.target_low_pct, patient.target_high_pct)
    return lambda s: detector.update(s.time_s, s.spo2_pct, s.pulse_bpm, s.perfusion).score


def _chart(_: SpotPatient) -> Say:
    chart = EwmaChart()
    return lambda s: chart.update(s.spo2_pct)


DETECTORS: Final[dict[str, Callable[[SpotPatient], Say]]] = {
    OWN: _own,
    "EWMA chart": _chart,
    "target range": lambda p: _rule(SpotTarget(p.target_low_pct, p.target_high_pct)),
    "NEWS2": lambda p: _rule(News2Scale2() if p.target_low_pct < 90.0 else News2Scale1()),
    "oximetry at home": lambda _: _rule(OximetryAtHome()),
}
"""Ours first. NEWS2 by the scale that the patient's target asks for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One detector in one world (or in all of them together)."""

    world: str
    detector: str
    points: tuple[Point, ...]
    """At `RATES`."""
    in_time: float
    """Share found before the lowest level, at `GOAL_RATE`."""
    behind: Difference | None
    """Ours less this one at `GOAL_RATE`, with its interval over patients; None for ours."""


def run(seeds: Iterable[int] = REPORTING, patients: int = 20) -> list[Row]:
    """Every detector over so many patients a seed in each world, and over all of them together."""
    rows: list[Row] = []
    everybody: list[SpotPatient] = []
    everything: dict[str, list[Scored]] = {name: [] for name in DETECTORS}
    known = tuple(seeds)
    for world in WORLDS:
        here = [p for seed in known for p in spot_patients(seed, patients, world=world)]
        said = {name: [_said(make(p), p) for p in here] for name, make in DETECTORS.items()}
        rows += _rows(world, here, said)
        everybody += [replace(p, readings=()) for p in here]
        for name, scores in said.items():
            everything[name] += scores
    return rows + _rows("all", everybody, everything)


def _said(say: Say, patient: SpotPatient) -> Scored:
    scores = [say(spot) for spot in patient.readings]
    times_s = np.array([spot.time_s for spot in patient.readings])
    return times_s, np.array([np.nan if score is None else score for score in scores])


def _rows(world: str, patients: Sequence[SpotPatient], said: dict[str, list[Scored]]) -> list[Row]:
    helped = [_as_patient(p, at_lowest=False) for p in patients]
    lowest = [_as_patient(p, at_lowest=True) for p in patients]
    curves = {name: curve(helped, scores) for name, scores in said.items()}
    return [
        Row(
            world=world,
            detector=name,
            points=tuple(at_rate(of, rate) for rate in RATES),
            in_time=at_rate(curve(lowest, said[name]), GOAL_RATE).sensitivity,
            behind=_behind(curves, name),
        )
        for name, of in curves.items()
    ]


def _behind(curves: dict[str, Curve], name: str) -> Difference | None:
    return None if name == OWN else compare(curves[OWN], curves[name], GOAL_RATE)


def _as_patient(patient: SpotPatient, *, at_lowest: bool) -> Patient:
    """In the cohort's words, for its scorer."""
    episodes = tuple(
        Episode(d.onset_s, d.lowest_s if at_lowest else d.event_s, d.recovery_s, "respiratory", gains=False)
        for d in patient.declines
    )
    return Patient(
        conditions=frozenset({"copd"} if patient.target_low_pct < 90.0 else ()),
        target_low_pct=patient.target_low_pct,
        target_high_pct=patient.target_high_pct,
        dry_weight_kg=None,
        beta_blocker=False,
        careful=False,
        start_s=patient.start_s,
        end_s=patient.end_s,
        samples=(),
        episodes=episodes,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown."""
    head = ["world", "detector", *(f"found at {rate:g} a year" for rate in RATES)]
    head += [f"days before help at {GOAL_RATE:g}", f"in time at {GOAL_RATE:g}", f"ours ahead at {GOAL_RATE:g}"]
    return tables.markdown(head, [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    found = [f"{point.sensitivity:.0%}" + ("" if point.reached else " `*`") for point in row.points]
    lead = row.points[-1].median_lead_days
    ahead = "" if row.behind is None else tables.ahead(row.behind)
    return [row.world, row.detector, *found, "" if math.isnan(lead) else f"{lead:.1f}", f"{row.in_time:.0%}", ahead]


def main() -> None:
    """Print the table of the reporting seeds."""
    print(table(run()))


if __name__ == "__main__":
    main()
