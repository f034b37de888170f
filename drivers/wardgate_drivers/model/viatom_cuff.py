"""Wellue/Viatom BP2 and BP2W.

The hub asks for its state, its details and its file of results, and sets its clock. It can send nothing else: see
`wardgate_drivers.codec.viatom_lepu`. The cuff's ECG is not read. Users are numbers of the maker's cloud accounts.

Source: protocol notes and captures of the project chalimov/viatom_bp2_ha, from one LP-BP2W. No document of the maker's,
and not tried here on a real one. Guessed: that the other members of the family answer as that one did.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model
from wardgate_drivers.protocol import viatom_bp2

BP2: Final = Model(
    id="viatom-bp2",
    maker="Viatom",
    name="BP2, BP2W",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    # Three measurements in a row, with their pauses, are waited for.
    link=Gatt(subscriptions=(), deadline_s=420.0, converse=viatom_bp2.converse),
    match=Match(name_prefixes=("BP2", "Checkme BP2", "LP-BP2")),
    history=History.ASKED,
    user_slots=2,
    wake="Switch it on, or take a measurement.",
)
