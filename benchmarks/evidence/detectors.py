"""Every detector that is compared, fed in one way: a patient's samples in, a score for some of them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from wardgate_signal.fusion import Kind, PatientFinding, PatientMonitor
from wardgate_signal.fusion.published import NaiveBayes, OwnCharts
from wardgate_signal.oximetry import SpotTarget
from wardgate_signal.oximetry.news2 import News2Scale1, News2Scale2
from wardgate_signal.oximetry.spot import SpotSaturationDetector
from wardgate_signal.weight import FluidRetentionDetector, GuidelineEsc, GuidelineUs
from wardgate_signal.weight.published import (
    CumulativeSum,
    FivePoundsThreeDays,
    MovingAverages,
    OwnAverage,
    ThreePoundsOneDay,
)
from wardgate_sim.cohort import Patient, Sample
from wardgate_sim.cohort.scoring import Scored
from wardgate_sim.cohort.types import Channel, Floats

KINDS: Final = tuple(kind.value for kind in Kind)

Feed = Callable[[Sample], tuple[float, int] | None]
"""A score and the index in `KINDS` (-1: says none); None when it says nothing about this sample."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one detector said over a patient's samples."""

    scored: Scored
    kinds: Floats


@dataclass(frozen=True, slots=True)
class Entry:
    """One detector. `limit` is the score at which it speaks by its own definition, None where only the curve counts."""

    name: str
    make: Callable[[Patient], Feed]
    limit: float | None = None
    ours: bool = False


class _Scoring(Protocol):
    @property
    def score(self) -> float: ...


class _Plain(Protocol):
    def update(self, time_s: float, weight_kg: float, /) -> _Scoring: ...


class _Monitor(Protocol):
    def update_weight(self, time_s: float, weight_kg: float, note: str | None = None) -> PatientFinding: ...

    def update_pressure(
        self,
        time_s: float,
        systolic_mmhg: float,
        diastolic_mmhg: float,
        pulse_bpm: float | None,
        note: str | None = None,
    ) -> PatientFinding: ...

    def update_saturation(
        self,
        time_s: float,
        spo2_pct: float,
        pulse_bpm: float | None,
        perfusion: float | None = None,
        note: str | None = None,
    ) -> PatientFinding: ...


def say(entry: Entry, patient: Patient) -> Said:
    """Run one detector over one patient's samples."""
    feed = entry.make(patient)
    times_s, scores, kinds = [], [], []
    for sample in patient.samples:
        said = feed(sample)
        if said is not None:
            times_s.append(sample.time_s)
            scores.append(said[0])
            kinds.append(said[1])
    return Said((np.array(times_s), np.array(scores)), np.array(kinds, dtype=np.float64))


def _fluid(patient: Patient) -> Feed:
    detector = FluidRetentionDetector(patient.dry_weight_kg)
    return _on("weight", lambda s: detector.update(s.time_s, s.values[0], s.note).score)


def _plain(make: Callable[[], _Plain]) -> Callable[[Patient], Feed]:
    def of(_patient: Patient) -> Feed:
        detector = make()
        return _on("weight", lambda s: detector.update(s.time_s, s.values[0]).score)

    return of


def _on(channel: Channel, score: Callable[[Sample], float | None]) -> Feed:
    def feed(sample: Sample) -> tuple[float, int] | None:
        if sample.channel != channel:
            return None
        said = score(sample)
        return None if said is None else (said, -1)

    return feed


def _spot(patient: Patient) -> Feed:
    detector = SpotSaturationDetector(patient.target_low_pct, patient.target_high_pct)

    def score(sample: Sample) -> float:
        values = sample.values
        return detector.update(sample.time_s, values[0], values[1], _perfusion(sample), note=sample.note).score

    return _on("saturation", score)


def _target(patient: Patient) -> Feed:
    detector = SpotTarget(patient.target_low_pct)

    def score(sample: Sample) -> float | None:
        found = detector.update(sample.time_s, sample.values[0], _perfusion(sample))
        return None if found is None else found.score

    return _on("saturation", score)


def _news2(patient: Patient) -> Feed:
    detector = News2Scale2() if patient.target_low_pct < 90 else News2Scale1()

    def score(sample: Sample) -> float | None:
        found = detector.update(sample.time_s, sample.values[0], perfusion=_perfusion(sample))
        return None if found is None else found.score

    return _on("saturation", score)


def _perfusion(sample: Sample) -> float | None:
    return sample.values[2] if len(sample.values) > 2 else None


def _together(make: Callable[..., _Monitor]) -> Callable[[Patient], Feed]:
    def of(patient: Patient) -> Feed:
        monitor = make(
            patient.conditions,
            patient.target_low_pct,
            patient.target_high_pct,
            dry_weight_kg=patient.dry_weight_kg,
            beta_blocker=patient.beta_blocker,
        )
        return lambda sample: _joined(monitor, sample)

    return of


def _joined(monitor: _Monitor, sample: Sample) -> tuple[float, int]:
    values = sample.values
    if sample.channel == "weight":
        found = monitor.update_weight(sample.time_s, values[0], note=sample.note)
    elif sample.channel == "pressure":
        found = monitor.update_pressure(sample.time_s, values[0], values[1], values[2], note=sample.note)
    else:
        found = monitor.update_saturation(sample.time_s, values[0], values[1], _perfusion(sample), note=sample.note)
    return found.score, KINDS.index(found.kind.value)


WEIGHT: Final = (
    Entry("weight.fluid_retention", _fluid, FluidRetentionDetector.ALERT_SCORE, ours=True),
    Entry("weight.guideline_esc", _plain(GuidelineEsc), 1.0),
    Entry("weight.guideline_us", _plain(GuidelineUs), 1.0),
    Entry("weight.3lb_1day", _plain(ThreePoundsOneDay), 1.0),
    Entry("weight.5lb_3days", _plain(FivePoundsThreeDays), 1.0),
    Entry("weight.macd", _plain(MovingAverages), MovingAverages.LIMIT),
    Entry("weight.own_average", _plain(OwnAverage), OwnAverage.LIMIT),
    Entry("weight.cusum", _plain(CumulativeSum), CumulativeSum.LIMIT),
)
SATURATION: Final = (
    Entry("saturation.own_level", _spot, SpotSaturationDetector.ALERT_SCORE, ours=True),
    Entry("saturation.spot_target", _target, 1.0),
    Entry("saturation.news2", _news2, 1.0),
)
TOGETHER: Final = (
    Entry("fusion.patient", _together(PatientMonitor), PatientMonitor.ALERT_SCORE, ours=True),
    Entry("fusion.own_charts", _together(OwnCharts)),
    Entry("fusion.naive_bayes", _together(NaiveBayes)),
)
EVERY: Final = (*WEIGHT, *SATURATION, *TOGETHER)
