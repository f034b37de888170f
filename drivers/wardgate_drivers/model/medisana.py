"""Medisana BS440, BS444 (seconds from 2010) and BS430 (seconds from 1970).

They come on the air while somebody stands on them, send after the host has written the time, and name users 1 to 8.
Which epoch a scale counts from is told by the name it advertises. The body's composition is a reading of its own.

Source: captures beside the display's figures (Stack Overflow question 34309288); openScale's description.
Guessed: that it hangs up by itself once it has sent. Not tried on real devices.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import medisana as codec
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model, Subscription
from wardgate_drivers.protocol import medisana as protocol

_WAKE: Final = "Step on it and stand still until the number stops moving."


def _link(epoch_s: float) -> Gatt:
    return Gatt(
        subscriptions=(
            Subscription(protocol.WEIGHT, lambda data: codec.measurement(data, epoch_s)),
            Subscription(protocol.BODY, lambda data: codec.body_measurement(data, epoch_s)),
        ),
        deadline_s=90.0,
        converse=protocol.converse(epoch_s),
    )


BS444: Final = Model(
    id="medisana-bs444",
    maker="Medisana",
    name="BS444",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=_link(codec.EPOCH_2010_S),
    match=Match(name_prefixes=("013197", "013198", "0202B6", "0202b6")),
    history=History.PUSHED,
    user_slots=8,
    wake=_WAKE,
)

BS430: Final = Model(
    id="medisana-bs430",
    maker="Medisana",
    name="BS430",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=_link(codec.EPOCH_1970_S),
    match=Match(name_prefixes=("0203B", "0203b")),
    history=History.PUSHED,
    user_slots=8,
    wake=_WAKE,
)
