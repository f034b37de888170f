"""Viatom: the PC-60 family (made by Creative), which streams, and the O2Ring family (sold by Wellue), which is asked.

The O2Ring's service is that of the same maker's cuffs, and the PC-60's is anybody's, so both go by their names.
An O2Ring's recordings are fetched once it was taken off, one measurement of each; its clock is read and never set. The
O2Ring S speaks another protocol.
Source: sza2/viatom_pc60fw; public notes on the O2Ring; MackeyStingray/o2r; the maker's demonstration program (LepuBle).
PC-60 tried on captured frames; neither on a real device.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model
from wardgate_drivers.protocol import creative, viatom

VIATOM_PC60: Final = Model(
    id="viatom-pc60",
    maker="Viatom",
    name="PC-60FW",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(subscriptions=(), deadline_s=600.0, converse=creative.converse),
    match=Match(name_prefixes=("PC-60", "FS20F", "VTM 20F", "KS-60")),
    wake="Put a finger in and keep still for half a minute.",
)

VIATOM_O2RING: Final = Model(
    id="viatom-o2ring",
    maker="Viatom",
    name="O2Ring",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(subscriptions=(), deadline_s=1800.0, converse=viatom.converse),
    match=Match(name_prefixes=("O2Ring", "Checkme O2", "Checkme_O2", "SleepU", "WearO2", "SleepO2")),
    history=History.ASKED,
    wake="Put it on and keep still for half a minute. Close other programs that use it.",
)
