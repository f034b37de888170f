"""Any oximeter that follows the Bluetooth SIG's Pulse Oximeter Service, and the ChoiceMMed MD300 family.

Spot-checks are readings. Where a device only streams, one steady measurement is chosen each time a finger is in.
Stored records come by the Record Access Control Point where there is one.

The ChoiceMMed MD300 family follows it with two faults: its clock is never set, and it always says that the measurement
is going on. What it says of both is left out, so that its readings are dated by their arrival and not called doubtful.

Source: Bluetooth SIG, Pulse Oximeter Profile 1.0.1.
Tried on captured frames of one ChoiceMMed MD300C318T, on no real device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import plx
from wardgate_drivers.measurement import Channel, Measurement
from wardgate_drivers.model.declaration import ClockPolicy, Gatt, History, Kind, Match, Model, Stream, Subscription

_DOUBTFUL: Final = frozenset({"early-estimate", "questionable", "questionable-pulse", "inadequate-signal"})
_STREAM: Final = Stream(
    good=frozenset({"validated", "fully-qualified"}),
    doubtful=_DOUBTFUL,
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


def _without_faults(decode: Callable[[bytes], Measurement]) -> Callable[[bytes], Measurement]:
    def read(data: bytes) -> Measurement:
        measurement = decode(data)
        status = tuple(name for name in measurement.status if name != "measurement-ongoing")
        clock_set = "clock-not-set" not in status
        return replace(measurement, status=status, device_time=measurement.device_time if clock_set else None)

    return read


CHOICEMMED_MD300: Final = Model(
    id="choicemmed-md300",
    maker="ChoiceMMed",
    name="MD300C318T, MD300 family",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(
        subscriptions=(
            # The first of a finger counts: whether more than one comes is not known.
            Subscription(
                uuids.PLX_SPOT_CHECK,
                _without_faults(plx.spot_check_measurement),
                stream=Stream(good=frozenset(), doubtful=_DOUBTFUL, steady_frames=1),
            ),
            Subscription(
                uuids.PLX_CONTINUOUS, _without_faults(plx.continuous_measurement), stream=_STREAM, fallback=True
            ),
        ),
        deadline_s=600.0,
        quiet_s=10.0,
        patience_s=120.0,
    ),
    match=Match(name_prefixes=("MD300", "ChoiceMMed"), service_uuids=(uuids.PULSE_OXIMETER_SERVICE,)),
    wake="Put a finger in and keep still until it shows a result.",
)
