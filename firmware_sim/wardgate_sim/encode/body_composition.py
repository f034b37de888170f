"""Body Composition Measurement (0x2A9C)."""

from __future__ import annotations

from wardgate_sim.encode.civil import Civil, date_time


def measurement(
    body_fat_pct: float | None,
    *,
    at: Civil | None = None,
    user: int | None = None,
    basal_metabolism_kj: int | None = None,
    muscle_pct: float | None = None,
    soft_lean_kg: float | None = None,
    body_water_kg: float | None = None,
    impedance_ohm: float | None = None,
    weight_kg: float | None = None,
) -> bytes:
    """Fat (None: unsuccessful), then each field that is given, in the order of its flag. Always SI."""
    fields = (
        (1, None if at is None else date_time(at)),
        (2, None if user is None else bytes([user])),
        (3, _word(basal_metabolism_kj, 1)),
        (4, _word(muscle_pct, 10)),
        (7, _word(soft_lean_kg, 200)),
        (8, _word(body_water_kg, 200)),
        (9, _word(impedance_ohm, 10)),
        (10, _word(weight_kg, 200)),
    )
    flags = sum(1 << bit for bit, field in fields if field is not None)
    fat = 0xFFFF if body_fat_pct is None else round(body_fat_pct * 10)
    body = b"".join(field for _, field in fields if field is not None)
    return flags.to_bytes(2, "little") + fat.to_bytes(2, "little") + body


def _word(value: float | None, per_unit: int) -> bytes | None:
    return None if value is None else round(value * per_unit).to_bytes(2, "little")
