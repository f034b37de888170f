"""Xiaomi scales: one weighing, shouted for seconds in the service data of their advertisements.

    v1 (0x181D, 10 bytes)  0 control, 1 weight 2 bytes, 3 time stamp 7 bytes
                           control: bit 0 pounds, 4 jin, 5 stabilised, 7 load removed
    v2 (0x181B, 13 bytes)  0 control 2 bytes, 2 time stamp 7 bytes, 9 impedance 2 bytes, 11 weight 2 bytes
                           first control byte: bit 0 pounds; second: bit 1 impedance present, 5 stabilised, 6 jin,
                           7 load removed

Kilograms are raw/200, pounds and jin (half a kilogram) raw/100. The clock is often at 1970.

Source: the community's published descriptions of Mi Scale 2 and Mi Body Composition Scale 2 broadcasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.codec import date_time
from wardgate_drivers.codec.bounds import weight_ok
from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.embedded import TimeField, quantities
from wardgate_drivers.measurement import Channel, Measurement, Outcome
from wardgate_drivers.uuids import BODY_COMPOSITION_SERVICE, WEIGHT_SCALE_SERVICE

V1_SIZE: Final = 10
V2_SIZE: Final = 13
_IMPEDANCE_OHM: Final = range(1, 3000)


@dataclass(frozen=True, slots=True)
class Weighing:
    """The fields of either version. Weight in `unit`; impedance in ohm, None when not measured."""

    unit: str
    weight: float
    time: TimeField
    stabilised: bool
    removed: bool
    impedance_ohm: int | None = None

    @property
    def outcome(self) -> Outcome:
        """A reading only when settled with the person still standing on it."""
        if not self.stabilised or self.removed or self.weight == 0:
            return Outcome.NO_READING
        return Outcome.DECODE if weight_ok(self.weight, self.unit) else Outcome.IMPLAUSIBLE


def decode_v1(data: bytes) -> Weighing:
    """Service data of 0x181D.

    Raises:
        FrameError: `bad-length`.
    """
    need_size(data, V1_SIZE)
    control = data[0]
    unit = _unit(pounds=bool(control & 1 << 0), jin=bool(control & 1 << 4))
    return Weighing(
        unit=unit,
        weight=_weight(data[1:3], unit),
        time=TimeField(date_time.parse(data[3:10])),
        stabilised=bool(control & 1 << 5),
        removed=bool(control & 1 << 7),
    )


def decode_v2(data: bytes) -> Weighing:
    """Service data of 0x181B.

    Raises:
        FrameError: `bad-length`.
    """
    need_size(data, V2_SIZE)
    first, second = data[:2]
    unit = _unit(pounds=bool(first & 1 << 0), jin=bool(second & 1 << 6))
    impedance = int.from_bytes(data[9:11], "little")
    return Weighing(
        unit=unit,
        weight=_weight(data[11:13], unit),
        time=TimeField(date_time.parse(data[2:9])),
        stabilised=bool(second & 1 << 5),
        removed=bool(second & 1 << 7),
        impedance_ohm=impedance if second & 1 << 1 and impedance in _IMPEDANCE_OHM else None,
    )


def _unit(*, pounds: bool, jin: bool) -> str:
    if pounds:
        return "lb"
    return "jin" if jin else "kg"


def _weight(two: bytes, unit: str) -> float:
    return int.from_bytes(two, "little") / (200 if unit == "kg" else 100)


def measurement(advertisement: Advertisement) -> Measurement | None:
    """What an advertisement says of the patient; None when it carries no weighing.

    Raises:
        FrameError: `bad-length`.
    """
    for uuid, decode in ((BODY_COMPOSITION_SERVICE, decode_v2), (WEIGHT_SCALE_SERVICE, decode_v1)):
        data = advertisement.service_data.get(uuid)
        if data is not None:
            return _measurement(decode(data), data)
    return None


def _measurement(frame: Weighing, data: bytes) -> Measurement:
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=frame.outcome,
        quantities=quantities(("weight", frame.weight, frame.unit), ("impedance", frame.impedance_ohm, "ohm")),
        frame=data,
        device_time=frame.time.device_time,
    )
