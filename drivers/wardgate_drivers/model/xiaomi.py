"""Xiaomi Mi Scale 1 and 2 and Mi Body Composition Scale 1 and 2: they only advertise.

Tried on captured broadcasts, on no real device.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import xiaomi
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Broadcast, Kind, Match, Model

XIAOMI_SCALE: Final = Model(
    id="xiaomi-scale",
    maker="Xiaomi",
    name="Mi Scale",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Broadcast(decode=xiaomi.measurement),
    match=Match(service_data_uuids=(uuids.WEIGHT_SCALE_SERVICE, uuids.BODY_COMPOSITION_SERVICE)),
    wake="Step on it and stand still until the number stops moving.",
)
