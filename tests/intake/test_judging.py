"""Units, plausibility and the marks of a unit mix-up (H08, H09, H10)."""

from __future__ import annotations

import pytest

from wardgate.intake.judging import UNIT_STEP, NotPlausible, judge
from wardgate_drivers.measurement import Channel, Measurement, Outcome, Quantity


def measured(channel: Channel, *quantities: Quantity, status: tuple[str, ...] = ()) -> Measurement:
    return Measurement(channel, Outcome.DECODE, quantities, b"\x00", status=status)


def weight(value: float, unit: str) -> Measurement:
    return measured(Channel.WEIGHT, Quantity("weight", value, unit))


def pressure(systolic: float, diastolic: float, unit: str = "mmHg", *, status: tuple[str, ...] = ()) -> Measurement:
    return measured(
        Channel.BLOOD_PRESSURE,
        Quantity("systolic", systolic, unit),
        Quantity("diastolic", diastolic, unit),
        status=status,
    )


@pytest.mark.parametrize(
    ("value", "unit", "kg"),
    [(80.0, "kg", 80.0), (176.37, "lb", 80.0), (160.0, "jin", 80.0), (12 * 14, "lb", 76.2)],
)
def test_weight_in_kilograms_with_the_original_beside_it(value: float, unit: str, kg: float) -> None:
    (quantity,) = judge(weight(value, unit), {}, ()).quantities
    assert quantity.value == pytest.approx(kg, abs=0.005)
    assert (quantity.unit, quantity.original_value, quantity.original_unit) == ("kg", value, unit)
    assert (quantity.loinc, quantity.mdc) == ("29463-7", 188736)


def test_kilopascal() -> None:
    systolic, diastolic = judge(pressure(16.0, 10.7, "kPa"), {}, ()).quantities
    assert systolic.value == pytest.approx(120.01, abs=0.005)  # 1 kPa = 7.50062 mmHg
    assert diastolic.value == pytest.approx(80.26, abs=0.005)
    assert systolic.unit == "mm[Hg]"


@pytest.mark.parametrize(
    ("value", "unit", "celsius"), [(37.2, "Cel", 37.2), (98.6, "degF", 37.0), (103.1, "degF", 39.5), (77.0, "degF", 25)]
)
def test_temperature_in_degrees_celsius(value: float, unit: str, celsius: float) -> None:
    (quantity,) = judge(measured(Channel.TEMPERATURE, Quantity("temperature", value, unit)), {}, ()).quantities
    assert quantity.value == pytest.approx(celsius, abs=0.0005)
    assert (quantity.unit, quantity.original_value, quantity.original_unit) == ("Cel", value, unit)
    assert (quantity.loinc, quantity.mdc) == ("8310-5", 150364)


def test_heart_rate() -> None:
    (quantity,) = judge(measured(Channel.HEART_RATE, Quantity("heart_rate", 71, "1/min")), {}, ()).quantities
    assert (quantity.value, quantity.unit, quantity.mdc) == (71, "/min", 147842)


def test_a_part_of_the_body_is_a_share_or_a_mass() -> None:
    body = measured(
        Channel.WEIGHT,
        Quantity("weight", 80, "kg"),
        Quantity("muscle", 40, "%"),
        Quantity("muscle", 70.0, "lb"),
        Quantity("fat", 21.5, "%"),
    )
    found = {q.name: (q.value, q.unit, q.loinc) for q in judge(body, {}, ()).quantities}
    assert found == {
        "weight": (80, "kg", "29463-7"),
        "muscle": (40, "%", "73965-6"),
        "muscle_mass": (31.751466, "kg", "73964-9"),  # 70 lb of 0.45359237 kg, to the milligram
        "fat": (21.5, "%", "41982-0"),
    }


def test_what_has_no_code_costs_no_reading() -> None:
    odd = measured(Channel.WEIGHT, Quantity("weight", 80, "kg"), Quantity("mood", 3, "1"))
    assert [q.name for q in judge(odd, {}, ()).quantities] == ["weight"]


@pytest.mark.parametrize(
    "impossible",
    [
        weight(0.3, "kg"),
        weight(651, "kg"),
        weight(12.0, "stone"),
        pressure(330, 80),
        pressure(80, 120),
        pressure(90, 90),
        measured(Channel.SATURATION, Quantity("spo2", 101, "%")),
        measured(Channel.SATURATION, Quantity("spo2", 97, "%"), Quantity("pulse", 0, "1/min")),
        measured(Channel.WEIGHT, Quantity("spo2", 97, "%")),
        measured(Channel.TEMPERATURE, Quantity("temperature", 24.9, "Cel")),
        measured(Channel.TEMPERATURE, Quantity("temperature", 37.0, "degF")),
        measured(Channel.TEMPERATURE, Quantity("temperature", 310.0, "K")),
        measured(Channel.HEART_RATE, Quantity("heart_rate", 19, "1/min")),
        measured(Channel.HEART_RATE),
    ],
)
def test_no_person_has_that(impossible: Measurement) -> None:
    with pytest.raises(NotPlausible):
        judge(impossible, {}, ())


@pytest.mark.parametrize(
    ("measurement", "usual"),
    [
        (weight(176.4, "kg"), {"weight": 80.0}),  # pounds taken for kilograms
        (weight(36.3, "kg"), {"weight": 80.0}),  # kilograms taken for pounds
        (pressure(130, 80), {"systolic": 17.3 * 56.27}),
    ],
)
def test_a_step_by_the_factor_of_a_unit_is_held(measurement: Measurement, usual: dict[str, float | None]) -> None:
    quality = judge(measurement, usual, ()).quality
    assert UNIT_STEP in quality.flags
    assert not quality.good


@pytest.mark.parametrize("value", [60.0, 79.0, 84.0, 100.0, 150.0])
def test_an_ordinary_step_is_not(value: float) -> None:
    assert judge(weight(value, "kg"), {"weight": 80.0}, ()).quality.good


def test_the_device_s_own_doubt_makes_a_reading_poor_and_goes_with_it() -> None:
    loose = judge(pressure(120, 80, status=("cuff-too-loose",)), {}, ()).quality
    assert (loose.good, loose.status) == (False, ("cuff-too-loose",))
    irregular = judge(pressure(120, 80, status=("irregular-pulse",)), {}, ()).quality
    assert irregular.good  # it says something about the patient, not about the cuff


def test_remarks_made_before_are_kept() -> None:
    quality = judge(weight(80, "kg"), {}, ("device-clock-untrusted",)).quality
    assert quality.flags == ("device-clock-untrusted",)
    assert quality.good
