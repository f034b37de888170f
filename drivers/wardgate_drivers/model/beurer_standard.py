"""Beurer and its sister brands, as far as they follow the Bluetooth SIG's profiles: cuffs, scales, a thermometer.

Cuffs and the thermometer send their whole memory each time; what is known already is dropped by its id. Older ones
want no bond; newer ones show a 6-digit code the first time. Models that come in both sorts are declared without one:
a device that refuses is paired then.

The BM85 writes pulse and status big-endian and a user byte without its flag. Whether the BM48 and the BM59 do is not
known: a frame that is one byte longer than its flags say is read that way.

Source: wha-digital, innovasive_flutter_beurer_ble, protocol documents; derdilla, blood-pressure-monitor-fl, pull
requests 735 and 737; KristianP26, ble-scale-sync; openScale, issue 219 and pull request 753.
Tried on captured frames of a BM85 and a BF720, on no real device.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import blood_pressure, body_composition, temperature, weight_measurement
from wardgate_drivers.measurement import Channel, Measurement
from wardgate_drivers.model.declaration import Bond, ClockPolicy, Gatt, History, Kind, Match, Model, Subscription
from wardgate_drivers.protocol.user_data import consent_as_configured

_DEADLINE_S: Final = 120.0
"""A full memory of two users has some 120 records, of which each takes up to half a second."""
_CUFF_USERS: Final = 2
_SCALE_USERS: Final = 8

BM77: Final = Model(
    id="beurer-bm77",
    maker="Beurer, Sanitas, Silvercrest",
    name="BM54, BM57, BM77, SBM69",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(
        subscriptions=(Subscription(uuids.BLOOD_PRESSURE_MEASUREMENT, blood_pressure.measurement),),
        deadline_s=_DEADLINE_S,
    ),
    match=Match(name_prefixes=("BM54", "BM57", "BM77", "SBM69", "Beurer BM54", "Beurer BM57", "Beurer BM77")),
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.PUSHED,
    user_slots=_CUFF_USERS,
    wake="Take a measurement, then press its memory key; if it shows a code, type that at the hub.",
)


def _of_bm85(data: bytes) -> Measurement:
    standard = blood_pressure.decode(data)
    quirk = blood_pressure.Quirk.BEURER_BIG_ENDIAN if standard.trailing_bytes == 1 else None
    return blood_pressure.measurement(data, quirk)


BM85: Final = Model(
    id="beurer-bm85",
    maker="Beurer",
    name="BM85, BM48, BM59",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(
        subscriptions=(Subscription(uuids.BLOOD_PRESSURE_MEASUREMENT, _of_bm85),),
        subscribe_after_s=0.1,
        deadline_s=_DEADLINE_S,
    ),
    match=Match(name_prefixes=("BM85", "BM48", "BM59", "Beurer BM85", "Beurer BM48", "Beurer BM59")),
    bond=Bond.PASSKEY,
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.PUSHED,
    user_slots=_CUFF_USERS,
    wake="Take a measurement, then press its memory key; type the code it shows at the hub.",
)

BF720: Final = Model(
    id="beurer-bf720",
    maker="Beurer, Silvercrest",
    name="BF720, BF788, BF600, BF850, BF950, SBF77",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Gatt(
        subscriptions=(
            Subscription(uuids.WEIGHT_MEASUREMENT, weight_measurement.measurement),
            # It comes after the weight, without it, and often without a time or a user. In socks it is all zero.
            Subscription(uuids.BODY_COMPOSITION_MEASUREMENT, body_composition.beside_weight, follows=True),
        ),
        prepare=consent_as_configured,
        deadline_s=_DEADLINE_S,
        quiet_s=10.0,
    ),
    match=Match(name_prefixes=("BF720", "BF788", "BF600", "BF850", "BF950", "SBF77", "Beurer BF720", "Beurer BF850")),
    bond=Bond.JUST_WORKS,
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.PUSHED,
    user_slots=_SCALE_USERS,
    wake="Step on it and stay until it shows the weight twice.",
)

FT95: Final = Model(
    id="beurer-ft95",
    maker="Beurer",
    name="FT95",
    kind=Kind.THERMOMETER,
    channels=(Channel.TEMPERATURE,),
    link=Gatt(
        subscriptions=(
            Subscription(
                uuids.TEMPERATURE_MEASUREMENT, partial(temperature.measurement, quirk=temperature.Quirk.BEURER_FT95)
            ),
        ),
        deadline_s=60.0,
    ),
    match=Match(name_prefixes=("FT95", "Beurer FT95")),
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.PUSHED,
    wake="Take the temperature; if it shows a code, type that at the hub.",
)
