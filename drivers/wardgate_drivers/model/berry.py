"""Berry BM1000 family: streams while a finger is in.

Source: jablko/webbm1000 and zh2x's notes on the BCI protocol. Not tried on real devices.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, Kind, Match, Model
from wardgate_drivers.protocol import berry

BERRY_BM1000: Final = Model(
    id="berry-bm1000",
    maker="Berry",
    name="BM1000",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(subscriptions=(), deadline_s=600.0, converse=berry.converse),
    match=Match(name_prefixes=("BerryMed",)),
    wake="Put a finger in and keep still for half a minute.",
)
