"""What a pathway, a configuration and a shadow rule may name: the channels, the rules, and the limits of each rule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from wardgate.checked import did_you_mean

CHANNELS: Final = ("weight", "blood_pressure", "saturation", "temperature", "heart_rate")
CONDITIONS: Final = ("heart_failure", "copd", "pneumonia", "covid", "hypertension", "frailty", "atrial_fibrillation")


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that decides when the ward is told."""

    section: str
    """Where it stands in the configuration: `[watch.<section>]`."""
    default: float
    tighter: Literal["lower", "higher"]
    """Which way it tells earlier."""
    unit: str
    least: float
    most: float


LIMITS: Final[Mapping[str, Limit]] = {
    "gain_3_days_kg": Limit("weight", 2.0, "lower", "kg", 0.2, 20.0),
    "gain_1_day_kg": Limit("weight", 1.36, "lower", "kg", 0.2, 20.0),
    "gain_7_days_kg": Limit("weight", 2.27, "lower", "kg", 0.2, 20.0),
    "target_low_pct": Limit("saturation", 94.0, "higher", "%", 50.0, 100.0),
    "target_high_pct": Limit("saturation", 100.0, "lower", "%", 50.0, 100.0),
    "systolic_low_mmhg": Limit("pressure", 90.0, "higher", "mmHg", 50.0, 140.0),
    "systolic_high_mmhg": Limit("pressure", 135.0, "lower", "mmHg", 100.0, 220.0),
    "diastolic_high_mmhg": Limit("pressure", 85.0, "lower", "mmHg", 60.0, 140.0),
}
"""In the configuration, in pathways and in shadow rules a limit has the same name."""
TARGET: Final = ("target_low_pct", "target_high_pct")
"""These two are one range: it wins or loses as a whole."""

RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "weight.guideline_esc": ("gain_3_days_kg",),
    "weight.guideline_us": ("gain_1_day_kg", "gain_7_days_kg"),
    "weight.fluid_retention": (),
    "saturation.spot_target": TARGET,
    "saturation.own_level": (),
    "saturation.oximetry_at_home": (),
    "pressure.persistent_low": ("systolic_low_mmhg",),
    "pressure.low_under_therapy": ("systolic_low_mmhg",),
    "pressure.sustained_high": ("systolic_high_mmhg", "diastolic_high_mmhg"),
    "pulse.resting_trend": (),
    "pulse.new_irregularity": (),
    "fusion.patient": (),
}
"""Every rule of the hub, and its limits."""
ABOVE_TARGET_LOW_PCT: Final[Mapping[str, float]] = {"saturation.oximetry_at_home": 92.0}
"""Rules with levels of their own, for patients whose target begins above so much: who is to be at 88 to 92 % would be
called for being well."""
WITHOUT_PATHWAYS: Final = (
    "weight.guideline_esc",
    "weight.guideline_us",
    "weight.fluid_retention",
    "saturation.spot_target",
    "pressure.persistent_low",
)
"""What runs where no pathway is configured."""


def rule_problems(rule: str, limits: Mapping[str, float]) -> list[str]:
    """What is wrong with a rule's name, the names of its limits, or their values."""
    if rule not in RULES:
        return [f"`{rule}` is no rule. {did_you_mean(rule, RULES)}"]
    problems = []
    for name, value in limits.items():
        if name not in RULES[rule]:
            known = did_you_mean(name, RULES[rule]) if RULES[rule] else "It has none."
            problems.append(f"`{name}` is no limit of {rule}. {known}")
            continue
        limit = LIMITS[name]
        if not math.isfinite(value) or not limit.least <= value <= limit.most:
            problems.append(f"{name} has to be {limit.least:g} to {limit.most:g} {limit.unit}, not {value:g}.")
    low, high = (limits.get(name) for name in TARGET)
    if low is not None and high is not None and low >= high:
        problems.append("target_low_pct has to be below target_high_pct.")
    return problems
