"""Jumper JPD-500F, JPD-500G ("My Oximeter"): values and waveform on one characteristic while a finger is in.

Source: SensorsIot/Oximeters-BLE-Hack-ESP32; obniz. Not tried on real devices.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import jumper
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, Kind, Match, Model, Subscription

SERVICE: Final = "cdeacb80-5235-4c07-8846-93a37ee6b86d"
DATA: Final = "cdeacb81-5235-4c07-8846-93a37ee6b86d"

JUMPER_JPD_500: Final = Model(
    id="jumper-jpd-500",
    maker="Jumper",
    name="JPD-500F",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(subscriptions=(Subscription(DATA, jumper.measurement, stream=STEADY),), deadline_s=600.0),
    match=Match(service_uuids=(SERVICE,)),
    wake="Put a finger in and keep still for half a minute.",
)
