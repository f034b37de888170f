"""Microlife: BP A6 BT and the BP3GY1 family.

On the air on their Bluetooth key. They tell their whole memory each time and erase nothing; times have no seconds.

Source: protocol notes of the project joergmlpts/blood-pressure-monitor. No document of the maker's, and not tried here
on a real one. Guessed: by which names they advertise, and that a reply of 38 bytes or more is always the memory. The
memory of two users is told as one, without a word whose a record is.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model
from wardgate_drivers.protocol import microlife

BP_A6_BT: Final = Model(
    id="microlife-bp-a6-bt",
    maker="Microlife",
    name="BP A6 BT",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(subscriptions=(), deadline_s=60.0, converse=microlife.converse),
    match=Match(name_prefixes=("BP A6 BT", "BP3T01", "BP3GY1", "Microlife")),
    history=History.ASKED,
    wake="Press the Bluetooth key.",
)
