"""More standard characteristics: enhanced blood pressure, body composition, temperature, heart rate, users."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import (
    body_composition,
    enhanced_blood_pressure,
    heart_rate,
    temperature,
    user_control_point,
)
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.vector_fields.common import (
    Context,
    Decoded,
    Decoder,
    control,
    counted,
    given,
    iso,
    number,
    quirk,
    timestamp,
)
from wardgate_drivers.vector_fields.standard import pressures_of


def _enhanced(data: bytes, _: Context) -> Decoded:
    frame = enhanced_blood_pressure.decode(data)
    values = {
        "systolic": number(frame.pressures.systolic),
        "diastolic": number(frame.pressures.diastolic),
        "mean_arterial_pressure": number(frame.pressures.mean),
    }
    times = given(timestamp=_iso_or_none(frame.time), user_facing_time=_iso_or_none(frame.user_facing_time))
    return Decoded(frame.outcome, pressures_of(frame.pressures, values) | times)


def _iso_or_none(time: DeviceTime | None) -> str | None:
    return None if time is None else iso(time)


def _composition(data: bytes, _: Context) -> Decoded:
    frame = body_composition.decode(data)
    return Decoded(
        frame.outcome,
        {"mass_unit": frame.mass_unit, "body_fat_pct": frame.body_fat_pct}
        | timestamp(frame.time)
        | given(
            user_id=frame.user,
            basal_metabolism_kj=frame.basal_metabolism_kj,
            muscle_pct=frame.muscle_pct,
            muscle_mass=frame.muscle_mass,
            fat_free_mass=frame.fat_free_mass,
            soft_lean_mass=frame.soft_lean_mass,
            body_water_mass=frame.body_water_mass,
            impedance_ohm=frame.impedance_ohm,
            weight=frame.weight,
            height=frame.height,
            height_unit=None if frame.height is None else frame.height_unit,
            multiple_packet=frame.multiple_packet or None,
        )
        | counted(flags_rfu=frame.flags_reserved, trailing_bytes=frame.trailing_bytes),
    )


def _composition_feature(data: bytes, _: Context) -> Decoded:
    frame = body_composition.decode_feature(data)
    return control(
        {
            "features": list(frame.features),
            "mass_precision": frame.mass_precision,
            "height_precision": frame.height_precision,
        }
        | counted(trailing_bytes=frame.trailing_bytes)
    )


def _temperature(data: bytes, context: Context) -> Decoded:
    frame = temperature.decode(data, quirk(temperature.Quirk, context))
    return Decoded(
        frame.outcome,
        {"unit": frame.unit, "temperature": number(frame.temperature)}
        | timestamp(frame.time)
        | given(site=frame.site, fever=frame.fever)
        | counted(flags_rfu=frame.flags_reserved, trailing_bytes=frame.trailing_bytes),
    )


def _heart_rate(data: bytes, _: Context) -> Decoded:
    frame = heart_rate.decode(data)
    return Decoded(
        frame.outcome,
        {"heart_rate": frame.heart_rate, "sensor_contact": frame.contact}
        | given(
            energy_expended_kj=frame.energy_kj,
            rr_1024=None if frame.rr_1024 is None else list(frame.rr_1024),
        )
        | counted(flags_rfu=frame.flags_reserved, trailing_bytes=frame.trailing_bytes),
    )


_OPCODES: Final = {
    user_control_point.Opcode.REGISTER: "register-new-user",
    user_control_point.Opcode.CONSENT: "consent",
    user_control_point.Opcode.DELETE: "delete-user-data",
    user_control_point.Opcode.RESPONSE: "response",
}


def _user_control_point(data: bytes, _: Context) -> Decoded:
    frame = user_control_point.decode(data)
    return control(
        {"opcode": _OPCODES[frame.opcode]}
        | given(
            request=None if frame.request is None else _OPCODES[frame.request],
            result=None if frame.result is None else frame.result.name.lower().replace("_", "-"),
            user_index=frame.user_index,
            consent=frame.consent,
        )
        | counted(trailing_bytes=frame.trailing_bytes)
    )


DECODERS: Final[dict[str, Decoder]] = {
    "bls.enhanced-measurement": _enhanced,
    "bcs.measurement": _composition,
    "bcs.feature": _composition_feature,
    "hts.measurement": _temperature,
    "hrs.measurement": _heart_rate,
    "uds.user-control-point": _user_control_point,
}
"""By the name that vectors give them."""
