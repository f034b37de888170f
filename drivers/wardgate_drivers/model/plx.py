"""Any oximeter that follows the Bluetooth SIG's Pulse Oximeter Service, such as the ChoiceMMed MD300 family.

Spot-checks are readings. Where a device only streams, one steady measurement is chosen each time a finger is in.
Stored records come by the Record Access Control Point where there is one.

Source: Bluetooth SIG, Pulse Oximeter Profile 1.0.1.
Tried on captured frames of one ChoiceMMed MD300C318T, on no real device.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import plx
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import ClockPolicy, Gatt, History, Kind, Match, Model, Stream, Subscription

_STREAM: Final = Stream(
    good=frozenset({"validated", "fully-qualified"}),
    doubtful=frozenset({"early-estimate", "questionable", "questionable-pulse", "inadequate-signal"}),
    steady_frames=8,
)

PLX_OXIMETER: Final = Model(
    id="plx-oximeter",
    maker="any",
    name="standard pulse oximeter",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(
        subscriptions=(
            Subscription(uuids.PLX_SPOT_CHECK, plx.spot_check_measurement),
            Subscription(uuids.PLX_CONTINUOUS, plx.continuous_measurement, stream=_STREAM, fallback=True),
        ),
        deadline_s=600.0,
        quiet_s=10.0,
        patience_s=120.0,
    ),
    match=Match(service_uuids=(uuids.PULSE_OXIMETER_SERVICE,)),
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.RACP,
    wake="Put a finger in and keep still until it shows a result.",
)
