"""Whatever the encoders say, the hub's decoders understand. Both were written from the layouts, apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.codec import and_custom as and_codec
from wardgate_drivers.codec import blood_pressure as pressure_codec
from wardgate_drivers.codec import current_time as current_time_codec
from wardgate_drivers.codec import nonin_commands, nonin_df13, nonin_df19, racp, weight_measurement
from wardgate_drivers.codec import plx as plx_codec
from wardgate_drivers.codec import xiaomi as xiaomi_codec
from wardgate_drivers.measurement import DeviceTime, Measurement
from wardgate_sim.encode import and_custom, blood_pressure, nonin, plx, weight, xiaomi
from wardgate_sim.encode.civil import Civil, current_time

SOME_TIME = st.integers(946_684_800, 4_102_444_799).map(Civil.from_s)
"""2000 to 2099, as the two-digit years of some devices allow."""
MAYBE_TIME = st.none() | SOME_TIME
PRESSURE = st.integers(20, 300)
PULSE = st.integers(20, 300)
SPO2 = st.integers(1, 100)


def value(measurement: Measurement, name: str) -> float | None:
    quantity = measurement.value(name)
    return quantity.value if quantity else None


def time_of(at: Civil | None) -> DeviceTime | None:
    return DeviceTime(at.civil_s) if at else None


@given(PRESSURE, PRESSURE, PRESSURE, MAYBE_TIME, st.none() | PULSE, st.none() | st.integers(0, 254), st.booleans())
def test_blood_pressure(
    systolic: int, diastolic: int, mean: int, at: Civil | None, pulse: int | None, user: int | None, irregular: bool
) -> None:
    status = blood_pressure.Status.IRREGULAR_PULSE if irregular else None
    frame = blood_pressure.measurement(systolic, diastolic, mean, at=at, pulse=pulse, user=user, status=status)
    told = pressure_codec.measurement(frame)
    assert [value(told, n) for n in ("systolic", "diastolic", "mean", "pulse")] == [systolic, diastolic, mean, pulse]
    assert (told.device_time, told.user_index) == (time_of(at), user)
    assert told.status == (("irregular-pulse",) if irregular else ())


@given(st.integers(30, 400))
def test_blood_pressure_in_tenths_of_a_kilopascal(tenths: int) -> None:
    told = pressure_codec.measurement(blood_pressure.measurement(tenths / 10, 2.0, 2.0, kpa=True))
    quantity = told.value("systolic")
    assert quantity is not None
    assert quantity.unit == "kPa"
    assert quantity.value == pytest.approx(tenths / 10)


@given(st.integers(1, 0xFFFE), st.booleans(), MAYBE_TIME, st.none() | st.integers(0, 254))
def test_weight(steps: int, imperial: bool, at: Civil | None, user: int | None) -> None:
    step = 0.01 if imperial else 0.005
    told = weight_measurement.measurement(weight.measurement(steps * step, imperial=imperial, at=at, user=user))
    quantity = told.value("weight")
    assert quantity is not None
    assert quantity.value == pytest.approx(steps * step)
    assert quantity.unit == ("lb" if imperial else "kg")
    assert (told.device_time, told.user_index) == (time_of(at), user)


@given(SPO2, PULSE, MAYBE_TIME, st.booleans())
def test_plx_spot_check(spo2: int, pulse: int, at: Civil | None, stored: bool) -> None:
    status = plx.MeasurementStatus.FROM_STORAGE if stored else plx.MeasurementStatus.FULLY_QUALIFIED
    told = plx_codec.spot_check_measurement(plx.spot_check(spo2, pulse, at=at, measurement=status))
    assert (value(told, "spo2"), value(told, "pulse")) == (spo2, pulse)
    assert (told.device_time, told.stored) == (time_of(at), stored)


@given(SPO2, PULSE, st.none() | st.tuples(SPO2, PULSE), st.none() | st.tuples(SPO2, PULSE))
def test_plx_continuous(spo2: int, pulse: int, fast: tuple[int, int] | None, slow: tuple[int, int] | None) -> None:
    told = plx_codec.decode_continuous(plx.continuous(spo2, pulse, fast=fast, slow=slow))
    pairs = [(p.spo2, p.pulse) if p else None for p in (told.normal, told.fast, told.slow)]
    assert pairs == [(spo2, pulse), fast, slow]


@given(st.sampled_from([plx.Opcode.REPORT, plx.Opcode.DELETE, plx.Opcode.COUNT]), st.sampled_from(plx.Result))
def test_racp(opcode: plx.Opcode, result: plx.Result) -> None:
    asked = racp.decode(plx.racp_request(opcode, plx.Operator.ALL))
    assert (int(asked.opcode), int(asked.operator)) == (opcode, plx.Operator.ALL)
    answered = racp.decode(plx.racp_response(opcode, result))
    assert (int(answered.request or 0), int(answered.result or 0)) == (opcode, result)


@given(st.integers(0, 0xFFFF))
def test_racp_count(records: int) -> None:
    assert racp.decode(plx.racp_count(records)).count == records


@given(SPO2, PULSE, st.integers(0, 0xFFFF), st.integers(0, 2000), st.booleans())
def test_nonin_format_19(spo2: int, pulse: int, counter: int, amplitude: int, good: bool) -> None:
    status = nonin.Status19.FINGER_SEATED | (nonin.Status19.SMARTPOINT if good else nonin.Status19(0))
    frame = nonin.format_19(
        status, battery_v=2.9, amplitude_pct=amplitude / 100, counter=counter, spo2=spo2, pulse=pulse
    )
    told = nonin_df19.decode(frame)
    assert (told.spo2, told.pulse, told.counter) == (spo2, pulse, counter)
    assert told.amplitude_index == pytest.approx(amplitude / 100)
    assert (nonin_df19.SMARTPOINT in told.status) is good


@given(st.none() | SPO2, st.none() | PULSE, SOME_TIME, st.booleans(), st.booleans(), st.booleans())
def test_nonin_format_13(
    spo2: int | None, pulse: int | None, at: Civil, smartpoint: bool, memory: bool, low: bool
) -> None:
    frame = nonin.format_13(at, spo2=spo2, pulse=pulse, smartpoint=smartpoint, from_memory=memory, low_battery=low)
    told = nonin_df13.decode(frame)
    assert (told.spo2, told.pulse, told.time) == (spo2, pulse, time_of(at))
    assert (told.smartpoint, told.from_memory, told.low_battery) == (smartpoint, memory, low)


@given(SOME_TIME)
def test_times(at: Civil) -> None:
    assert nonin_commands.decode_time(nonin.time_answer(at)) == time_of(at)
    assert current_time_codec.decode(current_time(at)).device_time == time_of(at)
    set_time = and_custom.frame(and_custom.Kind.WRITE, and_custom.Command.SET_TIME, and_custom.time_value(at))
    assert and_codec.decode(set_time).time == time_of(at)


@given(st.from_regex(r"[0-9]{9}", fullmatch=True).filter(str.isascii))
def test_nonin_serial_number(serial: str) -> None:
    assert nonin_commands.decode_serial_number(nonin.serial_answer(serial)) == serial


@given(st.integers(200, 30_000), SOME_TIME, st.sampled_from(xiaomi.Unit), st.booleans(), st.integers(1, 2))
def test_xiaomi(hundredths: int, at: Civil, unit: xiaomi.Unit, stabilised: bool, generation: int) -> None:
    weighed = hundredths / 100
    if generation == 1:
        uuid = 0x181D
        data = xiaomi.scale_v1(weighed, at, unit=unit, stabilised=stabilised, removed=False)
    else:
        uuid = 0x181B
        data = xiaomi.scale_v2(weighed, at, unit=unit, stabilised=stabilised, removed=False, impedance_ohm=503)
    full_uuid = f"0000{uuid:04x}-0000-1000-8000-00805f9b34fb"
    heard = Advertisement("F0:00:00:00:00:01", "MIBFS", -60, (), {full_uuid: data}, {})
    told = xiaomi_codec.measurement(heard)
    assert told is not None
    quantity = told.value("weight")
    assert quantity is not None
    assert quantity.value == pytest.approx(weighed)
    assert quantity.unit == str(unit)
    assert told.device_time == time_of(at)
    assert (told.outcome == "decode") is stabilised
    assert value(told, "impedance") == (503 if generation == 2 else None)
