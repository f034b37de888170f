"""What a nurse reads about the detectors that know the patient's own level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wardgate.watch.wording import days, number

_KINDS: Final = {
    "heart_failure": "worsening heart failure",
    "respiratory": "a worsening of the lungs",
    "low_output": "too low an output of the heart, or too much diuretic,",
}
_CHANGES: Final = (
    ("weight_change_kg", "weight", "kg", 1, 0.3),
    ("systolic_change_mmhg", "blood pressure", "mmHg", 0, 4.0),
    ("pulse_change_bpm", "pulse", "a minute", 0, 3.0),
    ("saturation_change_pct", "oxygen saturation", "%", 1, 0.7),
)
"""Input, its name, unit, digits, and the least that is worth a word."""
_SHARES: Final = {"weight": "weight", "systolic": "pressure", "pulse": "pulse", "saturation": "saturation"}


def fluid(inputs: dict[str, float], _: float | None) -> str:
    """A weight that has left its level. The gain is the detector's estimate; one reading may lie beside it."""
    rate = inputs["gain_kg_per_day"]
    pace = f", about {number(rate)} kg a day now" if rate >= 0.05 else ""
    return (
        f"Weight has risen by about {number(inputs['gain_kg'])} kg from this patient's own level of "
        f"{number(inputs['usual_kg'])} kg{pace}: fluid may be gathering. "
        f"The last reading was {number(inputs['weight_kg'])} kg."
    )


def own_saturation(inputs: dict[str, float], _: float | None) -> str:
    """A saturation that has left its level."""
    return (
        f"Oxygen saturation has dropped and stays low: about {number(inputs['level_pct'])} % now, usual "
        f"{number(inputs['usual_pct'])} %. The last reading was {number(inputs['spo2_pct'])} %."
    )


def high_pressure(inputs: dict[str, float], _: float | None) -> str:
    """An average at home, or one recording that is severe."""
    if inputs["severe"]:
        now = f"{number(inputs['systolic_mmhg'], 0)}/{number(inputs['diastolic_mmhg'], 0)}"
        return f"Blood pressure is very high: {now} mmHg."
    average = f"{number(inputs['average_systolic_mmhg'], 0)}/{number(inputs['average_diastolic_mmhg'], 0)}"
    return (
        f"Blood pressure at home is high: {average} mmHg on average over {days(inputs['days'])}, "
        f"{number(inputs['recordings'], 0)} recordings."
    )


def low_under_therapy(inputs: dict[str, float], _: float | None) -> str:
    """Which of the four it is."""
    now = f"Systolic pressure is {number(inputs['systolic_mmhg'], 0)} mmHg"
    if inputs["symptomatic"]:
        return f"{now} and the patient feels it. Limit {number(inputs['limit_mmhg'])} mmHg."
    if inputs["persistent"]:
        return f"{now} and stays below {number(inputs['limit_mmhg'])} mmHg."
    if inputs["postural"]:
        return f"{now} on standing, {number(inputs['postural_drop_mmhg'], 0)} mmHg less than sitting."
    usual = f", usual {number(inputs['usual_mmhg'], 0)} mmHg" if "usual_mmhg" in inputs else ""
    return f"{now}, {number(inputs['relative_drop_mmhg'], 0)} mmHg less than usual at two moments{usual}."


def irregular(inputs: dict[str, float], _: float | None) -> str:
    """An irregular pulse that is new."""
    return (
        f"The cuff found the pulse irregular in {number(inputs['irregular_sittings'], 0)} of "
        f"{number(inputs['of_sittings'], 0)} sittings. That is new for this patient: feel the pulse, measure by hand."
    )


def resting_pulse(inputs: dict[str, float], _: float | None) -> str:
    """A pulse that has left its level."""
    usual = f" Usual {number(inputs['usual_bpm'], 0)}." if "usual_bpm" in inputs else ""
    return f"The resting pulse has changed and stays so: {number(inputs['pulse_bpm'], 0)} a minute now.{usual}"


def patient(inputs: dict[str, float], _: float | None) -> str:
    """All channels together: what it may be, what has changed, and which channel says so most."""
    likely = max(_KINDS, key=lambda kind: inputs.get(f"probability_{kind}", 0.0))
    changes = [
        f"{name} {'+' if inputs[key] > 0 else '-'}{number(abs(inputs[key]), digits)} {unit}"
        for key, name, unit, digits, least in _CHANGES
        if abs(inputs.get(key, 0.0)) >= least
    ]
    over = f" over {days(inputs['days'])}" if "days" in inputs else ""
    said = f": {', '.join(changes)}{over}" if changes else over
    most = max(_SHARES, key=lambda name: inputs.get(f"share_{name}", 0.0))
    return f"The readings together look like {_KINDS[likely]}{said}. The {_SHARES[most]} says so most."


WORDS: Final[dict[str, Callable[[dict[str, float], float | None], str]]] = {
    "weight.fluid_retention": fluid,
    "saturation.own_level": own_saturation,
    "pressure.sustained_high": high_pressure,
    "pressure.low_under_therapy": low_under_therapy,
    "pulse.new_irregularity": irregular,
    "pulse.resting_trend": resting_pulse,
    "fusion.patient": patient,
}
