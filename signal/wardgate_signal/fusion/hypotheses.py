"""What can be the matter with a patient, and what each would do to weight, pressure, pulse and saturation.

Sizes are those of a change come to its full height. Each hypothesis spreads its belief over a grid of sizes of
each channel, nothing at all among them: an episode without gain, or under a pulse that does not move, is still one.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final

import numpy as np

from wardgate_signal.fusion.channel import Floats, Nature


class Kind(StrEnum):
    """What is likely the matter."""

    HEART_FAILURE = "heart_failure"
    RESPIRATORY = "respiratory"
    LOW_OUTPUT = "low_output"


CHANNELS: Final = ("weight", "systolic", "pulse", "saturation")

NATURES: Final = {
    "weight": Nature(80.0, 40.0, 0.35, 0.15, 2.0, 0.12, gross=3.5),
    "systolic": Nature(135.0, 26.0, 7.0, 2.0, 2.0, 1.2),
    "pulse": Nature(75.0, 15.0, 3.5, 1.25, 2.0, 0.8, offset_sd=3.0),
    "saturation": Nature(94.0, 4.0, 0.9, 0.25, 2.0, 0.16),
}

POSSIBLE: Final = {
    "weight": (20.0, 400.0),
    "systolic": (40.0, 300.0),
    "pulse": (20.0, 250.0),
    "saturation": (50.1, 100.0),
}
"""What of each channel can be a patient's. Outside are clips in the air, cuffs off, makers' fill values."""

DIASTOLIC_SHARE: Final = 0.7
_MOVED: Final = 1.0 + DIASTOLIC_SHARE / 2.0
"""In a worsening the diastolic moves by about half of what the systolic does."""

SIZES: Final = np.array(
    [
        [-3.6, -2.2, -1.1, 0.0, 1.1, 2.2, 3.8],
        [-38.0, -23.0, -11.0, 0.0, 11.0, 23.0, 38.0],
        [-17.0, -10.0, -5.0, 0.0, 6.0, 13.0, 24.0],
        [-7.0, -4.2, -2.0, 0.0, 1.0, 2.0, 3.6],
    ]
)
"""By channel (kg, mmHg, bpm, %)."""

BELIEFS: Final = {
    Kind.HEART_FAILURE: (
        (0.0, 0.0, 0.02, 0.28, 0.3, 0.25, 0.15),
        (0.08, 0.14, 0.13, 0.3, 0.13, 0.14, 0.08),
        (0.0, 0.0, 0.02, 0.33, 0.35, 0.22, 0.08),
        (0.04, 0.14, 0.36, 0.46, 0.0, 0.0, 0.0),
    ),
    Kind.RESPIRATORY: (
        (0.0, 0.01, 0.12, 0.85, 0.02, 0.0, 0.0),
        (0.01, 0.04, 0.1, 0.7, 0.1, 0.04, 0.01),
        (0.0, 0.0, 0.0, 0.17, 0.33, 0.35, 0.15),
        (0.25, 0.4, 0.27, 0.08, 0.0, 0.0, 0.0),
    ),
    Kind.LOW_OUTPUT: (
        (0.15, 0.35, 0.3, 0.2, 0.0, 0.0, 0.0),
        (0.2, 0.4, 0.3, 0.1, 0.0, 0.0, 0.0),
        (0.0, 0.0, 0.02, 0.33, 0.4, 0.2, 0.05),
        (0.0, 0.01, 0.07, 0.9, 0.02, 0.0, 0.0),
    ),
}
"""By channel, over the sizes."""

HARMLESS: Final = (0.15, 0.2, 0.15, 0.0, 0.15, 0.2, 0.15)
"""One channel alone has moved to a new level, and nothing is the matter: a device, a drug, a way of life."""
HARMLESS_ODDS: Final = np.array([0.005, 0.0125, 0.02, 0.0125])

PACES_DAYS: Final = (2.0, 6.0, 12.0, 22.0)
PACE_ODDS: Final = np.array(
    [
        [0.15, 0.3, 0.35, 0.2],
        [0.25, 0.37, 0.26, 0.12],
        [0.15, 0.3, 0.35, 0.2],
        [0.15, 0.3, 0.35, 0.2],
    ]
)
"""By kind (and, last, a harmless change): water gathers over weeks, a chest goes bad within days."""
ONSETS: Final = 18
ONSET_EVERY_DAYS: Final = 1.5
FADE_BEFORE_DAYS: Final = 6.0
FADE_PER_DAY: Final = 0.3
"""A change is news while it grows: from so long before its full height it counts less each day."""

_LUNG: Final = frozenset({"copd", "pneumonia", "covid", "asthma", "bronchiectasis"})


ASKED_FIRST: Final = {Kind.HEART_FAILURE: 0.0, Kind.RESPIRATORY: -2.0, Kind.LOW_OUTPUT: -2.7}
"""What the score takes off in a patient with heart failure: false alerts are borne for the kind that is waited for,
and the others have to be plainer. What it is called knows nothing of it."""


def prior_log_odds(conditions: AbstractSet[str]) -> dict[Kind, float]:
    """How much likelier each is to begin with, given what the patient is known to have."""
    heart = "heart_failure" in conditions
    lung = bool(_LUNG & set(conditions))
    return {
        Kind.HEART_FAILURE: 0.0 if heart else -2.5,
        Kind.RESPIRATORY: 0.0 if lung else -1.9 if heart else -1.2,
        Kind.LOW_OUTPUT: -1.3 if heart else -1.5 if "frailty" in conditions else -2.5,
    }


def pressure_mmhg(systolic_mmhg: float, diastolic_mmhg: float) -> float:
    """Both figures of a cuff as one, on the scale of the systolic's changes.

    What they have in common is the patient's pressure; part of the noise is each one's own.
    """
    return (systolic_mmhg + DIASTOLIC_SHARE * diastolic_mmhg) / _MOVED


def possible(channel: str, value: float) -> bool:
    """Whether a patient can have this."""
    low, high = POSSIBLE[channel]
    return low <= value <= high


def beliefs(*, beta_blocker: bool) -> Floats:
    """Beliefs by channel, kind (and, last, a harmless change) and size: shape (4, 4, 7)."""
    table = np.array([[*(BELIEFS[kind][c] for kind in Kind), HARMLESS] for c in range(len(CHANNELS))])
    if beta_blocker:
        # The pulse says less: half of what it would rise by, in more of them nothing.
        pulse = table[CHANNELS.index("pulse"), : len(Kind)]
        moved = pulse[:, 4:] * 0.6
        lost = pulse[:, 4:].sum(axis=1) - moved.sum(axis=1)
        pulse[:, 4:] = np.stack(
            [moved[:, 0] + moved[:, 1] / 2, moved[:, 1] / 2 + moved[:, 2] / 2, moved[:, 2] / 2], axis=1
        )
        pulse[:, 3] += lost
    return table
