"""A maker's own scale, as a package of its own would bring it."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.evidence import Evidence
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, Kind, Match, Model, Subscription
from wardgate_drivers.model.elsewhere import Offer

from . import frame

SERVICE: Final = "acce0001-0d5f-11e2-8b5e-0002a5d5c51b"
WEIGHT: Final = "acce0002-0d5f-11e2-8b5e-0002a5d5c51b"

ACME_SCALE: Final = Model(
    id="acme-scale",
    maker="Acme",
    name="Scale 1",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Gatt(subscriptions=(Subscription(WEIGHT, frame.measurement),), deadline_s=30.0, quiet_s=1.0),
    match=Match(service_uuids=(SERVICE,)),
    wake="Step on it.",
)

OFFER: Final = Offer(
    models=(ACME_SCALE,),
    evidence={"acme-scale": Evidence(decoders=("acme.weight",), source="Acme, interface description 1")},
    decoders={"acme.weight": frame.decoded},
)
