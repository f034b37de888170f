"""Xiaomi's scales: service data of Weight Scale (0x181D, first generation) and Body Composition (0x181B, second)."""

from __future__ import annotations

from enum import StrEnum

from wardgate_sim.encode.civil import Civil, date_time


class Unit(StrEnum):
    """What the scale is set to. A jin is half a kilogram."""

    KG = "kg"
    LB = "lb"
    JIN = "jin"


def _raw(weight: float, unit: Unit) -> bytes:
    return round(weight * (200 if unit is Unit.KG else 100)).to_bytes(2, "little")


def scale_v1(weight: float, at: Civil, *, unit: Unit = Unit.KG, stabilised: bool, removed: bool) -> bytes:
    """Control (its bit 1 is always set in what was captured), weight, time."""
    control = 0x02 | (unit is Unit.LB) | (unit is Unit.JIN) << 4 | stabilised << 5 | removed << 7
    return bytes([control]) + _raw(weight, unit) + date_time(at)


def scale_v2(
    weight: float,
    at: Civil,
    *,
    unit: Unit = Unit.KG,
    stabilised: bool,
    removed: bool,
    impedance_ohm: int | None = None,
) -> bytes:
    """Two control bytes (bit 1 of the first and bit 2 of the second are set in captures), time, impedance, weight."""
    first = 0x02 | (unit is Unit.LB)
    second = 0x04 | (impedance_ohm is not None) << 1 | stabilised << 5 | (unit is Unit.JIN) << 6 | removed << 7
    impedance = (impedance_ohm or 0).to_bytes(2, "little")
    return bytes([first, second]) + date_time(at) + impedance + _raw(weight, unit)
