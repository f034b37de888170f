"""What a nurse and the home read about an alert. The home's hold no limit, and no value unless asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from wardgate.contract.messages import Priority
from wardgate.watch import detector_words
from wardgate.watch.rule import (
    HIGH_PRESSURE,
    IRREGULAR_PULSE,
    LOW_PRESSURE,
    LOW_SATURATION,
    PULSE_CHANGE,
    WEIGHT_GAIN,
    WORSENING,
)
from wardgate.watch.wording import days, number
from wardgate_signal.finding import Finding

log: Final = logging.getLogger(__name__)

HOME_REPEAT: Final = "Do it again, please. Sit still for 5 minutes first."
HOME_TOLD: Final = "Got it. Thank you. We are telling your team."
HOME_HELP: Final = "Please ask for help. Ring your team."
HOME_BETTER: Final = "Got it. Thank you."


def home(kind: str, priority: Priority, readings: int) -> str:
    """For the home, while an alert is open that rests on so many readings: ask for help, please repeat, received."""
    if priority == "high":
        return HOME_HELP
    return HOME_REPEAT if readings == 1 and kind in _REPEATED else HOME_TOLD


def home_value(values: Mapping[str, float]) -> str:
    """A reading as its patient may be told it, where the ward has turned that on."""
    for name, words, unit, digits in _HOME_VALUES:
        if name in values:
            return f"Your {words} was {number(values[name], digits)} {unit}."
    return ""


def nurse(finding: Finding, usual: float | None) -> str:
    """The reason for an alert, in a sentence or three. Never fails: an alert without its best words is still one."""
    words = _WORDS.get(finding.rule, _plain(finding.rule))
    try:
        return words(finding.inputs, usual)
    except Exception:
        log.exception("the words of %s do not fit what it says", finding.rule)
        return _plain(finding.rule)(finding.inputs, usual)


def better(kind: str, value: float, usual: float | None) -> str:
    """Why an alert is over. `value` is the channel's first quantity now."""
    return _BETTER[kind](value, usual) if kind in _BETTER else f"It is over. The last value is {number(value)}."


def _plain(rule: str) -> Callable[[dict[str, float], float | None], str]:
    def words(inputs: dict[str, float], _: float | None) -> str:
        named = ", ".join(f"{name.replace('_', ' ')} {number(value, 2)}" for name, value in inputs.items())
        return f"The rule {rule} calls for a look: {named or 'no values'}."[:500]

    return words


def _usual(usual: float | None, unit: str, digits: int) -> str:
    return "" if usual is None else f" Usual {number(usual, digits)} {unit}."


def _gain(inputs: dict[str, float], usual: float | None) -> str:
    took, window = days(inputs["took_days"]), days(inputs["window_days"])
    within = "" if took == window else f" in {window}"
    return (
        f"Weight went up {number(inputs['gain_kg'])} kg in {took} "
        f"({number(inputs['from_kg'])} to {number(inputs['to_kg'])} kg). "
        f"Limit {number(inputs['limit_kg'], 2)} kg{within}.{_usual(usual, 'kg', 1)}"
    )


def _saturation(inputs: dict[str, float], usual: float | None) -> str:
    target = f"this patient's target of {number(inputs['target_low_pct'])} to {number(inputs['target_high_pct'])} %."
    now, before = number(inputs["spo2_pct"]), number(inputs["before_pct"])
    if inputs["spo2_pct"] <= inputs["very_low_pct"]:
        said = f"Oxygen saturation is {now} %, far below {target}"
    else:
        said = f"Oxygen saturation was {before} % and then {now} %, below {target}"
    return said + _usual(usual, "%", 0)


def _at_home(inputs: dict[str, float], usual: float | None) -> str:
    return (
        f"Oxygen saturation is {number(inputs['spo2_pct'])} %. COVID oximetry at home: {number(inputs['help_pct'])} % "
        f"or less needs help at once.{_usual(usual, '%', 0)}"
    )


def _pressure(inputs: dict[str, float], usual: float | None) -> str:
    return (
        f"Systolic pressure stays low: {number(inputs['low_readings'], 0)} of the last "
        f"{number(inputs['of_readings'], 0)} readings were below {number(inputs['limit_mmhg'])} mmHg, on average "
        f"{number(inputs['mean_low_mmhg'], 0)} mmHg.{_usual(usual, 'mmHg', 0)}"
    )


_REPEATED: Final = (LOW_SATURATION, LOW_PRESSURE)
"""One low value of these may be a cold finger or a talk: it is worth a second measurement."""
_HOME_VALUES: Final = (
    ("weight", "weight", "kg", 1),
    ("spo2", "oxygen", "%", 0),
    ("systolic", "upper blood pressure", "mmHg", 0),
)
_WORDS: Final[dict[str, Callable[[dict[str, float], float | None], str]]] = {
    "weight.guideline_esc": _gain,
    "weight.guideline_us": _gain,
    "saturation.spot_target": _saturation,
    "saturation.oximetry_at_home": _at_home,
    "pressure.persistent_low": _pressure,
    **detector_words.WORDS,
}
_BETTER: Final[dict[str, Callable[[float, float | None], str]]] = {
    WEIGHT_GAIN: lambda value, usual: (
        f"Weight is {number(value)} kg. The gain is over, or the new level has stayed.{_usual(usual, 'kg', 1)}"
    ),
    LOW_SATURATION: lambda value, usual: (
        f"Oxygen saturation is {number(value)} %, back in this patient's target.{_usual(usual, '%', 0)}"
    ),
    LOW_PRESSURE: lambda value, usual: (
        f"Systolic pressure is {number(value, 0)} mmHg and no longer stays low.{_usual(usual, 'mmHg', 0)}"
    ),
    HIGH_PRESSURE: lambda value, usual: f"The average at home is below the limit again. Last: {number(value, 0)} mmHg.",
    IRREGULAR_PULSE: lambda value, usual: "The cuff finds the pulse regular again.",
    PULSE_CHANGE: lambda value, usual: "The resting pulse is back, or its new level has stayed.",
    WORSENING: lambda value, usual: (
        "The readings together are back at this patient's own level, or the new one stayed."
    ),
}
