"""Which rules watch a patient, built from the ward's limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from wardgate.config import Watch
from wardgate.contract.messages import Priority
from wardgate.watch.plan import Plan, make_plan
from wardgate_signal.finding import Finding
from wardgate_signal.oximetry.limits import SpotTarget
from wardgate_signal.pressure import PersistentLow
from wardgate_signal.weight import GuidelineEsc, GuidelineUs
from wardgate_signal.weight_baseline import PersonalBaseline

WEIGHT_GAIN: Final = "weight-gain"
LOW_SATURATION: Final = "low-saturation"
LOW_PRESSURE: Final = "low-pressure"

TOGETHER: Final = "together"
"""The place of rules that look at several channels at once."""

RANK: Final[dict[Priority, int]] = {"low": 0, "medium": 1, "high": 2}
FAR_BELOW_TARGET_PCT: Final = 6.0
FAR_BELOW_LIMIT_MMHG: Final = 15.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One admissible reading as the rules see it: canonical values by name."""

    time_s: float
    reading_id: str
    values: dict[str, float]
    channel: str = ""
    device: tuple[str | None, ...] = ()
    """Which device said it: its name here, model, address, serial number."""
    note: str | None = None
    """What was told about the treatment or the device since the reading before."""


Feed = Callable[[Sample], Finding | None]
"""Takes a series value by value. None where a value is not used."""
Start = Callable[[], Feed]


@dataclass(frozen=True, slots=True)
class Rule:
    """One detector in its place. Rules of one kind make one alert together, and share the unit of their severity."""

    name: str
    version: int
    kind: str
    channel: str
    worse_by: float
    priority: Callable[[Finding], Priority] = field(repr=False)
    start: Start = field(repr=False)
    """Begins anew, with an empty memory."""
    pathways: tuple[str, ...] = ()
    """Ids of the pathways it serves."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a rule is made with: this patient's plan, with the limits that are tried in place of it."""

    plan: Plan
    watch: Watch
    tried: Mapping[str, float] = field(default_factory=dict)

    def limit(self, name: str) -> float:
        """A limit by its name."""
        return self.tried.get(name, self.plan.limit(name))


def rules(watch: Watch) -> tuple[Rule, ...]:
    """All rules that tell the ward of a patient: those of the plan."""
    setup = Setup(make_plan(watch), watch)
    return tuple(made(name, setup) for name in setup.plan.rules)


def made(name: str, setup: Setup) -> Rule:
    """One rule by its name, whether the plan has it or not."""
    return replace(_MADE[name](setup), pathways=setup.plan.rules.get(name, ()))


def _weight(of: type[GuidelineEsc | GuidelineUs | PersonalBaseline], priority: Priority, start: Start) -> Rule:
    return Rule(of.RULE, of.VERSION, WEIGHT_GAIN, "weight", of.WORSE_BY, lambda _: priority, start)


def _esc(setup: Setup) -> Rule:
    def start() -> Feed:
        rule = GuidelineEsc(setup.limit("gain_3_days_kg"))
        return lambda s: rule.update(s.time_s, s.values["weight"])

    return _weight(GuidelineEsc, "medium", start)


def _us(setup: Setup) -> Rule:
    def start() -> Feed:
        rule = GuidelineUs(setup.limit("gain_1_day_kg"), setup.limit("gain_7_days_kg"))
        return lambda s: rule.update(s.time_s, s.values["weight"])

    return _weight(GuidelineUs, "low", start)


def _baseline(setup: Setup) -> Rule:
    def start() -> Feed:
        rule = PersonalBaseline(setup.watch.weight.dry_weight_kg)
        return lambda s: rule.update(s.time_s, s.values["weight"])

    return _weight(PersonalBaseline, "medium", start)


def _saturation(setup: Setup) -> Rule:
    def start() -> Feed:
        rule = SpotTarget(setup.limit("target_low_pct"), setup.limit("target_high_pct"))
        return lambda s: rule.update(s.time_s, s.values["spo2"], s.values.get("perfusion"))

    def priority(finding: Finding) -> Priority:
        return "high" if finding.severity >= FAR_BELOW_TARGET_PCT else "medium"

    kind = SpotTarget
    return Rule(kind.RULE, kind.VERSION, LOW_SATURATION, "saturation", kind.WORSE_BY, priority, start)


def _pressure(setup: Setup) -> Rule:
    def start() -> Feed:
        rule = PersistentLow(setup.limit("systolic_low_mmhg"))
        return lambda s: rule.update(s.time_s, s.values["systolic"])

    def priority(finding: Finding) -> Priority:
        return "high" if finding.severity >= FAR_BELOW_LIMIT_MMHG else "medium"

    kind = PersistentLow
    return Rule(kind.RULE, kind.VERSION, LOW_PRESSURE, "blood_pressure", kind.WORSE_BY, priority, start)


_MADE: Final[dict[str, Callable[[Setup], Rule]]] = {
    "weight.guideline_esc": _esc,
    "weight.guideline_us": _us,
    "weight.personal_baseline": _baseline,
    "saturation.spot_target": _saturation,
    "pressure.persistent_low": _pressure,
}
