"""Yonker: YK-IBPA1, also sold as Yongrow and Metiko.

It notifies its result when a host connects after the measurement, sometimes an older one first. Nothing can be asked,
and its clock can be neither read nor set and is not to be trusted.

Source: issue 615 and decoder tests of the project derdilla/blood-pressure-monitor-fl, with a captured frame. Not tried
here on a real one. Guessed: that it advertises its service.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model
from wardgate_drivers.protocol import yonker

YK_IBPA1: Final = Model(
    id="yonker-yk-ibpa1",
    maker="Yonker",
    name="YK-IBPA1",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(subscriptions=(), deadline_s=60.0, converse=yonker.converse),
    match=Match(service_uuids=(yonker.SERVICE,)),
    history=History.PUSHED,
    wake="Take a measurement and leave the cuff switched on.",
)
