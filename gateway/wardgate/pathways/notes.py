"""What the detectors can be told about the treatment, the devices, and a reading that is about to come."""

from __future__ import annotations

import math
import re
from typing import Final

from wardgate.checked import did_you_mean

NOTES: Final[dict[str, tuple[str, ...]]] = {
    "new_scale": ("weight",),
    "new_device": ("blood_pressure", "saturation"),
    "diuretic_up": ("weight", "blood_pressure"),
    "diuretic_down": ("weight", "blood_pressure"),
    "discharged": ("weight", "blood_pressure", "saturation"),
    "beta_blocker_up": ("blood_pressure", "saturation"),
    "bp_drug_up": ("blood_pressure",),
    "bp_drug_down": ("blood_pressure",),
    "antibiotics": ("saturation",),
    "oxygen_started": ("saturation",),
    "standing": ("blood_pressure",),
    "symptoms:dizzy": ("blood_pressure",),
    "symptoms:faint": ("blood_pressure",),
}
"""Each note with the channels to whose detectors it says something."""
STANDING: Final = "standing"
SYMPTOMS: Final = "symptoms"
AT_READING: Final = frozenset({STANDING, "symptoms:dizzy", "symptoms:faint"})
"""About the next reading alone, and only if it comes within `AT_READING_S`. Of several the last one said counts."""
AT_READING_S: Final = 600.0
"""As long as a reading on standing up belongs to the one sitting before it (`wardgate_signal.pressure.therapy`)."""
DRY_WEIGHT: Final = "dry_weight"
_DRY_WEIGHT: Final = re.compile(r"dry_weight:(\d{2,3}(?:\.\d+)?)")


def note_problem(note: str) -> str | None:
    """Why this note cannot be taken; None when it can."""
    if note in NOTES:
        return None
    if note.partition(":")[0] == DRY_WEIGHT:
        match = _DRY_WEIGHT.fullmatch(note)
        kg = float(match[1]) if match else math.nan
        return None if 20.0 < kg < 400.0 else f"`{note}` has to look like dry_weight:78.5, in kilograms."
    if note.partition(":")[0] == SYMPTOMS:
        return f"`{note}` is no note: of symptoms the detectors know symptoms:dizzy and symptoms:faint. Ring the team."
    if note.partition(":")[0] == STANDING:
        return f"`{note}` is no note: say `standing`, then measure with the cuff. The hub takes its values from there."
    return f"`{note}` is no note. {did_you_mean(note, (*NOTES, 'dry_weight:<kg>'))}"


def noted(note: str) -> str:
    """What is answered to whoever has said it."""
    if note in AT_READING:
        return (
            f"Noted: {note}. It is about the next reading of the cuff, within {AT_READING_S / 60.0:g} minutes from now."
        )
    return f"Noted: {note}."


def channels_of(note: str) -> tuple[str, ...]:
    """To whose detectors it is told."""
    return ("weight",) if note.startswith(DRY_WEIGHT) else NOTES.get(note, ())
