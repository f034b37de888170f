"""Weight Measurement (0x2A9D) and Weight Scale Feature (0x2A9E)."""

from __future__ import annotations

from enum import IntFlag

from wardgate_sim.encode.civil import Civil, date_time

UNSUCCESSFUL = 0xFFFF


class Flags(IntFlag):
    """First byte of a measurement."""

    IMPERIAL = 0x01
    TIME_STAMP = 0x02
    USER = 0x04
    BMI_AND_HEIGHT = 0x08


class Feature(IntFlag):
    """What a scale can tell; bits 3-6 its weight precision, bits 7-9 its height precision."""

    TIME_STAMP = 0x01
    MULTIPLE_USERS = 0x02
    BMI = 0x04


def measurement(
    weight: float | None,
    *,
    imperial: bool = False,
    at: Civil | None = None,
    user: int | None = None,
    bmi_and_height: tuple[float, float] | None = None,
) -> bytes:
    """Weight in kg (steps of 0.005) or lb (0.01), None when unsuccessful; height in m (0.001) or in (0.1)."""
    flags = Flags.IMPERIAL if imperial else Flags(0)
    raw = UNSUCCESSFUL if weight is None else round(weight / (0.01 if imperial else 0.005))
    body = raw.to_bytes(2, "little")
    if at is not None:
        flags |= Flags.TIME_STAMP
        body += date_time(at)
    if user is not None:
        flags |= Flags.USER
        body += bytes([user])
    if bmi_and_height is not None:
        flags |= Flags.BMI_AND_HEIGHT
        bmi, height = bmi_and_height
        body += round(bmi / 0.1).to_bytes(2, "little")
        body += round(height / (0.1 if imperial else 0.001)).to_bytes(2, "little")
    return bytes([flags]) + body


def feature(features: Feature, *, weight_precision: int = 0, height_precision: int = 0) -> bytes:
    """Four bytes of feature bits; the precisions are the codes of the specification's tables."""
    return (features | weight_precision << 3 | height_precision << 7).to_bytes(4, "little")


def renpho(weight: float, *, at: Civil, user: int) -> bytes:
    """As an ES-WBE28 sends it: steps of 0.05 kg, empty BMI and height, reserved bit 6 set."""
    flags = Flags.TIME_STAMP | Flags.USER | Flags.BMI_AND_HEIGHT | 0x40
    return bytes([flags]) + round(weight / 0.05).to_bytes(2, "little") + date_time(at) + bytes([user]) + bytes(4)


def detecto(weight: float, *, bmi_and_height: tuple[float, float] | None = None) -> bytes:
    """As a Detecto sends it: no time stamp; below its zero reserved bit 4 is set and the weight is 0."""
    if weight < 0:
        return bytes([0x10]) + bytes(2)
    return measurement(weight, bmi_and_height=bmi_and_height)
