"""Frames of the QN scales (Renpho, FITINDEX and others; 0xFFE0/0xFFE1 or 0xFFF0/0xFFF1).

    0   type     0x10 weight, 0x12 the scale about itself
    1   length   of the whole frame
    ..  last     sum of all bytes before it, low eight bits

    0x10, 14 bytes   4 state (0 measuring, 1 settling, 2 stable)
                     5 weight, 7 and 9 resistances (ohm): 2 bytes each, big-endian
    0x12             10  1: weights are hundredths, else tenths

Which of the two a weight is, only the scale's own 0x12 frame says; it comes before the first weight.
Scales of an older kind send a weight of 10 bytes, laid out otherwise: it is refused.
What the host writes: its unit (0x13) and the seconds since 2000 (02 and four bytes, without sum).

Source: openScale's and ble-scale-sync's descriptions of what these scales send and want.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import weight_ok
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

WEIGHT: Final = 0x10
INFO: Final = 0x12
DIVISORS: Final = (10, 100)

_EPOCH_S: Final = DeviceTime.of(2000, 1, 1, 0, 0, 0).civil_s
_LEAST_SIZE: Final = 3
_WEIGHT_SIZE: Final = 14
_INFO_LEAST_SIZE: Final = 12
_STATES: Final = ("measuring", "settling", "stable")
_SET_UNIT_KG: Final = bytes.fromhex("130915011000000042")
_SET_CLOCK: Final = 0x02


@dataclass(frozen=True, slots=True)
class Weighing:
    """A weight frame. Resistances in ohm, 0 where none was measured."""

    state: str
    weight_kg: float
    resistance_1_ohm: int
    resistance_2_ohm: int

    @property
    def outcome(self) -> Outcome:
        """A reading only when the scale calls it stable."""
        if self.state != "stable" or self.weight_kg == 0:
            return Outcome.NO_READING
        return Outcome.DECODE if weight_ok(self.weight_kg, "kg") else Outcome.IMPLAUSIBLE


@dataclass(frozen=True, slots=True)
class Info:
    """What the scale says about itself: by how much its weights are to be divided."""

    divisor: int


@dataclass(frozen=True, slots=True)
class Other:
    """A sound frame of a type that nothing here needs."""

    type: int


def decode(data: bytes, divisor: int) -> Weighing | Info | Other:
    """One frame; `divisor` is what the scale's last `Info` said.

    Raises:
        FrameError: `truncated`, `bad-length`, `bad-checksum`.
        ValueError: no scale has such a divisor.
    """
    if divisor not in DIVISORS:
        raise ValueError(f"weights of a QN scale are not divided by {divisor}")
    _need_whole(data)
    match data[0]:
        case 0x10:
            return Weighing(
                state=_STATES[data[4]] if data[4] < len(_STATES) else "reserved",
                weight_kg=_uint(data[5:7]) / divisor,
                resistance_1_ohm=_uint(data[7:9]),
                resistance_2_ohm=_uint(data[9:11]),
            )
        case 0x12 if len(data) >= _INFO_LEAST_SIZE:
            return Info(divisor=100 if data[10] == 1 else 10)
        case other:
            return Other(other)


def _need_whole(data: bytes) -> None:
    if len(data) < 2:
        raise FrameError(Reason.TRUNCATED, f"2 bytes needed, {len(data)} came")
    kind, told = data[:2]
    least = _WEIGHT_SIZE if kind == WEIGHT else _LEAST_SIZE
    if told < least or (kind == WEIGHT and told != _WEIGHT_SIZE):
        raise FrameError(Reason.BAD_LENGTH, f"its length byte says {told}, {least} are needed")
    if len(data) < told:
        raise FrameError(Reason.TRUNCATED, f"{told} bytes needed, {len(data)} came")
    if len(data) > told:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes, its length byte says {told}")
    if sum(data[:-1]) & 0xFF != data[-1]:
        raise FrameError(Reason.BAD_CHECKSUM, f"sum {sum(data[:-1]) & 0xFF:02x}, told {data[-1]:02x}")


def measurement(data: bytes, frame: Weighing) -> Measurement:
    """What a weight frame says of the patient. The scale has no clock that it tells."""
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=frame.outcome,
        quantities=quantities(
            ("weight", frame.weight_kg, "kg"),
            ("impedance", frame.resistance_1_ohm or None, "ohm"),
        ),
        frame=data,
    )


def set_unit_kg() -> bytes:
    """What makes the scale show and send kilograms."""
    return _SET_UNIT_KG


def set_clock(now: DeviceTime) -> bytes:
    """What sets the scale's clock, which wants seconds since 2000.

    Raises:
        ValueError: the time does not fit the scale's four bytes.
    """
    seconds = round(now.civil_s - _EPOCH_S)
    if not 0 <= seconds < 1 << 32:
        raise ValueError(f"{now} does not fit the clock of a QN scale")
    return bytes((_SET_CLOCK,)) + seconds.to_bytes(4, "little")


def _uint(data: bytes) -> int:
    return int.from_bytes(data, "big")
