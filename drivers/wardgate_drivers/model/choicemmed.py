"""Innovo iP900BP-B and ChoiceMMed 500E-B: both characteristics have to be subscribed to, the second one speaks.

It advertises a Nordic UART service, as other makers do, so it goes by its name.
Source: public packet notes. Not tried on real devices.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import choicemmed
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.measurement import Channel, Measurement
from wardgate_drivers.model.declaration import Gatt, Kind, Match, Model, Subscription
from wardgate_drivers.uuids import sig

SILENT: Final = sig(0xFFF0)
DATA: Final = sig(0xFFF1)


def _nothing(_: bytes) -> Measurement | None:
    """What the first characteristic says is not known."""
    return None


INNOVO_IP900: Final = Model(
    id="innovo-ip900",
    maker="Innovo",
    name="iP900BP-B",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(
        subscriptions=(Subscription(SILENT, _nothing), Subscription(DATA, choicemmed.measurement, stream=STEADY)),
        deadline_s=600.0,
    ),
    match=Match(name_prefixes=("iP900BPB", "500E-B")),
    wake="Put a finger in and keep still for half a minute.",
)
