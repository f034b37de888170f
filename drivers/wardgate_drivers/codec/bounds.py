"""What a value has to lie between to be believed. Bounds of decoding, not of medicine.

A Bluetooth indication carries no checksum of its own, so these are the only guard against a wrong byte order, a
wrong unit flag or a maker's own layout under a standard UUID.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec.ieee11073 import Number, Special

MMHG_PER_KPA: Final = 7.50062
KG_PER_UNIT: Final[dict[str, float]] = {"kg": 1.0, "lb": 0.45359237, "jin": 0.5}

_PRESSURE_MMHG: Final = (20.0, 320.0)
_PULSE_PER_MIN: Final = (20.0, 300.0)
_SPO2_PCT: Final = (1.0, 100.0)
_WEIGHT_KG: Final = (0.5, 650.0)
_BODY_C: Final = (25.0, 45.0)

_ROUNDING: Final = 1e-9
"""Relative slack, so that a converted value on the bound itself is inside it."""


def _within(value: float, bounds: tuple[float, float]) -> bool:
    low, high = bounds
    return low * (1 - _ROUNDING) <= value <= high * (1 + _ROUNDING)


def given(value: Number | None) -> float | None:
    """The number; None where it is absent, special or the 0 by which many devices say "none"."""
    return None if value is None or isinstance(value, Special) or value == 0 else value


def pressures_ok(systolic: float, diastolic: float, mean: Number, unit: str) -> bool:
    """Whether a pair of pressures (and the mean, where given) in mmHg or kPa can be a person's."""
    factor = MMHG_PER_KPA if unit == "kPa" else 1.0
    values = [v for v in (systolic, diastolic, given(mean)) if v is not None]
    return diastolic < systolic and all(_within(v * factor, _PRESSURE_MMHG) for v in values)


def pulse_ok(pulse: Number | None) -> bool:
    """Whether a pulse in 1/min can be a person's; one that was not given is no fault."""
    number = given(pulse)
    return number is None or _within(number, _PULSE_PER_MIN)


def spo2_ok(percent: float) -> bool:
    """Whether a saturation in percent can be a person's."""
    return _within(percent, _SPO2_PCT)


def weight_ok(weight: float, unit: str) -> bool:
    """Whether a weight in kg, lb or jin can be a person's."""
    return _within(weight * KG_PER_UNIT[unit], _WEIGHT_KG)


def temperature_ok(temperature: float, unit: str) -> bool:
    """Whether a temperature in C or F can be a person's."""
    return _within(temperature if unit == "C" else (temperature - 32.0) / 1.8, _BODY_C)
