"""What the hub was told about a patient, and what it means for the channels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from wardgate_signal.finding import DAY_S, Json
from wardgate_signal.fusion.channel import Channel, number
from wardgate_signal.fusion.hypotheses import Kind


@dataclass(frozen=True, slots=True)
class _Move:
    """A channel's level is expected to move by about so much, within so many days."""

    channel: str
    by: float
    days: float = 0.0


_MOVES: Final = {
    "new_scale": (_Move("weight", 3.0),),
    "diuretic_up": (_Move("weight", 1.5, 8.0), _Move("systolic", 5.0, 8.0)),
    "diuretic_down": (_Move("weight", 0.8, 8.0), _Move("systolic", 4.0, 8.0)),
    "beta_blocker_up": (_Move("pulse", 8.0, 8.0), _Move("systolic", 6.0, 8.0)),
    "bp_drug_up": (_Move("systolic", 14.0, 8.0), _Move("pulse", 3.0, 8.0)),
    "bp_drug_down": (_Move("systolic", 14.0, 8.0), _Move("pulse", 3.0, 8.0)),
    "oxygen_started": (_Move("saturation", 3.0), _Move("pulse", 4.0, 4.0)),
    "antibiotics": (_Move("saturation", 1.0, 6.0), _Move("pulse", 5.0, 6.0)),
    "discharged": (
        _Move("weight", 3.0),
        _Move("systolic", 15.0),
        _Move("pulse", 10.0),
        _Move("saturation", 2.0),
    ),
}
_NEW_DEVICE: Final = {
    "weight": (_Move("weight", 3.0),),
    "pressure": (_Move("systolic", 12.0),),
    "oximeter": (_Move("saturation", 2.0),),
}
_DRY_WEIGHT_BY_KG: Final = 1.5

_TREATED_DAYS: Final = 10.0
_TREATED: Final = {
    "antibiotics": {Kind.RESPIRATORY: -1.5},
    "oxygen_started": {Kind.RESPIRATORY: -1.5},
    "diuretic_up": {Kind.HEART_FAILURE: -1.0, Kind.LOW_OUTPUT: -0.5},
    "discharged": {Kind.HEART_FAILURE: -1.0, Kind.RESPIRATORY: -1.0, Kind.LOW_OUTPUT: -1.0},
}
"""What is being treated is known: it takes more to tell it again. It fades with time."""
_EASED: Final = {note: [by.get(kind, 0.0) for kind in Kind] for note, by in _TREATED.items()}
_BEEN_IN_HOSPITAL: Final = 0.5
_MOST_STAYS: Final = 2
_STAY_DAYS: Final = 3.0
"""Who has been in hospital is likelier to go there again: so much more for each stay, and the same one is told once."""


class Notes:
    """Takes the notes and remembers what is being treated."""

    def __init__(self) -> None:
        self._treated: dict[str, float] = {}
        self._stays = 0

    def take(self, note: str, device: str, time_s: float, channels: dict[str, Channel]) -> None:
        """Act on a note that came with a reading; one that is not known changes nothing."""
        moves = _NEW_DEVICE[device] if note == "new_device" else _MOVES.get(note, ())
        if _is_dry_weight(note):
            moves = (_Move("weight", _DRY_WEIGHT_BY_KG),)
        for move in moves:
            channels[move.channel].unsettle(time_s, move.by, move.days)
        if note == "discharged" and time_s - self._treated.get(note, -math.inf) > _STAY_DAYS * DAY_S:
            self._stays += 1
        if note in _TREATED:
            self._treated[note] = time_s

    def priors(self, time_s: float) -> list[float]:
        """What is added to the log odds of each kind."""
        added = [0.0] * len(Kind)
        for note, since_s in self._treated.items():
            left = max(0.0, 1.0 - (time_s - since_s) / DAY_S / _TREATED_DAYS)
            if left:
                added = [min(so_far, by * left) for so_far, by in zip(added, _EASED[note], strict=True)]
        stays = _BEEN_IN_HOSPITAL * min(self._stays, _MOST_STAYS)
        return [by + stays for by in added]

    def save(self) -> Json:
        """For `load`."""
        return {
            "treated": dict[str, Json](self._treated),
            "stays": float(self._stays),
        }

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        treated = saved.get("treated") if isinstance(saved, dict) else None
        if not isinstance(saved, dict) or not isinstance(treated, dict) or not _TREATED.keys() >= treated.keys():
            raise ValueError("no saved notes")
        self._treated = {note: number(since_s) for note, since_s in treated.items()}
        self._stays = int(number(saved.get("stays")))


def _is_dry_weight(note: str) -> bool:
    name, _, kg = note.partition(":")
    if name != "dry_weight":
        return False
    try:
        return math.isfinite(float(kg))
    except ValueError:
        return False
