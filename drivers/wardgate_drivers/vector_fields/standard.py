"""The standard characteristics, A&D, Nonin and Xiaomi: their dataclasses in the words of the byte vectors."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import (
    and_custom,
    battery,
    blood_pressure,
    current_time,
    date_time,
    device_information,
    elapsed_time,
    ieee11073,
    nonin_commands,
    nonin_df13,
    nonin_df19,
    plx,
    racp,
    weight_measurement,
    xiaomi,
)
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.vector_fields.common import (
    Context,
    Decoded,
    Decoder,
    Fields,
    control,
    counted,
    given,
    iso,
    names,
    number,
    quirk,
    stamp_text,
    timestamp,
)


def pressures_of(frame: blood_pressure.BloodPressure, pressures: Fields) -> Fields:
    """The fields of a blood pressure frame, its pressures as given."""
    return (
        {"unit": frame.unit}
        | pressures
        | timestamp(frame.time)
        | given(
            pulse_rate=None if frame.pulse is None else number(frame.pulse),
            user_id=frame.user,
            status=names(frame.status),
        )
        | counted(status_rfu=frame.status_reserved, flags_rfu=frame.flags_reserved, trailing_bytes=frame.trailing_bytes)
    )


def _bls_measurement(data: bytes, context: Context) -> Decoded:
    frame = blood_pressure.decode(data, quirk(blood_pressure.Quirk, context))
    pressures = {
        "systolic": number(frame.systolic),
        "diastolic": number(frame.diastolic),
        "mean_arterial_pressure": number(frame.mean),
    }
    return Decoded(frame.outcome, pressures_of(frame, pressures))


def _bls_intermediate(data: bytes, context: Context) -> Decoded:
    frame = blood_pressure.decode_intermediate(data, quirk(blood_pressure.Quirk, context))
    return Decoded(Outcome.NO_READING, pressures_of(frame, {"cuff_pressure": number(frame.systolic)}))


def _bls_feature(data: bytes, _: Context) -> Decoded:
    frame = blood_pressure.decode_feature(data)
    return control({"features": list(frame.features)} | counted(trailing_bytes=frame.trailing_bytes))


def _wss_measurement(data: bytes, context: Context) -> Decoded:
    frame = weight_measurement.decode(data, quirk(weight_measurement.Quirk, context))
    body = {} if frame.height is None else {"bmi": frame.bmi, "height": frame.height, "height_unit": frame.height_unit}
    return Decoded(
        frame.outcome,
        {"unit": frame.unit, "weight": frame.weight}
        | timestamp(frame.time)
        | given(user_id=frame.user)
        | body
        | counted(flags_rfu=frame.flags_reserved, trailing_bytes=frame.trailing_bytes),
    )


def _wss_feature(data: bytes, _: Context) -> Decoded:
    frame = weight_measurement.decode_feature(data)
    return control(
        {
            "features": list(frame.features),
            "weight_precision": frame.weight_precision,
            "height_precision": frame.height_precision,
        }
        | counted(trailing_bytes=frame.trailing_bytes)
    )


def _oximetry(frame: plx.Oximetry) -> Decoded:
    pairs = (("", frame.normal), ("_fast", frame.fast), ("_slow", frame.slow))
    values: Fields = {}
    for suffix, pair in pairs:
        if pair is not None:
            values |= {f"spo2{suffix}": number(pair.spo2), f"pulse_rate{suffix}": number(pair.pulse)}
    return Decoded(
        frame.outcome,
        values
        | timestamp(frame.time)
        | given(
            measurement_status=names(frame.measurement_status),
            sensor_status=names(frame.sensor_status),
            pulse_amplitude_index=None if frame.amplitude_index is None else number(frame.amplitude_index),
            clock_not_set=frame.clock_not_set or None,
        )
        | counted(flags_rfu=frame.flags_reserved, trailing_bytes=frame.trailing_bytes),
    )


def _plx_features(data: bytes, _: Context) -> Decoded:
    frame = plx.decode_features(data)
    return control(
        {"features": list(frame.features)}
        | given(
            measurement_status_support=names(frame.measurement_status),
            sensor_status_support=names(frame.sensor_status),
        )
        | counted(trailing_bytes=frame.trailing_bytes)
    )


_RACP_OPCODES: Final = {
    racp.Opcode.REPORT: "report-stored-records",
    racp.Opcode.DELETE: "delete-stored-records",
    racp.Opcode.ABORT: "abort",
    racp.Opcode.COUNT: "report-number-of-records",
    racp.Opcode.COUNT_REPLY: "number-of-records-response",
    racp.Opcode.RESPONSE: "response-code",
}
_RACP_OPERATORS: Final = {
    racp.Operator.NULL: "null",
    racp.Operator.ALL: "all",
    racp.Operator.UP_TO: "less-or-equal",
    racp.Operator.FROM: "greater-or-equal",
    racp.Operator.RANGE: "range",
    racp.Operator.FIRST: "first",
    racp.Operator.LAST: "last",
}


def _racp(data: bytes, _: Context) -> Decoded:
    frame = racp.decode(data)
    return control(
        {"opcode": _RACP_OPCODES[frame.opcode], "operator": _RACP_OPERATORS[frame.operator]}
        | given(
            operand=frame.operand.hex() or None,
            count=frame.count,
            request=None if frame.request is None else _RACP_OPCODES[frame.request],
            response=None if frame.result is None else frame.result.name.lower().replace("_", "-"),
        )
        | counted(trailing_bytes=frame.trailing_bytes)
    )


def _df19(data: bytes, _: Context) -> Decoded:
    frame = nonin_df19.decode(data)
    return Decoded(
        frame.outcome,
        {
            "status": list(frame.status),
            "battery_v": frame.battery_v,
            "pulse_amplitude_index": frame.amplitude_index,
            "counter": frame.counter,
            "spo2": frame.spo2,
            "pulse_rate": frame.pulse,
        },
    )


def _df13(data: bytes, _: Context) -> Decoded:
    frame = nonin_df13.decode(data)
    return Decoded(
        frame.outcome,
        {
            "timestamp": iso(frame.time),
            "smartpoint": frame.smartpoint,
            "from_memory": frame.from_memory,
            "low_battery": frame.low_battery,
            "pulse_rate": frame.pulse,
            "spo2": frame.spo2,
        },
    )


def _xiaomi(frame: xiaomi.Weighing) -> Decoded:
    return Decoded(
        frame.outcome,
        {"unit": frame.unit, "weight": frame.weight}
        | timestamp(frame.time)
        | {"stabilised": frame.stabilised, "removed": frame.removed}
        | given(impedance_ohm=frame.impedance_ohm),
    )


def _current_time(data: bytes, _: Context) -> Decoded:
    frame = current_time.decode(data)
    return control(
        {
            "timestamp": stamp_text(frame.stamp),
            "day_of_week": frame.weekday,
            "fractions256": frame.fractions256,
            "adjust": list(frame.adjust),
        }
    )


def _elapsed(data: bytes, _: Context) -> Decoded:
    frame = elapsed_time.decode(data)
    return control(
        {
            "seconds": frame.seconds,
            "kind": frame.kind,
            "sync_source": frame.sync_source,
            "current_timeline": frame.current_timeline,
        }
        | given(
            time=frame.time and iso(frame.time),
            tz_dst_offset_minutes=frame.offset_minutes,
            clock_needs_set=frame.needs_set,
            manages_dst=frame.manages_dst,
            manages_tz=frame.manages_zone,
        )
    )


def _battery(data: bytes, _: Context) -> Decoded:
    frame = battery.decode(data)
    return control({"percent": frame.percent} | counted(trailing_bytes=frame.trailing_bytes))


def _pnp_id(data: bytes, _: Context) -> Decoded:
    frame = device_information.decode_pnp_id(data)
    return control({"source": frame.source, "vendor": frame.vendor, "product": frame.product, "version": frame.version})


def _and_custom(data: bytes, _: Context) -> Decoded:
    frame = and_custom.decode(data)
    return control(
        {"type": frame.type, "command": frame.command}
        | given(value=frame.value.hex() or None, time=frame.time and str(frame.time))
    )


DECODERS: Final[dict[str, Decoder]] = {
    "ieee11073.sfloat": lambda data, _: control({"value": number(ieee11073.decode_sfloat(data))}),
    "ieee11073.float": lambda data, _: control({"value": number(ieee11073.decode_float(data))}),
    "bls.measurement": _bls_measurement,
    "bls.intermediate-cuff": _bls_intermediate,
    "bls.feature": _bls_feature,
    "wss.measurement": _wss_measurement,
    "wss.feature": _wss_feature,
    "plx.spot-check": lambda data, _: _oximetry(plx.decode_spot_check(data)),
    "plx.continuous": lambda data, _: _oximetry(plx.decode_continuous(data)),
    "plx.features": _plx_features,
    "racp": _racp,
    "nonin.df13": _df13,
    "nonin.df19": _df19,
    "nonin.serial-number": lambda data, _: control({"serial": nonin_commands.decode_serial_number(data)}),
    "xiaomi.scale-v1": lambda data, _: _xiaomi(xiaomi.decode_v1(data)),
    "xiaomi.scale-v2": lambda data, _: _xiaomi(xiaomi.decode_v2(data)),
    "time.date-time": lambda data, _: control({"timestamp": stamp_text(date_time.decode(data))}),
    "time.current-time": _current_time,
    "time.elapsed": _elapsed,
    "bas.level": _battery,
    "dis.pnp-id": _pnp_id,
    "and.custom": _and_custom,
}
"""By the name that vectors give them."""
