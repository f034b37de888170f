"""Nonin: 3230 Onyx and 3150 WristOx2 (Bluetooth, format 19) and 9560 Onyx (serial line, format 13).

The 3230's radio is on while a finger is in. It marks a value that is good enough for the record (SmartPoint); after
the "complete" command it shows a tick and turns its radio off.
The 3150 BLE is on the air while it is worn, and can be bonded with for two minutes after its batteries were put in.
The 9560 keeps unsent readings with their own times and repeats each until it is acknowledged.

Source: Nonin 3230 integration notes; Nonin 9560 Bluetooth specification.
Not tried on real devices.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import nonin_df19
from wardgate_drivers.link.nonin_serial import NoninFormat13Session
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Bond, Gatt, History, Kind, Match, Model, Serial, Stream, Subscription

COMPLETE: Final = b"\x62NMI"
"""Tells a 3230 that its measurement has been taken over."""


_STREAM: Final = Stream(
    good=frozenset({nonin_df19.SMARTPOINT}),
    doubtful=frozenset({nonin_df19.SEARCHING, nonin_df19.ENCRYPTED}),
)

NONIN_3230: Final = Model(
    id="nonin-3230",
    maker="Nonin",
    name="3230 Onyx",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(
        subscriptions=(Subscription(uuids.NONIN_CONTINUOUS_OXIMETRY, nonin_df19.measurement, stream=_STREAM),),
        deadline_s=600.0,
        on_measurement=COMPLETE,
        command_characteristic=uuids.NONIN_CONTROL_POINT,
    ),
    match=Match(service_uuids=(uuids.NONIN_OXIMETRY_SERVICE,)),
    wake="Put a finger in and keep still until a tick shows.",
)

NONIN_3150: Final = Model(
    id="nonin-3150",
    maker="Nonin",
    name="3150 WristOx2 BLE",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(
        subscriptions=(Subscription(uuids.NONIN_CONTINUOUS_OXIMETRY, nonin_df19.measurement, stream=_STREAM),),
        deadline_s=600.0,
    ),
    match=Match(name_prefixes=("Nonin3150",)),
    bond=Bond.JUST_WORKS,
    wake="Put the sensor on and keep still; to pair, take the batteries out and put them in again.",
)

NONIN_9560: Final = Model(
    id="nonin-9560-serial",
    maker="Nonin",
    name="9560 Onyx",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Serial(baud=9600, data_bits=8, parity="N", stop_bits=1, open_session=NoninFormat13Session),
    history=History.ACKNOWLEDGED,
    wake="Put a finger in and keep still until it shows a result.",
)
