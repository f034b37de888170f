"""Body Composition Measurement (0x2A9C) and Body Composition Feature (0x2A9B).

    0  flags     2 bytes: bit 0 unit (0 SI, 1 imperial), 1 time stamp, 2 user, 3 basal metabolism, 4 muscle percentage,
                 5 muscle mass, 6 fat-free mass, 7 soft lean mass, 8 body water mass, 9 impedance, 10 weight, 11 height,
                 12 multiple packet, 13-15 reserved
    2  body fat  2 bytes, 0.1 %; 0xFFFF: measurement unsuccessful; 0: weighed in socks
       then, each only with its flag and in its order: time stamp 7 bytes, user 1 byte (255 unknown), basal metabolism
       2 bytes (kJ), muscle 2 bytes (0.1 %), masses 2 bytes (0.005 kg or 0.01 lb), impedance 2 bytes (0.1 ohm),
       weight 2 bytes (as the masses), height 2 bytes (0.001 m or 0.1 in)

Source: Bluetooth SIG, Body Composition Service 1.0.1 and GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import given, weight_ok
from wardgate_drivers.codec.cursor import Cursor, named_bits
from wardgate_drivers.codec.embedded import TimeField, device_time, quantities, time_field, user_index
from wardgate_drivers.codec.weight_measurement import height_precision, weight_precision
from wardgate_drivers.measurement import Channel, Measurement, Outcome

_IMPERIAL: Final = 1 << 0
_TIME: Final = 1 << 1
_USER: Final = 1 << 2
_BASAL_METABOLISM: Final = 1 << 3
_MUSCLE_PERCENTAGE: Final = 1 << 4
_MUSCLE_MASS: Final = 1 << 5
_FAT_FREE_MASS: Final = 1 << 6
_SOFT_LEAN_MASS: Final = 1 << 7
_BODY_WATER_MASS: Final = 1 << 8
_IMPEDANCE: Final = 1 << 9
_WEIGHT: Final = 1 << 10
_HEIGHT: Final = 1 << 11
_MULTIPLE_PACKET: Final = 1 << 12
_FLAGS_RESERVED: Final = 0xE000
_UNSUCCESSFUL: Final = 0xFFFF

_FEATURES: Final = {
    0: "timestamp",
    1: "multiple-users",
    2: "basal-metabolism",
    3: "muscle-percentage",
    4: "muscle-mass",
    5: "fat-free-mass",
    6: "soft-lean-mass",
    7: "body-water-mass",
    8: "impedance",
    9: "weight",
    10: "height",
}


@dataclass(frozen=True, slots=True)
class Composition:
    """The fields of 0x2A9C. Masses in `mass_unit`, height in `height_unit`; None for what was not sent."""

    mass_unit: str
    body_fat_pct: float | None
    """None when the scale says that the measurement was unsuccessful."""
    time: TimeField | None
    user: int | None
    basal_metabolism_kj: int | None
    muscle_pct: float | None
    muscle_mass: float | None
    fat_free_mass: float | None
    soft_lean_mass: float | None
    body_water_mass: float | None
    impedance_ohm: float | None
    weight: float | None
    height: float | None
    multiple_packet: bool
    flags_reserved: int
    trailing_bytes: int

    @property
    def height_unit(self) -> str:
        """Metres or inches, by the same flag as the masses."""
        return "m" if self.mass_unit == "kg" else "in"

    @property
    def outcome(self) -> Outcome:
        """Of the composition: none when unsuccessful or 0; implausible when the weight beside it is."""
        return self.weight_outcome if self.body_fat_pct else Outcome.NO_READING

    @property
    def weight_outcome(self) -> Outcome:
        """Of the weight, if there is one. One of 0 was not provided."""
        plausible = not self.weight or weight_ok(self.weight, self.mass_unit)
        return Outcome.DECODE if plausible else Outcome.IMPLAUSIBLE


def decode(data: bytes) -> Composition:
    """A Body Composition Measurement.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    flags = cursor.uint(2)
    imperial = bool(flags & _IMPERIAL)
    per_mass = 100 if imperial else 200

    def word(flag: int, steps_per_unit: int) -> float | None:
        return cursor.uint(2) / steps_per_unit if flags & flag else None

    fat = cursor.uint(2)
    # The fields follow in the order of their flags; arguments are evaluated from left to right.
    return Composition(
        mass_unit="lb" if imperial else "kg",
        body_fat_pct=None if fat == _UNSUCCESSFUL else fat / 10,
        time=time_field(cursor) if flags & _TIME else None,
        user=cursor.uint(1) if flags & _USER else None,
        basal_metabolism_kj=cursor.uint(2) if flags & _BASAL_METABOLISM else None,
        muscle_pct=word(_MUSCLE_PERCENTAGE, 10),
        muscle_mass=word(_MUSCLE_MASS, per_mass),
        fat_free_mass=word(_FAT_FREE_MASS, per_mass),
        soft_lean_mass=word(_SOFT_LEAN_MASS, per_mass),
        body_water_mass=word(_BODY_WATER_MASS, per_mass),
        impedance_ohm=word(_IMPEDANCE, 10),
        weight=word(_WEIGHT, per_mass),
        height=word(_HEIGHT, 10 if imperial else 1000),
        multiple_packet=bool(flags & _MULTIPLE_PACKET),
        flags_reserved=flags & _FLAGS_RESERVED,
        trailing_bytes=cursor.left,
    )


