"""Devices that people ask for and that Wardgate cannot know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Unsupported:
    """One of them, with the reason."""

    name: str
    kind: str
    why: str


UNSUPPORTED: Final = (
    Unsupported(
        "iHealth BP5, BP7S, PO3M, HS2",
        "cuff, oximeter, scale",
        "The connection begins with a keyed handshake for which the maker issues licences. Some newer cuffs (Track) "
        "are said to speak the standard profile; nobody has checked.",
    ),
    Unsupported(
        "Withings BPM, Body, Thermo",
        "cuff, scale, thermometer",
        "Wi-Fi or a closed Bluetooth link; readings come only through the maker's cloud.",
    ),
    Unsupported("TytoCare", "examination kit", "No local interface is published."),
    Unsupported(
        "Boso medicus system, LS BPM", "cuff", "The maker's own login exchange is not known; only that there is one."
    ),
    Unsupported(
        "Marsden medical scales",
        "scale",
        "No public text on their serial or Bluetooth interface was found. Ask the maker; scales that print text lines "
        "may fit the model for weighing indicators.",
    ),
)
