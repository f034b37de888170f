"""What holds for this patient, in sentences that a technician reads back to the patient and the ward."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Final

from wardgate.config import Device
from wardgate.watch.plan import Plan
from wardgate_drivers.model.lookup import by_id

_CHANNELS: Final = {
    "weight": "Weight",
    "blood_pressure": "Blood pressure",
    "saturation": "Oxygen",
    "temperature": "Temperature",
    "heart_rate": "Pulse",
}


_WHEN: Final[dict[str, Callable[[Plan], tuple[str, ...]]]] = {
    "weight.guideline_esc": lambda plan: (f"weight goes up more than {plan.limit('gain_3_days_kg'):g} kg in 3 days",),
    "weight.guideline_us": lambda plan: (
        f"weight goes up {plan.limit('gain_1_day_kg'):g} kg or more in 1 day",
        f"weight goes up {plan.limit('gain_7_days_kg'):g} kg or more in 7 days",
    ),
    "weight.fluid_retention": lambda _: ("weight rises as it does with fluid in the body",),
    "saturation.spot_target": lambda plan: (f"oxygen is below {plan.limit('target_low_pct'):g} %",),
    "saturation.oximetry_at_home": lambda _: ("oxygen is 92 % or below",),
    "saturation.own_level": lambda _: ("oxygen stays below what is usual for this patient",),
    "pressure.persistent_low": lambda plan: (
        f"the upper pressure stays below {plan.limit('systolic_low_mmhg'):g} mmHg",
    ),
    "pressure.low_under_therapy": lambda plan: (
        f"the upper pressure stays below {plan.limit('systolic_low_mmhg'):g} mmHg, or far below what is usual",
    ),
    "pressure.sustained_high": lambda plan: (
        "the average pressure reaches {:g} over {:g} mmHg".format(
            plan.limit("systolic_high_mmhg"), plan.limit("diastolic_high_mmhg")
        ),
    ),
    "pulse.resting_trend": lambda _: ("the pulse at rest moves away from what is usual",),
    "pulse.new_irregularity": lambda _: ("the cuff begins to find an irregular pulse",),
    "fusion.patient": lambda _: ("several measurements get worse together",),
}
"""By rule, each as the detector decides it (`docs/detectors`). A rule without words is a fault that a test finds."""


def sentences(plan: Plan) -> tuple[str, ...]:
    """When the ward is told."""
    told = [sentence for rule in plan.rules for sentence in _sentences(plan, rule)]
    return tuple(dict.fromkeys(told)) or ("No alarm was agreed for this patient. The ward is told of nothing.",)


def _sentences(plan: Plan, rule: str) -> list[str]:
    """A rule that stands in for another speaks while that one does not know enough yet, or where it is far beyond."""
    stands = plan.stand_ins.get(rule)
    if stands is None or stands.rule not in plan.rules:
        return [f"Tell the ward if {when}." for when in _WHEN[rule](plan)]
    told = [f"Until the hub knows the patient: tell the ward if {when}." for when in _WHEN[rule](plan)]
    if rule == "saturation.spot_target" and stands.speaks_from is not None:
        told.append(f"Tell the ward if oxygen is {plan.limit('target_low_pct') - stands.speaks_from:g} % or below.")
    return told


def cadences(plan: Plan, devices: Iterable[Device]) -> tuple[str, ...]:
    """How often is measured: `Weight every day`."""
    here: dict[str, list[Device]] = {}
    for device in devices:
        model = by_id(device.model)
        for channel in () if model is None else model.channels:
            here.setdefault(channel.value, []).append(device)
    found = [
        f"{name} {_often(plan, channel, here.get(channel, []))}"
        for channel, name in _CHANNELS.items()
        if channel in plan.asked or channel in here
    ]
    return tuple(found)


def fingerprint(told: Iterable[str]) -> str:
    """Sixteen hexadecimal digits that change when anything that was read back does."""
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _often(plan: Plan, channel: str, devices: list[Device]) -> str:
    asked = plan.asked.get(channel)
    own = [hours for device in devices if (hours := plan.cadence_h(device, channel)) is not None]
    hours = min(own) if own else asked.cadence_h if asked is not None else None
    if hours is None:
        return "when it is wanted"
    if hours < 24.0 and 24.0 % hours == 0.0:
        times = round(24.0 / hours)
        return {2: "twice a day", 3: "three times a day"}.get(times, f"{times} times a day")
    if hours == 24.0:
        return "every day"
    if hours == 168.0:
        return "every week"
    days = hours / 24.0
    return f"every {days:g} days" if days.is_integer() else f"every {hours:g} hours"
