"""The detectors that know the patient's own level, as rules."""

from __future__ import annotations

from wardgate.contract.messages import Priority
from wardgate.pathways.notes import STANDING
from wardgate.watch.rule import (
    IRREGULAR_PULSE,
    LOW_SATURATION,
    PULSE_CHANGE,
    TOGETHER,
    WEIGHT_GAIN,
    WORSENING,
    Feed,
    Rule,
    Sample,
    Setup,
)
from wardgate.watch.together import WORSE_BY, Together
from wardgate_signal.finding import Finding
from wardgate_signal.fusion import PatientMonitor
from wardgate_signal.oximetry import SpotSaturationDetector
from wardgate_signal.pulse import NewIrregularity, RestingTrend
from wardgate_signal.weight import FluidRetentionDetector


def fluid(setup: Setup) -> Rule:
    """Fluid gathering, by the scale."""

    def start() -> Feed:
        rule = FluidRetentionDetector(setup.watch.weight.dry_weight_kg)
        return lambda s: rule.update(s.time_s, s.values["weight"], s.note)

    of = FluidRetentionDetector
    return Rule(of.RULE, of.VERSION, WEIGHT_GAIN, "weight", of.WORSE_BY, _medium, start)


def own_saturation(setup: Setup) -> Rule:
    """A saturation that has dropped from the patient's own level and stays there."""

    def start() -> Feed:
        rule = SpotSaturationDetector(setup.limit("target_low_pct"), setup.limit("target_high_pct"))

        def feed(s: Sample) -> Finding:
            v = s.values
            return rule.update(s.time_s, v["spo2"], v.get("pulse"), v.get("perfusion"), s.note)

        return feed

    of = SpotSaturationDetector
    return Rule(of.RULE, of.VERSION, LOW_SATURATION, "saturation", of.WORSE_BY, _medium, start)


def resting_pulse(_: Setup) -> Rule:
    """A resting pulse, at the cuff, that has moved and stays so."""

    def start() -> Feed:
        rule = RestingTrend()

        def feed(s: Sample) -> Finding | None:
            pulse_bpm = s.values.get("pulse")
            return None if pulse_bpm is None or s.note == STANDING else rule.update(s.time_s, pulse_bpm, s.note)

        return feed

    of = RestingTrend
    return Rule(of.RULE, of.VERSION, PULSE_CHANGE, "blood_pressure", of.WORSE_BY, _low, start)


def new_irregularity(_: Setup) -> Rule:
    """A pulse that is irregular by the cuff, and was not before."""

    def start() -> Feed:
        rule = NewIrregularity()
        return lambda s: rule.update(s.time_s, bool(s.values.get("irregular", 0.0)))

    of = NewIrregularity
    return Rule(of.RULE, of.VERSION, IRREGULAR_PULSE, "blood_pressure", of.WORSE_BY, _low, start)


def patient(setup: Setup) -> Rule:
    """All channels together."""
    plan, watch = setup.plan, setup.watch

    def start() -> Feed:
        monitor = PatientMonitor(
            plan.conditions,
            setup.limit("target_low_pct"),
            setup.limit("target_high_pct"),
            watch.weight.dry_weight_kg,
            watch.beta_blocker,
        )
        return Together(monitor).feed

    of = PatientMonitor
    return Rule(of.RULE, of.VERSION, WORSENING, TOGETHER, WORSE_BY, _medium, start)


def _medium(_: Finding) -> Priority:
    return "medium"


def _low(_: Finding) -> Priority:
    return "low"
