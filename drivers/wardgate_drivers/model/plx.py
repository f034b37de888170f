"""Any oximeter that follows the Bluetooth SIG's Pulse Oximeter Service, such as the ChoiceMMed MD300 family.

Spot-checks are readings. Where a device only streams, one steady measurement is chosen each time a finger is in.
Stored records come by the Record Access Control Point where there is one.

Source: Bluetooth SIG, Pulse Oximeter Profile 1.0.1.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import plx
from wardgate_drivers.measurement import Channel, Measurement
from wardgate_drivers.model.declaration import ClockPolicy, Gatt, History, Kind, Match, Model, Stream, Subscription

_GOOD_ENOUGH: Final = frozenset({"validated", "fully-qualified"})
_DOUBTFUL: Final = frozenset({"early-estimate", "questionable"})


def _accept(measurement: Measurement) -> bool:
    status = set(measurement.status)
    return bool(status & _GOOD_ENOUGH) and not status & _DOUBTFUL


PLX_OXIMETER: Final = Model(
    id="plx-oximeter",
    maker="any",
    name="standard pulse oximeter",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(
        subscriptions=(
            Subscription(uuids.PLX_SPOT_CHECK, plx.spot_check_measurement),
            Subscription(
                uuids.PLX_CONTINUOUS,
                plx.continuous_measurement,
                stream=Stream(_accept, steady_frames=8),
                fallback=True,
            ),
        ),
        deadline_s=180.0,
        quiet_s=10.0,
    ),
    match=Match(service_uuids=(uuids.PULSE_OXIMETER_SERVICE,)),
    clock=ClockPolicy.WRITE_CURRENT_TIME,
    history=History.RACP,
    wake="Put a finger in and keep still until it shows a result.",
)
