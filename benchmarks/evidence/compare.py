"""From what the detectors said to operating points, differences and how often the kind was right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.evidence.detectors import KINDS, SATURATION, TOGETHER, WEIGHT, Entry, Said
from benchmarks.evidence.run import Ran, joined
from wardgate_sim.cohort import Patient
from wardgate_sim.cohort.scoring import (
    BEFORE_S,
    Curve,
    Difference,
    Point,
    at_rate,
    curve,
    interval,
    resample,
)
from wardgate_sim.cohort.types import Floats, Kind

RATES: Final = (0.5, 1.0, 2.0)
ALL: Final = "all"
"""The name of all worlds together, under one threshold."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One question: these detectors, on patients of this sort, for episodes of these kinds (None: all)."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    kinds: frozenset[Kind] | None
    of: Callable[[Patient], bool]


def _failing(patient: Patient) -> bool:
    return "heart_failure" in patient.conditions


def _everybody(_patient: Patient) -> bool:
    return True


SUBJECTS: Final = (
    Subject("weight", "Heart failure by weight alone", WEIGHT, frozenset({"heart_failure"}), _failing),
    Subject("together", "All channels, all kinds of episode", TOGETHER, None, _everybody),
    Subject(
        "heart-failure",
        "Heart failure: all channels and weight alone",
        (*TOGETHER, WEIGHT[0]),
        frozenset({"heart_failure"}),
        _failing,
    ),
    Subject(
        "failing-patients",
        "Patients with heart failure, all kinds of episode: all channels and weight alone",
        (*TOGETHER, WEIGHT[0]),
        None,
        _failing,
    ),
    Subject("respiratory", "Respiratory episodes by saturation", SATURATION, frozenset({"respiratory"}), _everybody),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One detector in one world: its points at `RATES` with intervals, its own limit, and ours less it."""

    entry: Entry
    curve: Curve
    points: tuple[Point, ...]
    intervals: tuple[tuple[float, float], ...]
    at_limit: tuple[float, float] | None
    """False alerts a patient-year and sensitivity at the detector's own limit."""
    behind: tuple[Difference, ...]
    """The first detector of the subject less this one; empty for the first."""


Results = dict[str, dict[str, list[Measured]]]
"""By subject, then by world."""


def measure(subject: Subject, ran: Ran) -> list[Measured]:
    """All detectors of a subject over the same patients."""
    chosen = [i for i, patient in enumerate(ran.patients) if subject.of(patient)]
    patients = [ran.patients[i] for i in chosen]
    found: list[Measured] = []
    drawn: list[Floats] = []
    for entry in subject.entries:
        of = curve(patients, [ran.said[entry.name][i].scored for i in chosen], subject.kinds)
        points = tuple(at_rate(of, rate) for rate in RATES)
        drawn.append(resample(of, RATES))
        behind = (
            tuple(
                Difference(rate, first.sensitivity - point.sensitivity, *interval(drawn[0][:, i] - drawn[-1][:, i]))
                for i, (rate, first, point) in enumerate(zip(RATES, found[0].points, points, strict=True))
            )
            if found
            else ()
        )
        intervals = tuple(interval(column) for column in drawn[-1].T)
        limit = None if entry.limit is None else _at_limit(of, entry.limit)
        found.append(Measured(entry, of, points, intervals, limit, behind))
    return found


def pooled(rans: Sequence[Ran]) -> Ran:
    """All worlds as one."""
    return joined(rans, ALL)


def users(ran: Ran, *, careful: bool) -> Ran:
    """The careful or the noisy ones among the patients, whatever their world."""
    chosen = [i for i, patient in enumerate(ran.patients) if patient.careful is careful]
    said = {name: tuple(each[i] for i in chosen) for name, each in ran.said.items()}
    return Ran("careful-users" if careful else "noisy-users", tuple(ran.patients[i] for i in chosen), said)


def _at_limit(of: Curve, limit: float) -> tuple[float, float] | None:
    reached = np.flatnonzero(of.thresholds >= limit)
    if not reached.size or reached.size == of.thresholds.size:
        return None
    i = int(reached[-1])
    return float(of.false_per_year[i]), float(of.sensitivity[i])


def named_rightly(ran: Ran, name: str, threshold: float) -> dict[str, tuple[int, int, int]]:
    """Of each kind: (episodes found, named rightly at the first alert, at the last alert before the event)."""
    counts = dict.fromkeys(KINDS, (0, 0, 0))
    for patient, said in zip(ran.patients, ran.said[name], strict=True):
        for episode in patient.episodes:
            kinds = _alerted(said, episode.event_s, threshold)
            if kinds:
                right = KINDS.index(episode.kind)
                found, first, last = counts[episode.kind]
                counts[episode.kind] = (found + 1, first + (kinds[0] == right), last + (kinds[-1] == right))
    return counts


def _alerted(said: Said, event_s: float, threshold: float) -> list[int]:
    """The kinds named by the alerts of the fortnight before the event."""
    times_s, scores = said.scored
    near = (times_s >= event_s - BEFORE_S) & (times_s < event_s) & (scores >= threshold)
    return [int(kind) for kind in said.kinds[near]]
