"""Frames of the standard profiles that no vector has, worked out from the layouts by hand."""

from __future__ import annotations

import pytest

from wardgate_drivers.codec import (
    body_composition,
    enhanced_blood_pressure,
    heart_rate,
    temperature,
    user_control_point,
)
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome


def values(measurement: Measurement) -> dict[str, tuple[float, str]]:
    return {q.name: (q.value, q.unit) for q in measurement.quantities}


def test_enhanced_pressure_with_everything() -> None:
    # 120/80 (93), 60 s after 2000-01-01, pulse 72, user 2, irregular pulse, user-facing 1 h later; reserved bit 7.
    frame = bytes.fromhex("fe 7800 5000 5d00 3c000000 4800 02 0400 4c0e0000")
    decoded = enhanced_blood_pressure.decode(frame)
    assert decoded.time == DeviceTime.of(2000, 1, 1, 0, 1, 0)
    assert decoded.user_facing_time == DeviceTime.of(2000, 1, 1, 1, 1, 0)
    assert decoded.pressures.flags_reserved == 0x80
    measured = enhanced_blood_pressure.measurement(frame)
    assert (measured.outcome, measured.user_index, measured.status) == (Outcome.DECODE, 2, ("irregular-pulse",))
    assert measured.device_time == decoded.time
    assert values(measured)["systolic"] == (120.0, "mmHg")


@pytest.mark.parametrize("end", range(1, 20))
def test_enhanced_pressure_that_is_cut(end: int) -> None:
    frame = bytes.fromhex("7e 7800 5000 5d00 3c000000 4800 02 0400 4c0e0000")
    with pytest.raises(FrameError) as refused:
        enhanced_blood_pressure.decode(frame[:end])
    assert refused.value.reason is Reason.TRUNCATED


def test_weight_beside_an_empty_composition_is_a_reading() -> None:
    # In socks: fat 0; impedance 0; 72.35 kg (14470 steps); 1.700 m.
    measured = body_composition.measurement(bytes.fromhex("000e 0000 0000 8638 a406"))
    assert measured.outcome is Outcome.DECODE
    assert values(measured) == {"weight": (72.35, "kg"), "height": (1.7, "m")}


def test_composition_with_a_weight_tells_both() -> None:
    # 24.5 % fat, 40.0 % muscle, 160.00 lb.
    measured = body_composition.measurement(bytes.fromhex("1104 f500 9001 803e"))
    assert values(measured) == {"weight": (160.0, "lb"), "fat": (24.5, "%"), "muscle": (40.0, "%")}


def test_composition_without_a_weight_is_no_reading() -> None:
    assert body_composition.measurement(bytes.fromhex("0000 f500")).outcome is Outcome.NO_READING


def test_weight_beside_a_composition_is_held_to_its_bounds() -> None:
    assert body_composition.decode(bytes.fromhex("0004 f500 3200")).outcome is Outcome.IMPLAUSIBLE  # 0.25 kg
    assert body_composition.decode(bytes.fromhex("0004 f500 0000")).outcome is Outcome.DECODE  # 0: not provided


def test_masses_follow_the_order_of_their_flags() -> None:
    frame = bytes.fromhex("f001 6400 0a00 c800 9001 2003 4006")
    decoded = body_composition.decode(frame)
    masses = (decoded.muscle_mass, decoded.fat_free_mass, decoded.soft_lean_mass, decoded.body_water_mass)
    assert (decoded.muscle_pct, masses) == (1.0, (1.0, 2.0, 4.0, 8.0))


def test_fever_is_a_status_of_the_ft95_and_reserved_elsewhere() -> None:
    frame = bytes.fromhex("84 850100ff 02")
    beurer = temperature.measurement(frame, temperature.Quirk.BEURER_FT95)
    assert (beurer.outcome, beurer.status) == (Outcome.DECODE, ("site-forehead", "fever"))
    assert values(beurer) == {"temperature": (38.9, "Cel")}
    other = temperature.decode(frame)
    assert (other.site, other.fever, other.flags_reserved) == ("body", None, 0x80)


def test_surface_of_an_object_is_nobodys_temperature() -> None:
    at_body_heat = bytes.fromhex("04740100ffff")
    assert temperature.measurement(at_body_heat, temperature.Quirk.BEURER_FT95).outcome is Outcome.NO_READING
    assert temperature.measurement(at_body_heat).outcome is Outcome.DECODE


@pytest.mark.parametrize(
    ("frame", "outcome"),
    [
        ("01020300ff", Outcome.DECODE),  # 77.0 F is 25 C
        ("01010300ff", Outcome.IMPLAUSIBLE),
        ("016a0400ff", Outcome.DECODE),  # 113.0 F is 45 C
        ("016b0400ff", Outcome.IMPLAUSIBLE),
    ],
)
def test_bounds_of_fahrenheit(frame: str, outcome: Outcome) -> None:
    assert temperature.decode(bytes.fromhex(frame)).outcome is outcome


def test_heart_rate_without_contact_bits_is_believed() -> None:
    assert heart_rate.measurement(bytes.fromhex("0048")).outcome is Outcome.DECODE
    assert heart_rate.measurement(bytes.fromhex("0448")).outcome is Outcome.NO_READING
    assert heart_rate.measurement(bytes.fromhex("0648")).outcome is Outcome.DECODE
    assert heart_rate.measurement(bytes.fromhex("0000")).outcome is Outcome.NO_READING
    assert heart_rate.measurement(bytes.fromhex("012d01")).outcome is Outcome.IMPLAUSIBLE


def test_heart_rate_bytes_after_its_fields() -> None:
    assert heart_rate.decode(bytes.fromhex("004800")).trailing_bytes == 1
    assert heart_rate.decode(bytes.fromhex("e048")).flags_reserved == 0xE0


def test_consent_round_trip() -> None:
    asked = user_control_point.decode(user_control_point.consent(170, 9999))
    assert (asked.opcode, asked.user_index, asked.consent) == (user_control_point.Opcode.CONSENT, 170, 9999)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("", Reason.TRUNCATED),
        ("0201", Reason.TRUNCATED),
        ("2002", Reason.TRUNCATED),
        ("200101", Reason.TRUNCATED),
        ("200701", Reason.BAD_VALUE),
    ],
)
def test_control_point_refusals(frame: str, reason: Reason) -> None:
    with pytest.raises(FrameError) as refused:
        user_control_point.decode(bytes.fromhex(frame))
    assert refused.value.reason is reason


def test_failed_registration_has_no_user() -> None:
    answer = user_control_point.decode(bytes.fromhex("200104"))
    assert (answer.result, answer.user_index) == (user_control_point.Result.OPERATION_FAILED, None)
