"""The simulated devices speak as real ones did, and the drivers understand whatever they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.vectors import load
from wardgate_drivers.codec import blood_pressure as pressure_codec
from wardgate_drivers.codec import body_composition as composition_codec
from wardgate_drivers.codec import heart_rate as rate_codec
from wardgate_drivers.codec import temperature as temperature_codec
from wardgate_drivers.codec import user_control_point, weight_measurement
from wardgate_drivers.measurement import DeviceTime, Outcome
from wardgate_sim.encode import blood_pressure, body_composition, heart_rate, plx, temperature, users, weight
from wardgate_sim.encode.civil import Civil

CAPTURED = {v["id"]: bytes.fromhex(v["hex"]) for v in load() if "hex" in v}
SOME_TIME = st.integers(946_684_800, 4_102_444_799).map(Civil.from_s)
NO_STATUS = blood_pressure.Status(0)


def time_of(at: Civil | None) -> DeviceTime | None:
    return DeviceTime(at.civil_s) if at else None


def test_bm85_as_captured() -> None:
    at = Civil(2026, 8, 11, 18, 31, 0)
    assert blood_pressure.beurer_bm85(106, 71, at=at, pulse=63, user=0, status=NO_STATUS) == (CAPTURED["bp-bm85-1"])


def test_renpho_as_captured() -> None:
    assert weight.renpho(94.9, at=Civil(2026, 7, 4, 12, 26, 6), user=170) == CAPTURED["w-renpho-quirk"]


def test_detecto_as_documented() -> None:
    assert weight.detecto(74.7, bmi_and_height=(26.4, 1.7)) == CAPTURED["w-detecto"]


def test_bf720_as_captured() -> None:
    frame = body_composition.measurement(
        19.4, basal_metabolism_kj=6879, muscle_pct=40.7, soft_lean_kg=61.18, body_water_kg=43.25, impedance_ohm=452.0
    )
    assert frame == CAPTURED["bc-bf720"]


def test_socks_as_captured() -> None:
    frame = body_composition.measurement(
        0.0, basal_metabolism_kj=9110, muscle_pct=0.0, soft_lean_kg=0.0, body_water_kg=0.0, impedance_ohm=0.0
    )
    assert frame == CAPTURED["bc-stub"]


def test_ft95_as_documented() -> None:
    frame = temperature.measurement(
        78.4, fahrenheit=True, at=Civil(2017, 4, 13, 14, 7, 0), site=temperature.Site.FT95_OBJECT
    )
    assert frame == CAPTURED["t-ft95-object"]


def test_polar_as_captured() -> None:
    assert heart_rate.measurement(72, rr_s=(812 / 1024,)) == CAPTURED["h-h10-1"]
    assert heart_rate.measurement(78, contact=True, rr_s=(795 / 1024, 786 / 1024)) == CAPTURED["h-h7-2"]


def test_choicemmed_as_captured() -> None:
    frame = plx.spot_check(
        97,
        96,
        at=Civil(2017, 1, 1, 1, 34, 19),
        measurement=plx.MeasurementStatus.ONGOING,
        sensor=plx.SensorStatus.LOW_PERFUSION,
        clock_not_set=True,
    )
    assert frame == CAPTURED["plx-cm-spot"]


def test_failed_temperature() -> None:
    assert temperature.measurement(None) == CAPTURED["t-nan"]


@given(st.integers(21, 300), st.integers(20, 299), SOME_TIME, st.integers(20, 300), st.integers(0, 254))
def test_bm85(systolic: int, diastolic: int, at: Civil, pulse: int, user: int) -> None:
    frame = blood_pressure.beurer_bm85(systolic, diastolic, at=at, pulse=pulse, user=user, status=NO_STATUS)
    told = pressure_codec.measurement(frame, pressure_codec.Quirk.BEURER_BIG_ENDIAN)
    assert {q.name: q.value for q in told.quantities} == {
        "systolic": systolic,
        "diastolic": diastolic,
        "pulse": pulse,
    }
    assert (told.device_time, told.user_index) == (time_of(at), user)


@given(st.integers(10, 13000), SOME_TIME)
def test_renpho(steps: int, at: Civil) -> None:
    frame = weight.renpho(steps * 0.05, at=at, user=170)
    told = weight_measurement.measurement(frame, weight_measurement.Quirk.MASS_STEP_50G)
    assert told.outcome is Outcome.DECODE
    assert told.value("weight") is not None
    assert [q.value for q in told.quantities] == [pytest.approx(steps * 0.05)]


@given(st.integers(250, 450), st.none() | SOME_TIME, st.none() | st.sampled_from(temperature.Site), st.booleans())
def test_temperature(tenths: int, at: Civil | None, site: temperature.Site | None, fever: bool) -> None:
    frame = temperature.measurement(tenths / 10, at=at, site=site, fever=fever)
    told = temperature_codec.measurement(frame, temperature_codec.Quirk.BEURER_FT95)
    surface = site is temperature.Site.FT95_OBJECT
    assert told.outcome is (Outcome.NO_READING if surface else Outcome.DECODE)
    assert [q.value for q in told.quantities] == [pytest.approx(tenths / 10)]
    assert told.device_time == time_of(at)
    assert ("fever" in told.status) is fever


@given(st.integers(20, 300), st.none() | st.booleans(), st.none() | st.integers(0, 0xFFFF), st.lists(st.floats(0, 60)))
def test_heart_rate(rate: int, contact: bool | None, energy_kj: int | None, rr_s: list[float]) -> None:
    frame = heart_rate.measurement(rate, contact=contact, energy_kj=energy_kj, rr_s=tuple(rr_s))
    told = rate_codec.decode(frame)
    assert (told.heart_rate, told.contact, told.energy_kj) == (rate, contact, energy_kj)
    assert [rr / 1024 for rr in told.rr_1024 or ()] == pytest.approx(rr_s, abs=1 / 1024)
    assert told.outcome is (Outcome.NO_READING if contact is False else Outcome.DECODE)


@given(
    st.none() | st.integers(0, 1000),
    st.none() | SOME_TIME,
    st.none() | st.integers(0, 255),
    st.none() | st.integers(0, 0xFFFF),
    st.none() | st.integers(100, 0xFFFF),
)
def test_composition(
    fat: int | None, at: Civil | None, user: int | None, impedance: int | None, steps: int | None
) -> None:
    frame = body_composition.measurement(
        None if fat is None else fat / 10,
        at=at,
        user=user,
        impedance_ohm=None if impedance is None else impedance / 10,
        weight_kg=None if steps is None else steps / 200,
    )
    told = composition_codec.decode(frame)
    assert (told.body_fat_pct, told.user) == (None if fat is None else pytest.approx(fat / 10), user)
    assert told.weight == (None if steps is None else pytest.approx(steps / 200))
    assert (told.time and told.time.device_time) == time_of(at)
    # A weight within its bounds is a reading, whatever the fat is.
    measured = composition_codec.measurement(frame)
    assert (measured.outcome is Outcome.DECODE) is (steps is not None)


@given(st.integers(0, 255), st.integers(0, 9999))
def test_consent(user: int, code: int) -> None:
    assert users.read_consent(user_control_point.consent(user, code)) == (user, code)


@pytest.mark.parametrize("result", users.Result)
def test_consent_answers(result: users.Result) -> None:
    told = user_control_point.decode(users.answer(users.Opcode.CONSENT, result))
    assert told.result is not None
    assert told.result.name == result.name
