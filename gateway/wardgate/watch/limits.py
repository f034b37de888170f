"""The plain limits as rules: nothing in them can go wrong, and they run whatever else fails."""

from __future__ import annotations

from typing import Final

from wardgate.contract.messages import Priority
from wardgate.pathways.notes import STANDING
from wardgate.watch.rule import (
    HIGH_PRESSURE,
    LOW_PRESSURE,
    LOW_SATURATION,
    WEIGHT_GAIN,
    Feed,
    Rule,
    Sample,
    Setup,
)
from wardgate_signal.finding import Finding
from wardgate_signal.oximetry import OximetryAtHome, SpotTarget
from wardgate_signal.pressure import LowUnderTherapy, PersistentLow, SustainedHigh
from wardgate_signal.weight import GuidelineEsc, GuidelineUs

FAR_BELOW_TARGET_PCT: Final = 6.0
FAR_BELOW_LIMIT_MMHG: Final = 15.0
STAGE_2: Final = (15.0, 10.0)
"""NICE NG136: stage 2 lies 15/10 mmHg above stage 1 at home."""


def esc(setup: Setup) -> Rule:
    """ESC's gain in three days."""

    def start() -> Feed:
        rule = GuidelineEsc(setup.limit("gain_3_days_kg"))
        return lambda s: rule.update(s.time_s, s.values["weight"])

    of = GuidelineEsc
    return Rule(of.RULE, of.VERSION, WEIGHT_GAIN, "weight", of.WORSE_BY, _medium, start)


def us(setup: Setup) -> Rule:
    """The US advice on a day and a week."""

    def start() -> Feed:
        rule = GuidelineUs(setup.limit("gain_1_day_kg"), setup.limit("gain_7_days_kg"))
        return lambda s: rule.update(s.time_s, s.values["weight"])

    of = GuidelineUs
    return Rule(of.RULE, of.VERSION, WEIGHT_GAIN, "weight", of.WORSE_BY, lambda _: "low", start)


def saturation(setup: Setup) -> Rule:
    """The saturation against the patient's target."""

    def start() -> Feed:
        rule = SpotTarget(setup.limit("target_low_pct"), setup.limit("target_high_pct"))
        return lambda s: rule.update(s.time_s, s.values["spo2"], s.values.get("perfusion"))

    of = SpotTarget
    return Rule(of.RULE, of.VERSION, LOW_SATURATION, "saturation", of.WORSE_BY, _by_target, start)


def oximetry_at_home(_: Setup) -> Rule:
    """The levels of COVID oximetry at home: what wants help at once, for whoever has no lower target."""

    def start() -> Feed:
        rule = OximetryAtHome()
        return lambda s: rule.update(s.time_s, s.values["spo2"], s.values.get("perfusion"))

    of = OximetryAtHome
    return Rule(of.RULE, of.VERSION, LOW_SATURATION, "saturation", of.WORSE_BY, lambda _: "high", start)


def low_pressure(setup: Setup) -> Rule:
    """A systolic pressure that stays low."""

    def start() -> Feed:
        rule = PersistentLow(setup.limit("systolic_low_mmhg"))
        return lambda s: None if s.note == STANDING else rule.update(s.time_s, s.values["systolic"])

    of = PersistentLow
    return Rule(of.RULE, of.VERSION, LOW_PRESSURE, "blood_pressure", of.WORSE_BY, _by_pressure, start)


def low_under_therapy(setup: Setup) -> Rule:
    """The same, and the other ways in which treatment brings the pressure too low."""

    def start() -> Feed:
        rule = LowUnderTherapy(setup.limit("systolic_low_mmhg"))
        return lambda s: rule.update(s.time_s, s.values["systolic"], (s.note or "").partition(":")[0])

    of = LowUnderTherapy
    return Rule(of.RULE, of.VERSION, LOW_PRESSURE, "blood_pressure", of.WORSE_BY, _by_pressure, start)


def high_pressure(setup: Setup) -> Rule:
    """An average at home that has reached a stage of high pressure."""
    stage_1 = (setup.limit("systolic_high_mmhg"), setup.limit("diastolic_high_mmhg"))

    def start() -> Feed:
        rule = SustainedHigh(stage_1, (stage_1[0] + STAGE_2[0], stage_1[1] + STAGE_2[1]))

        def feed(s: Sample) -> Finding | None:
            diastolic = s.values.get("diastolic")
            if diastolic is None or s.note == STANDING:
                return None
            return rule.update(s.time_s, s.values["systolic"], diastolic)

        return feed

    def priority(finding: Finding) -> Priority:
        return "high" if finding.inputs["severe"] else "medium" if finding.score >= 2.0 else "low"

    of = SustainedHigh
    return Rule(of.RULE, of.VERSION, HIGH_PRESSURE, "blood_pressure", of.WORSE_BY, priority, start)


def _medium(_: Finding) -> Priority:
    return "medium"


def _by_target(finding: Finding) -> Priority:
    return "high" if finding.severity >= FAR_BELOW_TARGET_PCT else "medium"


def _by_pressure(finding: Finding) -> Priority:
    return "high" if finding.severity >= FAR_BELOW_LIMIT_MMHG else "medium"
