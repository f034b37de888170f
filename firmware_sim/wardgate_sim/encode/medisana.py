"""Medisana's scales: weight (0x8A21) and body composition (0x8A22), 19 bytes each, little-endian."""

from __future__ import annotations

from wardgate_sim.encode.civil import Civil

EPOCH_2010_S = Civil(2010, 1, 1, 0, 0, 0).civil_s
EPOCH_1970_S = 0


def _seconds(at: Civil, epoch_s: int) -> bytes:
    return max(0, at.civil_s - epoch_s).to_bytes(4, "little")


def weight(weight_kg: float, at: Civil, *, user: int, epoch_s: int = EPOCH_2010_S, unit: int = 0) -> bytes:
    """Flags (unit in bits 5 and 6), weight, FE, time, impedance's place, user."""
    frame = bytes([0x1D | unit << 5]) + round(weight_kg * 100).to_bytes(2, "little") + b"\x00\xfe"
    frame += _seconds(at, epoch_s) + b"\x00\x00\xff\x02" + bytes([user, 0x09])
    return frame.ljust(19, b"\0")


def body(
    at: Civil,
    *,
    user: int,
    kcal: int,
    fat_pct: float,
    water_pct: float,
    muscle_pct: float,
    bone_kg: float,
    epoch_s: int = EPOCH_2010_S,
) -> bytes:
    """Time, user, energy, four tenths of 12 bits each with F in front."""
    frame = b"\x6f" + _seconds(at, epoch_s) + bytes([user]) + kcal.to_bytes(2, "little")
    for value in (fat_pct, water_pct, muscle_pct, bone_kg):
        frame += (round(value * 10) | 0xF000).to_bytes(2, "little")
    return frame.ljust(19, b"\0")


def read_clock(value: bytes, epoch_s: int) -> Civil:
    """The time that a host wrote.

    Raises:
        ValueError: it wrote something else.
    """
    if len(value) != 5 or value[0] != 0x02:
        raise ValueError(f"no clock: {value.hex()}")
    return Civil.from_s(epoch_s + int.from_bytes(value[1:], "little"))
