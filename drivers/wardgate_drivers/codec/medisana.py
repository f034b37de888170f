"""Medisana's BS scales (service 0x78B2): Weight (0x8A21) and Body Composition (0x8A22), 19 bytes each.

    Weight             0  flags    bits 5-6 unit (0 kg, 1 lb, 2 st)
                       1  weight   2 bytes, 0.01 kg a step
                       5  seconds  4 bytes, from 2010-01-01 (BS430: from 1970-01-01) on the scale's clock
                      13  user     1-8, 255 nobody's
    Body Composition   1  seconds  4 bytes
                       5  user
                       6  energy   2 bytes, kcal a day
                       8  fat, 10 water, 12 muscle (0.1 %), 14 bone (0.1 kg): 2 bytes each, of which the top four bits
                          mean something else

How pounds and stones are divided is not known, so such a frame gives no weight.
What wakes it: the host writes 02 and the seconds of the same epoch to 0x8A81.

Source: captures beside the display's figures, Stack Overflow question 34309288; openScale's issue threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import weight_ok
from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.embedded import quantities, user_index
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

SIZE: Final = 19
EPOCH_2010_S: Final = DeviceTime.of(2010, 1, 1, 0, 0, 0).civil_s
EPOCH_1970_S: Final = 0.0
"""BS430."""

_UNITS: Final = ("kg", "lb", "st", "reserved")
_TWELVE_BITS: Final = 0x0FFF
_SET_CLOCK: Final = 0x02


@dataclass(frozen=True, slots=True)
class Weight:
    """The fields of 0x8A21. Weight in kg; None in units whose divisor is not known."""

    unit: str
    weight_kg: float | None
    time: DeviceTime
    user: int

    @property
    def outcome(self) -> Outcome:
        """No reading when 0 or in another unit; implausible outside the bounds."""
        if not self.weight_kg:
            return Outcome.NO_READING
        return Outcome.DECODE if weight_ok(self.weight_kg, "kg") else Outcome.IMPLAUSIBLE


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of 0x8A22."""

    time: DeviceTime
    user: int
    energy_kcal: int
    fat_pct: float
    water_pct: float
    muscle_pct: float
    bone_kg: float


def decode(data: bytes, epoch_s: float = EPOCH_2010_S) -> Weight:
    """A Weight frame.

    Raises:
        FrameError: `bad-length`.
    """
    need_size(data, SIZE)
    unit = _UNITS[data[0] >> 5 & 0b11]
    return Weight(
        unit=unit,
        weight_kg=_uint(data[1:3]) / 100 if unit == "kg" else None,
        time=DeviceTime(epoch_s + _uint(data[5:9])),
        user=data[13],
    )


def decode_body(data: bytes, epoch_s: float = EPOCH_2010_S) -> Body:
    """A Body Composition frame.

    Raises:
        FrameError: `bad-length`.
    """
    need_size(data, SIZE)
    return Body(
        time=DeviceTime(epoch_s + _uint(data[1:5])),
        user=data[5],
        energy_kcal=_uint(data[6:8]),
        fat_pct=_tenths(data[8:10]),
        water_pct=_tenths(data[10:12]),
        muscle_pct=_tenths(data[12:14]),
        bone_kg=_tenths(data[14:16]),
    )


def measurement(data: bytes, epoch_s: float = EPOCH_2010_S) -> Measurement:
    """What a Weight frame says of the patient.

    Raises:
        FrameError: `bad-length`.
    """
    frame = decode(data, epoch_s)
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=frame.outcome,
        quantities=quantities(("weight", frame.weight_kg, "kg")),
        frame=data,
        device_time=frame.time,
        user_index=user_index(frame.user),
        user_unknown=user_index(frame.user) is None,
    )


def body_measurement(data: bytes, epoch_s: float = EPOCH_2010_S) -> Measurement | None:
    """What a Body Composition frame says of the patient; None when it was not measured.

    Raises:
        FrameError: `bad-length`.
    """
    frame = decode_body(data, epoch_s)
    if not frame.fat_pct:
        return None
    return Measurement(
        channel=Channel.BODY_COMPOSITION,
        outcome=Outcome.DECODE,
        quantities=quantities(
            ("fat", frame.fat_pct, "%"),
            ("water", frame.water_pct or None, "%"),
            ("muscle", frame.muscle_pct or None, "%"),
            ("bone_mass", frame.bone_kg or None, "kg"),
            ("basal_metabolism", frame.energy_kcal or None, "kcal"),
        ),
        frame=data,
        device_time=frame.time,
        user_index=user_index(frame.user),
        user_unknown=user_index(frame.user) is None,
    )


def set_clock(now: DeviceTime, epoch_s: float = EPOCH_2010_S) -> bytes:
    """What to write to 0x8A81: the scale takes the time and begins to send.

    Raises:
        ValueError: the time does not fit the scale's four bytes.
    """
    seconds = round(now.civil_s - epoch_s)
    if not 0 <= seconds < 1 << 32:
        raise ValueError(f"{now} does not fit the clock of a Medisana scale")
    return bytes((_SET_CLOCK,)) + seconds.to_bytes(4, "little")


def _uint(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _tenths(two: bytes) -> float:
    return (_uint(two) & _TWELVE_BITS) / 10
