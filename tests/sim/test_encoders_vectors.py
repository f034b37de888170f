"""The encoders against frames that were worked out by hand from the layouts, or captured from devices."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from wardgate_sim.encode import blood_pressure, nonin, plx, weight, xiaomi
from wardgate_sim.encode.and_custom import Command, Kind, frame, time_value
from wardgate_sim.encode.civil import Civil, current_time, date_time
from wardgate_sim.encode.ieee11073 import Special, sfloat

VECTORS = Path(__file__).parent.parent / "vectors"
EDGES = "edges.json"
"""Frames at the edges of the layouts: most of them no device sends."""
Fields = dict[str, Any]

_SPECIAL = {"NaN": Special.NAN, "NRes": Special.NRES, "+INF": Special.PLUS_INFINITY, "-INF": Special.MINUS_INFINITY}
_NOT_OURS = {
    "bp-nordic-full": "a date without a year",
    "bp-nordic-kpa": "three pressures at two resolutions",
    "bp-nordic-low-mmhg": "tenths of mmHg",
    "plx-sig-1": "an exponent that means nothing",
    "mi1-light": "control bit 6, whose meaning is not known",
    "mi1-lb-light": "control bit 6, whose meaning is not known",
    "mi2-light": "control bit 2, whose meaning is not known",
    "mi2-small-real": "control bit 2, whose meaning is not known",
    "mi2-empty": "an impedance bit without impedance",
}
"""Frames of layouts that the encoders know, but with something that none of our devices sends."""


def _civil(text: str | None) -> Civil | None:
    return Civil(*datetime.fromisoformat(text).timetuple()[:6]) if text else None


def _number(value: Any) -> Any:
    return _SPECIAL[value["special"]] if isinstance(value, dict) else value


def _bits(names: list[str], table: dict[str, int]) -> int:
    return sum(table[name] for name in names)


_PRESSURE_STATUS = {
    "body-movement": 1,
    "cuff-too-loose": 2,
    "irregular-pulse": 4,
    "pulse-above-range": 8,
    "pulse-below-range": 16,
    "pulse-range-reserved": 24,
    "improper-position": 32,
}
_MEASUREMENT = {
    "measurement-ongoing": 1 << 5,
    "validated": 1 << 7,
    "fully-qualified": 1 << 8,
    "from-storage": 1 << 9,
    "demo-data": 1 << 10,
    "test-data": 1 << 11,
}
_SENSOR = {"signal-irregularity": 1 << 2, "low-perfusion": 1 << 5, "sensor-unconnected-to-user": 1 << 11}
_STATUS_19 = {"weak-signal": 2, "smartpoint": 4, "searching": 8, "finger-seated": 16, "low-battery": 32}


def _pressure(f: Fields) -> bytes:
    return blood_pressure.measurement(
        _number(f["systolic"]),
        _number(f["diastolic"]),
        _number(f["mean_arterial_pressure"]),
        kpa=f["unit"] == "kPa",
        at=_civil(f.get("timestamp")),
        pulse=_number(f.get("pulse_rate")),
        user=f.get("user_id"),
        status=blood_pressure.Status(_bits(f["status"], _PRESSURE_STATUS)) if "status" in f else None,
    )


def _weight(f: Fields) -> bytes:
    return weight.measurement(
        f["weight"],
        imperial=f["unit"] == "lb",
        at=_civil(f.get("timestamp")),
        user=f.get("user_id"),
        bmi_and_height=(f["bmi"], f["height"]) if "bmi" in f else None,
    )


def _spot(f: Fields) -> bytes:
    statuses = f.get("measurement_status")
    sensors = f.get("sensor_status")
    return plx.spot_check(
        _number(f["spo2"]),
        _number(f["pulse_rate"]),
        at=_civil(f.get("timestamp")),
        measurement=None if statuses is None else plx.MeasurementStatus(_bits(statuses, _MEASUREMENT)),
        sensor=None if sensors is None else plx.SensorStatus(_bits(sensors, _SENSOR)),
        amplitude_pct=f.get("pulse_amplitude_index"),
        clock_not_set=f.get("clock_not_set", False),
        tenths=f["spo2"] == 97.5,
    )


def _continuous(f: Fields) -> bytes:
    sensors = f.get("sensor_status")
    return plx.continuous(
        f["spo2"],
        f["pulse_rate"],
        fast=(f["spo2_fast"], f["pulse_rate_fast"]) if "spo2_fast" in f else None,
        slow=(f["spo2_slow"], f["pulse_rate_slow"]) if "spo2_slow" in f else None,
        sensor=None if sensors is None else plx.SensorStatus(_bits(sensors, _SENSOR)),
        amplitude_pct=f.get("pulse_amplitude_index"),
    )


def _plx_features(f: Fields) -> bytes:
    supported = plx.Feature(_bits(f["features"], {"measurement-status": 1, "sensor-status": 2}))
    measurement, sensor = f.get("measurement_status_support"), f.get("sensor_status_support")
    return plx.features(
        supported,
        measurement=None if measurement is None else plx.MeasurementStatus(_bits(measurement, _MEASUREMENT)),
        sensor=None if sensor is None else plx.SensorStatus(_bits(sensor, _SENSOR)),
    )


def _racp(f: Fields) -> bytes:
    opcodes = {
        "report-stored-records": plx.Opcode.REPORT,
        "delete-stored-records": plx.Opcode.DELETE,
        "abort": plx.Opcode.ABORT,
        "report-number-of-records": plx.Opcode.COUNT,
    }
    if "count" in f:
        return plx.racp_count(f["count"])
    if "response" in f:
        return plx.racp_response(opcodes[f["request"]], plx.Result.NO_RECORDS_FOUND)
    return plx.racp_request(opcodes[f["opcode"]], plx.Operator.ALL if f["operator"] == "all" else plx.Operator.NULL)


def _format_19(f: Fields) -> bytes:
    return nonin.format_19(
        nonin.Status19(_bits(f["status"], _STATUS_19)),
        battery_v=f["battery_v"],
        amplitude_pct=f["pulse_amplitude_index"],
        counter=f["counter"],
        spo2=f["spo2"],
        pulse=f["pulse_rate"],
    )


def _format_13(f: Fields) -> bytes:
    at = _civil(f["timestamp"])
    assert at is not None
    return nonin.format_13(
        at,
        spo2=f["spo2"],
        pulse=f["pulse_rate"],
        smartpoint=f["smartpoint"],
        from_memory=f["from_memory"],
        low_battery=f["low_battery"],
    )


def _xiaomi(f: Fields, encode: Callable[..., bytes], **extra: Any) -> bytes:
    return encode(
        f["weight"],
        _civil(f["timestamp"]),
        unit=xiaomi.Unit(f["unit"]),
        stabilised=f["stabilised"],
        removed=f["removed"],
        **extra,
    )


def _and(f: Fields) -> bytes:
    kinds = {"read": Kind.READ, "write": Kind.WRITE}
    commands = {
        "set-time": Command.SET_TIME,
        "disconnect": Command.DISCONNECT,
        "read-buffer-size": Command.READ_BUFFER_SIZE,
        "set-buffer-size": Command.SET_BUFFER_SIZE,
    }
    at = _civil(f.get("time"))
    value = time_value(at) if at else bytes.fromhex(f.get("value", ""))
    return frame(kinds[f["type"]], commands[f["command"]], value)


def _weight_feature(f: Fields) -> bytes:
    names = {"timestamp": weight.Feature.TIME_STAMP, "multiple-users": weight.Feature.MULTIPLE_USERS}
    features = weight.Feature(_bits(f["features"], {**names, "bmi": weight.Feature.BMI}))
    precisions = {"0.01 kg / 0.02 lb": 6}
    heights = {"0.01 m / 1 in": 1}
    return weight.feature(
        features,
        weight_precision=precisions[f["weight_precision"]],
        height_precision=heights[f["height_precision"]],
    )


ENCODERS: dict[str, Callable[[Fields], bytes]] = {
    "bls.measurement": _pressure,
    "bls.feature": lambda f: blood_pressure.feature(
        blood_pressure.Feature(
            _bits(
                f["features"],
                {
                    "body-movement": 1,
                    "cuff-fit": 2,
                    "irregular-pulse": 4,
                    "pulse-rate-range": 8,
                    "measurement-position": 16,
                    "multiple-bonds": 32,
                },
            )
        )
    ),
    "wss.measurement": _weight,
    "wss.feature": _weight_feature,
    "plx.spot-check": _spot,
    "plx.continuous": _continuous,
    "plx.features": _plx_features,
    "racp": _racp,
    "nonin.df19": _format_19,
    "nonin.df13": _format_13,
    "nonin.serial-number": lambda f: nonin.serial_answer(f["serial"]),
    "xiaomi.scale-v1": lambda f: _xiaomi(f, xiaomi.scale_v1),
    "xiaomi.scale-v2": lambda f: _xiaomi(f, xiaomi.scale_v2, impedance_ohm=f.get("impedance_ohm")),
    "and.custom": _and,
}


def _ours() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(VECTORS.glob("*.json")):
        if path.name == EDGES:
            continue
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            fields = vector["expect"].get("fields")
            strange = fields is None or any("rfu" in k or k in ("trailing_bytes", "timestamp_invalid") for k in fields)
            if vector["decoder"] in ENCODERS and not strange and not vector.get("context"):
                found.append(vector)
    return found


@pytest.mark.parametrize("vector", [v for v in _ours() if v["id"] not in _NOT_OURS], ids=lambda v: v["id"])
def test_the_encoder_makes_the_frame(vector: dict[str, Any]) -> None:
    made = ENCODERS[vector["decoder"]](vector["expect"]["fields"])
    assert made.hex() == vector["hex"]


def test_every_encoder_met_a_vector_and_every_exception_is_one() -> None:
    ours = {v["id"]: v["decoder"] for v in _ours()}
    assert {decoder for id_, decoder in ours.items() if id_ not in _NOT_OURS} == set(ENCODERS)
    assert set(_NOT_OURS) <= set(ours)


@pytest.mark.parametrize(
    ("value", "exponent", "frame_hex"),
    [(120, 0, "7800"), (18.9, -1, "bdf0"), (97.5, -1, "cff3"), (-1, 0, "ff0f"), (Special.NAN, 0, "ff07")],
)
def test_sfloat(value: float | Special, exponent: int, frame_hex: str) -> None:
    assert sfloat(value, exponent=exponent).hex() == frame_hex


@pytest.mark.parametrize(("value", "exponent"), [(2046, 0), (-2046, 0), (1, -9), (204.6, -1)])
def test_sfloat_refuses_what_does_not_fit(value: float, exponent: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        sfloat(value, exponent=exponent)


def test_times() -> None:
    saturday = Civil(2026, 11, 21, 12, 0, 5)
    assert date_time(saturday).hex() == "ea070b150c0005"
    assert current_time(saturday, adjust_reason=1).hex() == "ea070b150c0005060001"
