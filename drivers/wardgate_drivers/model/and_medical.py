"""A&D Medical: UA-651BLE cuff and UC-352BLE scale.

On the air only after a measurement, or in pairing mode. On every connection they want their indications enabled and
the time written within about 5 s; then they send what is unsent and hang up by themselves. They know one host only.

Source: A&D Medical, Bluetooth Low Energy SDK documents 1.2.
Not tried on real devices; what a cuff sends after a failed cycle is assumed (NaN in all pressures).
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import blood_pressure, weight_measurement
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Bond, ClockPolicy, Gatt, History, Kind, Match, Model, Subscription

_DEADLINE_S: Final = 60.0
"""A full memory of 30 records takes about 10 s."""

UA_651BLE: Final = Model(
    id="and-ua-651ble",
    maker="A&D",
    name="UA-651BLE",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(
        subscriptions=(Subscription(uuids.BLOOD_PRESSURE_MEASUREMENT, blood_pressure.measurement),),
        deadline_s=_DEADLINE_S,
    ),
    match=Match(name_prefixes=("A&D_UA-651BLE",)),
    bond=Bond.JUST_WORKS,
    clock=ClockPolicy.WRITE_DATE_TIME,
    history=History.PUSHED,
    disconnect_after_bond=True,
    wake="Take a measurement; to pair, hold START until Pr shows.",
)

UC_352BLE: Final = Model(
    id="and-uc-352ble",
    maker="A&D",
    name="UC-352BLE",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Gatt(
        subscriptions=(Subscription(uuids.WEIGHT_MEASUREMENT, weight_measurement.measurement),),
        deadline_s=_DEADLINE_S,
    ),
    match=Match(name_prefixes=("A&D_UC-352BLE",)),
    bond=Bond.JUST_WORKS,
    clock=ClockPolicy.WRITE_DATE_TIME,
    history=History.PUSHED,
    disconnect_after_bond=True,
    wake="Step on it; to pair, hold the button underneath until Pr shows.",
)
