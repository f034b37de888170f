"""Which rules watch a patient, built from the ward's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from wardgate.config import Watch
from wardgate.contract.messages import Priority
from wardgate_signal.finding import Finding
from wardgate_signal.oximetry.limits import SpotTarget
from wardgate_signal.pressure import PersistentLow
from wardgate_signal.weight import GuidelineEsc, GuidelineUs
from wardgate_signal.weight_baseline import PersonalBaseline

WEIGHT_GAIN: Final = "weight-gain"
LOW_SATURATION: Final = "low-saturation"
LOW_PRESSURE: Final = "low-pressure"

RANK: Final[dict[Priority, int]] = {"low": 0, "medium": 1, "high": 2}
FAR_BELOW_TARGET_PCT: Final = 6.0
FAR_BELOW_LIMIT_MMHG: Final = 15.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One admissible reading as the rules see it: canonical values by name."""

    time_s: float
    reading_id: str
    values: dict[str, float]


Feed = Callable[[Sample], Finding | None]
"""Takes a series value by value. None where a value is not used."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One detector in its place. Rules of one kind make one alert together, and share the unit of their severity."""

    name: str
    version: int
    kind: str
    channel: str
    worse_by: float
    priority: Callable[[Finding], Priority] = field(repr=False)
    start: Callable[[], Feed] = field(repr=False)
    """Begins anew, with an empty memory."""


def rules(watch: Watch) -> tuple[Rule, ...]:
    """All rules of a hub."""
    return (*_weight_rules(watch), _saturation_rule(watch), _pressure_rule(watch))


def _weight_rules(watch: Watch) -> tuple[Rule, ...]:
    limits = watch.weight

    def esc() -> Feed:
        rule = GuidelineEsc(limits.gain_3_days_kg)
        return lambda s: rule.update(s.time_s, s.values["weight"])

    def us() -> Feed:
        rule = GuidelineUs(limits.gain_1_day_kg, limits.gain_7_days_kg)
        return lambda s: rule.update(s.time_s, s.values["weight"])

    def baseline() -> Feed:
        rule = PersonalBaseline(limits.dry_weight_kg)
        return lambda s: rule.update(s.time_s, s.values["weight"])

    return (
        _weight_rule(GuidelineEsc, "medium", esc),
        _weight_rule(GuidelineUs, "low", us),
        _weight_rule(PersonalBaseline, "medium", baseline),
    )


def _weight_rule(
    of: type[GuidelineEsc | GuidelineUs | PersonalBaseline], priority: Priority, start: Callable[[], Feed]
) -> Rule:
    return Rule(of.RULE, of.VERSION, WEIGHT_GAIN, "weight", of.WORSE_BY, lambda _: priority, start)


def _saturation_rule(watch: Watch) -> Rule:
    target = watch.saturation

    def start() -> Feed:
        rule = SpotTarget(target.target_low_pct, target.target_high_pct)
        return lambda s: rule.update(s.time_s, s.values["spo2"], s.values.get("perfusion"))

    def priority(finding: Finding) -> Priority:
        return "high" if finding.severity >= FAR_BELOW_TARGET_PCT else "medium"

    kind = SpotTarget
    return Rule(kind.RULE, kind.VERSION, LOW_SATURATION, "saturation", kind.WORSE_BY, priority, start)


def _pressure_rule(watch: Watch) -> Rule:
    def start() -> Feed:
        rule = PersistentLow(watch.pressure.systolic_low_mmhg)
        return lambda s: rule.update(s.time_s, s.values["systolic"])

    def priority(finding: Finding) -> Priority:
        return "high" if finding.severity >= FAR_BELOW_LIMIT_MMHG else "medium"

    kind = PersistentLow
    return Rule(kind.RULE, kind.VERSION, LOW_PRESSURE, "blood_pressure", kind.WORSE_BY, priority, start)
