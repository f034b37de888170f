"""Beurer PO60: on the air after use; its memory is read and, once it is safe, erased.

Source: Beurer PO60 protocol as documented by wha-digital, with values of a log. Not tried on a real device.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model
from wardgate_drivers.protocol import po60

BEURER_PO60: Final = Model(
    id="beurer-po60",
    maker="Beurer",
    name="PO60",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(subscriptions=(), deadline_s=120.0, prepare=po60.visit, converse=po60.converse),
    match=Match(name_prefixes=("PO60",)),
    history=History.ASKED,
    live_s=180.0,
    wake="Measure until it shows a result, then take the finger out.",
)
