"""Scales of the QN family: Renpho ES-30M and many others that advertise as QN-Scale or Renpho-Scale.

They are on the air while somebody stands on them, want their unit and the time, and say how their weights are divided.
They have no memory that is read here and tell no users. Older ones, whose weight frame has 10 bytes, are refused.

Source: openScale's and ble-scale-sync's descriptions, with captured frames.
Guessed: the order of greeting and answer. Not tried on real devices.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, Kind, Match, Model
from wardgate_drivers.protocol import qn_scale as protocol

QN_SCALE: Final = Model(
    id="qn-scale",
    maker="Renpho",
    name="QN scale",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Gatt(subscriptions=(), deadline_s=120.0, converse=protocol.converse),
    match=Match(name_prefixes=("QN-Scale", "Renpho-Scale", "RENPHO-Scale")),
    wake="Step on it and stand still until the number stops moving.",
)