def measurement(data: bytes) -> Measurement:
    """What a Body Composition Measurement says of the patient.

    A weight in it is a reading, whatever became of the composition: the scale weighs through socks.

    Raises:
        FrameError: `truncated`.
    """
    frame = decode(data)
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=frame.weight_outcome if frame.weight else Outcome.NO_READING,
        quantities=quantities(
            ("weight", given(frame.weight), frame.mass_unit),
            ("height", given(frame.height), frame.height_unit),
            ("fat", given(frame.body_fat_pct), "%"),
            ("muscle", given(frame.muscle_pct), "%"),
            ("muscle_mass", given(frame.muscle_mass), frame.mass_unit),
            ("water_mass", given(frame.body_water_mass), frame.mass_unit),
            ("impedance", given(frame.impedance_ohm), "ohm"),
        ),
        frame=data,
        device_time=device_time(frame.time),
        user_index=user_index(frame.user),
        user_unknown=frame.user is not None and user_index(frame.user) is None,
    )


def beside_weight(data: bytes) -> Measurement | None:
    """The composition of a scale that tells the weight in a frame of its own; None when there is none (socks).

    Raises:
        FrameError: `truncated`.
    """
    frame = decode(data)
    if frame.outcome is not Outcome.DECODE:
        return None
    mass = frame.mass_unit
    return Measurement(
        channel=Channel.BODY_COMPOSITION,
        outcome=Outcome.DECODE,
        quantities=quantities(
            ("fat", given(frame.body_fat_pct), "%"),
            ("muscle", given(frame.muscle_pct), "%"),
            ("muscle_mass", given(frame.muscle_mass), mass),
            ("fat_free_mass", given(frame.fat_free_mass), mass),
            ("soft_lean_mass", given(frame.soft_lean_mass), mass),
            ("water_mass", given(frame.body_water_mass), mass),
            ("impedance", given(frame.impedance_ohm), "ohm"),
            ("basal_metabolism", given(frame.basal_metabolism_kj), "kJ"),
        ),
        frame=data,
        device_time=device_time(frame.time),
        user_index=user_index(frame.user),
        user_unknown=frame.user is not None and user_index(frame.user) is None,
    )


@dataclass(frozen=True, slots=True)
class Features:
    """What a body composition scale can tell, in bit order, and how finely; None: not told."""

    features: tuple[str, ...]
    mass_precision: str | None
    height_precision: str | None
    trailing_bytes: int


def decode_feature(data: bytes) -> Features:
    """The value of Body Composition Feature.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    bits = cursor.uint(4)
    return Features(
        named_bits(bits, _FEATURES),
        weight_precision(bits >> 11 & 0b1111),
        height_precision(bits >> 15 & 0b111),
        cursor.left,
    )
