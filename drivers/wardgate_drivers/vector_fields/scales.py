"""Makers' scales and weighing indicators: their dataclasses in the words of the byte vectors."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import beurer_ffe1, indicator_ascii, medisana, qn_scale, tanita_serial
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.vector_fields.common import Context, Decoded, Decoder, UnsupportedDecoderError, given

_BS430: Final = "bs430"


def _epoch_s(context: Context) -> float:
    variant = context.get("variant") or context.get("quirk")
    if variant is None:
        return medisana.EPOCH_2010_S
    if str(variant).lower() != _BS430:
        raise UnsupportedDecoderError(f"variant {variant}")
    return medisana.EPOCH_1970_S


def _medisana_weight(data: bytes, context: Context) -> Decoded:
    frame = medisana.decode(data, _epoch_s(context))
    return Decoded(
        frame.outcome,
        {"unit": frame.unit, "timestamp": str(frame.time), "user_id": frame.user} | given(weight=frame.weight_kg),
    )


def _medisana_body(data: bytes, context: Context) -> Decoded:
    frame = medisana.decode_body(data, _epoch_s(context))
    return Decoded(
        Outcome.DECODE,
        {
            "timestamp": str(frame.time),
            "user_id": frame.user,
            "kcal": frame.energy_kcal,
            "body_fat_pct": frame.fat_pct,
            "water_pct": frame.water_pct,
            "muscle_pct": frame.muscle_pct,
            "bone_mass_kg": frame.bone_kg,
        },
    )


def _beurer_ffe1(data: bytes, _: Context) -> Decoded:
    frame = beurer_ffe1.decode_live(data)
    return Decoded(
        frame.outcome,
        {
            "type": "live-weight",
            "on_scale": frame.on_scale,
            "weight": frame.weight_kg,
            "unit": "kg",
            "ack": frame.ack.hex(),
        },
    )


def _beurer_record(data: bytes, _: Context) -> Decoded:
    told = beurer_ffe1.measurement(data, None)
    return Decoded(
        told.outcome,
        {"timestamp": str(told.device_time)}
        | {"weight" if q.name == "weight" else "impedance_ohm": q.value for q in told.quantities}
        | {"unit": "kg"},
    )


def _qn(data: bytes, context: Context) -> Decoded:
    divisor = context.get("divisor", 100)
    if divisor not in qn_scale.DIVISORS:
        raise UnsupportedDecoderError(f"divisor {divisor}")
    frame = qn_scale.decode(data, divisor)
    if not isinstance(frame, qn_scale.Weighing):
        return Decoded(Outcome.NO_READING, {"type": f"0x{data[0]:02X}"})
    return Decoded(
        frame.outcome,
        {
            "type": "weight",
            "state": frame.state,
            "weight": frame.weight_kg,
            "unit": "kg",
            "resistance_1": frame.resistance_1_ohm,
            "resistance_2": frame.resistance_2_ohm,
        },
    )


def _tanita(data: bytes, _: Context) -> Decoded:
    line = tanita_serial.decode(data)
    return Decoded(
        line.outcome,
        given(
            model=line.model,
            weight=line.weight,
            unit=line.unit,
            height_cm=line.height_cm,
            body_fat_pct=line.fat_pct,
            bmi=line.bmi,
            impedance_ohm=line.impedance_ohm,
        ),
    )


def _indicator(data: bytes, _: Context) -> Decoded:
    line = indicator_ascii.decode(data)
    return Decoded(line.outcome, given(state=line.state, basis=line.basis, weight=line.weight, unit=line.unit))


DECODERS: Final[dict[str, Decoder]] = {
    "medisana.weight": _medisana_weight,
    "medisana.body": _medisana_body,
    "beurer.ffe1": _beurer_ffe1,
    "beurer.ffe1-record": _beurer_record,
    "qn.frame": _qn,
    "tanita.serial": _tanita,
    "indicator.ascii": _indicator,
}
"""By the name that vectors give them."""
