"""A&D Medical: UA-651BLE, UA-656BLE and UA-1200BLE cuffs, UC-352BLE and UC-355BLE scales, UT-201BLE thermometer.

On the air only after a measurement, or in pairing mode. On every connection they want their indications enabled and
the time written within about 5 s; then they send what is unsent and hang up by themselves. They know one host only.

The UA-1200BLE comes on the air with nothing to send as well. The UA-656BLE knows several users. Some cuffs come with
room for no record that could not be sent: they are given some in each session (200 records on a UA-656BLE).

Source: A&D Medical, Bluetooth Low Energy SDK documents 1.2.
Not tried on real devices; what a cuff sends after a failed cycle is assumed (NaN in all pressures).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import blood_pressure, temperature, weight_measurement
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Bond, ClockPolicy, Gatt, History, Kind, Match, Model, Subscription
from wardgate_drivers.protocol.and_buffer import UA_651BLE_SIZE, UA_656BLE_SIZE, with_buffer

_UA_656BLE_USERS: Final = 2
"""How many it has is not public; that it has several is what counts."""
_DEADLINE_S: Final = 60.0
"""A full memory of 30 records takes about 10 s."""

_LARGE_MEMORY_DEADLINE_S: Final = 120.0
_CUFF_SUBSCRIPTIONS: Final = (Subscription(uuids.BLOOD_PRESSURE_MEASUREMENT, blood_pressure.measurement),)

UA_651BLE: Final = Model(
    id="and-ua-651ble",
    maker="A&D",
    name="UA-651BLE",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(
        subscriptions=_CUFF_SUBSCRIPTIONS,
        prepare=with_buffer(UA_651BLE_SIZE),
        deadline_s=_DEADLINE_S,
    ),
    match=Match(name_prefixes=("A&D_UA-651BLE",)),
    bond=Bond.JUST_WORKS,
    clock=ClockPolicy.WRITE_DATE_TIME,
    history=History.PUSHED,
    disconnect_after_bond=True,
    wake="Take a measurement; to pair, hold START until Pr shows.",
)

UA_656BLE: Final = replace(
    UA_651BLE,
    id="and-ua-656ble",
    name="UA-656BLE",
    link=Gatt(
        subscriptions=_CUFF_SUBSCRIPTIONS, prepare=with_buffer(UA_656BLE_SIZE), deadline_s=_LARGE_MEMORY_DEADLINE_S
    ),
    match=Match(name_prefixes=("A&D_UA-656BLE",)),
    user_slots=_UA_656BLE_USERS,
)

UA_1200BLE: Final = replace(
    UA_651BLE,
    id="and-ua-1200ble",
    name="UA-1200BLE",
    link=Gatt(subscriptions=_CUFF_SUBSCRIPTIONS, deadline_s=_DEADLINE_S),
    match=Match(name_prefixes=("A&D_UA-1200BLE",)),
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
    match=Match(name_prefixes=("A&D_UC-352BLE", "A&D_UC-355BLE")),
    bond=Bond.JUST_WORKS,
    clock=ClockPolicy.WRITE_DATE_TIME,
    history=History.PUSHED,
    disconnect_after_bond=True,
    wake="Step on it; to pair, hold the button underneath until Pr shows.",
)

UT_201BLE: Final = Model(
    id="and-ut-201ble",
    maker="A&D",
    name="UT-201BLE",
    kind=Kind.THERMOMETER,
    channels=(Channel.TEMPERATURE,),
    link=Gatt(
        subscriptions=(Subscription(uuids.TEMPERATURE_MEASUREMENT, temperature.measurement),),
        deadline_s=_DEADLINE_S,
    ),
    match=Match(name_prefixes=("A&D_UT-201BLE", "A&D_UT201BLE")),
    bond=Bond.JUST_WORKS,
    clock=ClockPolicy.WRITE_DATE_TIME,
    history=History.PUSHED,
    disconnect_after_bond=True,
    wake="Take the temperature; to pair, hold its button until Pr shows.",
)
