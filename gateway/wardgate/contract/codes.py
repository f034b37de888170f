"""Codes for what is measured: LOINC, IEEE 11073-10101 (MDC) and UCUM.

Sources: loinc.org; the Bluetooth SIG's Personal Health Devices Transcoding White Paper (MDC); ucum.org.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Code:
    """How the world names one quantity, and the unit in which we give it."""

    loinc: str | None
    mdc: int | None
    ucum: str


QUANTITY: Final[dict[tuple[str, str], Code]] = {
    ("weight", "weight"): Code("29463-7", 188736, "kg"),
    ("weight", "bmi"): Code("39156-5", 188752, "kg/m2"),
    ("weight", "height"): Code("8302-2", 188740, "m"),
    ("weight", "impedance"): Code(None, None, "Ohm"),
    ("weight", "fat"): Code("41982-0", 188748, "%"),
    ("weight", "fat_mass"): Code(None, None, "kg"),
    ("weight", "water"): Code("101684-9", None, "%"),
    ("weight", "water_mass"): Code("101683-1", None, "kg"),
    ("weight", "muscle"): Code("73965-6", None, "%"),
    ("weight", "muscle_mass"): Code("73964-9", None, "kg"),
    ("weight", "bone"): Code(None, None, "%"),
    ("weight", "bone_mass"): Code(None, None, "kg"),
    ("blood_pressure", "systolic"): Code("8480-6", 150021, "mm[Hg]"),
    ("blood_pressure", "diastolic"): Code("8462-4", 150022, "mm[Hg]"),
    ("blood_pressure", "mean"): Code("8478-0", 150023, "mm[Hg]"),
    ("blood_pressure", "pulse"): Code("8867-4", 149546, "/min"),
    ("saturation", "spo2"): Code("59408-5", 150456, "%"),
    ("saturation", "pulse"): Code("8889-8", 149530, "/min"),
    ("saturation", "perfusion"): Code("61006-3", 150488, "%"),
    ("temperature", "temperature"): Code("8310-5", 150364, "Cel"),
    ("heart_rate", "heart_rate"): Code("8867-4", 147842, "/min"),
    ("body_composition", "fat"): Code("41982-0", 188748, "%"),
    ("body_composition", "water"): Code("101684-9", None, "%"),
    ("body_composition", "water_mass"): Code("101683-1", None, "kg"),
    ("body_composition", "muscle"): Code("73965-6", None, "%"),
    ("body_composition", "muscle_mass"): Code("73964-9", None, "kg"),
    ("body_composition", "bone_mass"): Code(None, None, "kg"),
    ("body_composition", "fat_free_mass"): Code(None, None, "kg"),
    ("body_composition", "soft_lean_mass"): Code(None, None, "kg"),
    ("body_composition", "impedance"): Code(None, None, "Ohm"),
    ("body_composition", "basal_metabolism"): Code(None, None, "kJ"),
}
"""By (channel, quantity name)."""

PANEL: Final[dict[str, Code]] = {"blood_pressure": Code("85354-9", 150020, "")}
