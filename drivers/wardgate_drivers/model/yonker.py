"""Yonker: YK-IBPA1, also sold as Yongrow and Metiko.

It notifies its result when a host connects after the measurement, sometimes an older one first. Nothing can be asked,
and its clock can be neither read nor set and is not to be trusted.

Source: issue 615 and decoder tests of the project derdilla/blood-pressure-monitor-fl, with a captured frame. Not tried
here on a real one. Guessed: that it advertises its service.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import yonker
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model, Subscription

SERVICE: Final = "cdeacd80-5235-4c07-8846-93a37ee6b86d"
RESULT: Final = "cdeacd81-5235-4c07-8846-93a37ee6b86d"

YK_IBPA1: Final = Model(
    id="yonker-yk-ibpa1",
    maker="Yonker",
    name="YK-IBPA1",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(subscriptions=(Subscription(RESULT, yonker.measurement),), deadline_s=60.0, patience_s=30.0),
    match=Match(service_uuids=(SERVICE,)),
    history=History.PUSHED,
    wake="Take a measurement and leave the cuff switched on.",
)
