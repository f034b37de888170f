"""Makers who follow the Bluetooth SIG's profiles: Omron's newer cuffs, Detecto and Renpho scales, heart rate belts.

Source: derdilla, blood-pressure-monitor-fl, device list; obniz; Detecto manuals; openScale, pull request 1108;
captured notifications of Polar belts (Stack Overflow 67024800, 50477232).
Tried on captured frames of an ES-WBE28 and of Polar belts, on no real device.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import blood_pressure, heart_rate, weight_measurement
from wardgate_drivers.link.sink import Consent
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import (
    Bond,
    ClockPolicy,
    Gatt,
    History,
    Kind,
    Match,
    Model,
    Stream,
    Subscription,
)
from wardgate_drivers.protocol.user_data import consent_as

OMRON_STANDARD: Final = Model(
    id="omron-standard",
    maker="Omron",
    name="X4 Smart, X2 Smart+, HEM-9200T, BP5150",
    kind=Kind.CUFF,
    channels=(Channel.BLOOD_PRESSURE,),
    link=Gatt(
        # The X4 Smart erases what it has sent, so a confirmation has to wait for the disk where the stack can wait.
        subscriptions=(Subscription(uuids.BLOOD_PRESSURE_MEASUREMENT, blood_pressure.measurement),),
        deadline_s=60.0,
    ),
    match=Match(name_prefixes=("BLESmart_", "BLEsmart_"), service_uuids=(uuids.BLOOD_PRESSURE_SERVICE,)),
    bond=Bond.PASSKEY,
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.PUSHED,
    wake="Take a measurement; to pair, hold its Bluetooth key until P blinks, and type a code if it shows one.",
)
"""Some of them pair without a code; the time to type one harms nobody."""

DETECTO_SCALE: Final = Model(
    id="detecto-scale",
    maker="Detecto",
    name="6880, 7550, 750C",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Gatt(
        subscriptions=(
            Subscription(
                uuids.WEIGHT_MEASUREMENT,
                partial(weight_measurement.measurement, quirk=weight_measurement.Quirk.DETECTO_BELOW_ZERO),
            ),
        ),
        deadline_s=60.0,
    ),
    match=Match(name_prefixes=("Detecto", "DETECTO"), service_uuids=(uuids.WEIGHT_SCALE_SERVICE,)),
    wake="Step on it and stand still until the weight locks.",
)

RENPHO_ES_WBE28: Final = Model(
    id="renpho-es-wbe28",
    maker="Renpho",
    name="ES-WBE28",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Gatt(
        subscriptions=(
            Subscription(
                uuids.WEIGHT_MEASUREMENT,
                partial(weight_measurement.measurement, quirk=weight_measurement.Quirk.MASS_STEP_50G),
            ),
        ),
        prepare=consent_as(Consent(user_index=170, code=9999)),
        deadline_s=60.0,
    ),
    match=Match(name_prefixes=("ES-WBE28", "Renpho ES-WBE28")),
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.PUSHED,
    wake="Step on it and stand still until the weight locks.",
)

HEART_BELT: Final = Model(
    id="heart-rate-belt",
    maker="any",
    name="standard heart rate belt (Polar H7, H10 and others)",
    kind=Kind.HEART_BELT,
    channels=(Channel.HEART_RATE,),
    link=Gatt(
        subscriptions=(
            Subscription(
                uuids.HEART_RATE_MEASUREMENT,
                heart_rate.measurement,
                stream=Stream(good=frozenset(), steady_frames=10),
            ),
        ),
        deadline_s=600.0,
        quiet_s=10.0,
    ),
    match=Match(service_uuids=(uuids.HEART_RATE_SERVICE,)),
    live_s=600.0,
    wake="Moisten its electrodes and put it on.",
)
"""One steady rate in each session, and a session as long as its deadline while the belt is worn."""
