"""Which rules watch a patient: those of the plan, made with its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from wardgate.config import Watch
from wardgate.watch import detectors, limits
from wardgate.watch.plan import make_plan
from wardgate.watch.rule import (
    HIGH_PRESSURE,
    IRREGULAR_PULSE,
    LOW_PRESSURE,
    LOW_SATURATION,
    PULSE_CHANGE,
    RANK,
    TOGETHER,
    WEIGHT_GAIN,
    WORSENING,
    Feed,
    Rule,
    Sample,
    Setup,
)

__all__ = [
    "HIGH_PRESSURE",
    "IRREGULAR_PULSE",
    "LOW_PRESSURE",
    "LOW_SATURATION",
    "PULSE_CHANGE",
    "RANK",
    "TOGETHER",
    "WEIGHT_GAIN",
    "WORSENING",
    "Feed",
    "Rule",
    "Sample",
    "Setup",
    "made",
    "rules",
]

_MADE: Final[dict[str, Callable[[Setup], Rule]]] = {
    "weight.guideline_esc": limits.esc,
    "weight.guideline_us": limits.us,
    "weight.fluid_retention": detectors.fluid,
    "saturation.spot_target": limits.saturation,
    "saturation.own_level": detectors.own_saturation,
    "saturation.oximetry_at_home": limits.oximetry_at_home,
    "pressure.persistent_low": limits.low_pressure,
    "pressure.low_under_therapy": limits.low_under_therapy,
    "pressure.sustained_high": limits.high_pressure,
    "pulse.resting_trend": detectors.resting_pulse,
    "pulse.new_irregularity": detectors.new_irregularity,
    "fusion.patient": detectors.patient,
}


def rules(watch: Watch) -> tuple[Rule, ...]:
    """All rules that tell the ward of a patient: those of the plan."""
    setup = Setup(make_plan(watch), watch)
    return tuple(made(name, setup) for name in setup.plan.rules)


def made(name: str, setup: Setup) -> Rule:
    """One rule by its name, whether the plan has it or not."""
    plan = setup.plan
    return replace(_MADE[name](setup), pathways=plan.rules.get(name, ()), stands_in=plan.stand_ins.get(name))
