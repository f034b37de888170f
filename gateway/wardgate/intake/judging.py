"""What a measurement is worth: canonical units, plausibility once more, and the marks of a unit mix-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.contract.codes import QUANTITY
from wardgate.contract.messages import Quality, Quantity
from wardgate_drivers.measurement import Channel, Measurement
from wardgate_drivers.measurement import Quantity as DeviceQuantity

MMHG_PER_KPA: Final = 1000 / 133.322387415
"""The conventional millimetre of mercury is 133.322387415 Pa."""

TO_CANONICAL: Final[dict[tuple[str, str], float]] = {
    ("kg", "kg"): 1.0,
    ("lb", "kg"): 0.45359237,
    ("jin", "kg"): 0.5,
    ("mmHg", "mm[Hg]"): 1.0,
    ("kPa", "mm[Hg]"): MMHG_PER_KPA,
    ("1/min", "/min"): 1.0,
    ("%", "%"): 1.0,
    ("kg/m2", "kg/m2"): 1.0,
    ("m", "m"): 1.0,
    ("in", "m"): 0.0254,
    ("ohm", "Ohm"): 1.0,
    ("Cel", "Cel"): 1.0,
    ("degF", "Cel"): 5 / 9,
    ("kJ", "kJ"): 1.0,
    ("kcal", "kJ"): 4.184,
}
"""Factor from the device's unit to ours. International pound and inch; a jin is 0.5 kg; a kilocalorie the
thermochemical one, as in UCUM."""
BEFORE_FACTOR: Final[dict[tuple[str, str], float]] = {("degF", "Cel"): -32.0}
"""Added to the value first, for scales whose zeros differ."""

MASSES: Final = frozenset({"kg", "lb", "jin"})
SHARES: Final = frozenset({"fat", "water", "muscle", "bone"})
"""Parts of a body that one device gives as a share and another as a mass, under one name. A mass gets its own."""

BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "weight": (0.5, 650.0),
    "systolic": (20.0, 320.0),
    "diastolic": (20.0, 320.0),
    "mean": (20.0, 320.0),
    "pulse": (20.0, 300.0),
    "spo2": (1.0, 100.0),
    "temperature": (25.0, 45.0),
    "heart_rate": (20.0, 300.0),
}
"""Outside of these, in canonical units, a value is no human's: the codec should have said so already."""

UNIT_STEPS: Final[dict[str, float]] = {"weight": 1 / 0.45359237, "systolic": MMHG_PER_KPA}
"""The factor by which a value jumps when somebody mixes up its unit."""
UNIT_STEP_WIDTH: Final = 0.05
"""Around that factor: a patient's own pressure and weight move that much between two days."""
UNIT_STEP: Final = "unit-step"

POOR: Final = frozenset(
    {
        "signal-irregularity", "inadequate-signal", "poor-signal", "low-perfusion", "erratic-signal",
        "non-pulsatile-signal", "questionable-pulse", "sensor-interference", "sensor-displaced", "questionable",
        "early-estimate", "artifact", "out-of-track", "sensor-alarm", "marginal-perfusion",
        "body-movement", "cuff-too-loose", "improper-position", "measurement-ongoing",
    }
)  # fmt: skip
"""Status bits by which the device itself doubts its value."""


class NotPlausible(ValueError):
    """The values cannot be a person's, or their unit is not known."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Canonical quantities and what is to be thought of them."""

    quantities: tuple[Quantity, ...]
    quality: Quality


def judge(measurement: Measurement, usual: dict[str, float | None], flags: tuple[str, ...]) -> Judged:
    """Convert and judge. What no code is known for is left to the frame, which goes with the reading.

    Args:
        measurement: a measurement with outcome `decode`.
        usual: the patient's usual level by quantity name, canonical, where known.
        flags: remarks made before, about time.

    Raises:
        NotPlausible: a value out of bounds after conversion, or a unit nobody knows.
    """
    channel = measurement.channel
    quantities = tuple(_convert(channel, q) for q in measurement.quantities if (channel, _name(q)) in QUANTITY)
    if not quantities:
        names = ", ".join(q.name for q in measurement.quantities) or "nothing"
        raise NotPlausible(f"{names} is not known for {channel}")
    _check_pressure({q.name: q.value for q in quantities})
    if any(_is_unit_step(q, usual.get(q.name)) for q in quantities):
        flags = (*flags, UNIT_STEP)
    good = UNIT_STEP not in flags and not POOR & set(measurement.status)
    return Judged(quantities, Quality(status=measurement.status, flags=flags, good=good))


def canonical_value(measurement: Measurement, name: str) -> float | None:
    """One quantity in its canonical unit, None if the measurement has none of that name.

    Raises:
        NotPlausible: its unit is not known.
    """
    found = measurement.value(name)
    return None if found is None else _convert(measurement.channel, found).value


def _name(told: DeviceQuantity) -> str:
    return f"{told.name}_mass" if told.name in SHARES and told.unit in MASSES else told.name


def _convert(channel: Channel, told: DeviceQuantity) -> Quantity:
    name = _name(told)
    code = QUANTITY.get((channel, name))
    factor = None if code is None else TO_CANONICAL.get((told.unit, code.ucum))
    if code is None or factor is None:
        raise NotPlausible(f"{name} in {told.unit} is not known for {channel}")
    value = (told.value + BEFORE_FACTOR.get((told.unit, code.ucum), 0.0)) * factor
    low, high = BOUNDS.get(name, (0.0, float("inf")))
    if not low <= value <= high:
        raise NotPlausible(f"{name} {value:g} {code.ucum} is not between {low:g} and {high:g}")
    return Quantity(
        name=name,
        value=round(value, 6),
        unit=code.ucum,
        original_value=told.value,
        original_unit=told.unit,
        loinc=code.loinc,
        mdc=code.mdc,
    )


def _check_pressure(values: dict[str, float]) -> None:
    systolic, diastolic = values.get("systolic"), values.get("diastolic")
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        raise NotPlausible(f"diastolic {diastolic:g} is not below systolic {systolic:g}")


def _is_unit_step(quantity: Quantity, usual: float | None) -> bool:
    step = UNIT_STEPS.get(quantity.name)
    if step is None or not usual:
        return False
    ratio = max(quantity.value, usual) / min(quantity.value, usual)
    return abs(ratio / step - 1.0) <= UNIT_STEP_WIDTH
