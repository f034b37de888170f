"""Weight Measurement (0x2A9D) and Weight Scale Feature (0x2A9E).

    0  flags   bit 0 unit (0 SI, 1 imperial), 1 time stamp, 2 user, 3 BMI and height, 4-7 reserved
    1  weight  2 bytes, 0.005 kg or 0.01 lb a step; 0xFFFF: measurement unsuccessful
       time stamp 7 bytes, user 1 byte (255 unknown), BMI 2 bytes (0.1 kg/m2), height 2 bytes (0.001 m or 0.1 in):
       each only with its flag

The step is 0.005 kg whatever the feature characteristic says: that one tells the scale's precision.

Source: Bluetooth SIG, Weight Scale Service 1.0.1 and GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wardgate_drivers.codec.bounds import given, weight_ok
from wardgate_drivers.codec.cursor import Cursor, named_bits
from wardgate_drivers.codec.embedded import TimeField, device_time, quantities, time_field, user_index
from wardgate_drivers.measurement import Channel, Measurement, Outcome

_IMPERIAL: Final = 1 << 0
_TIME: Final = 1 << 1
_USER: Final = 1 << 2
_BMI_HEIGHT: Final = 1 << 3
_FLAGS_RESERVED: Final = 0xF0
_BELOW_ZERO: Final = 1 << 4
_UNSUCCESSFUL: Final = 0xFFFF

_STEPS_PER_KG: Final = 200
_STEPS_PER_LB: Final = 100
_STEPS_PER_KG_RENPHO: Final = 20

_FEATURES: Final = {0: "timestamp", 1: "multiple-users", 2: "bmi"}
_WEIGHT_PRECISION: Final = (
    None,
    "0.5 kg / 1 lb",
    "0.2 kg / 0.5 lb",
    "0.1 kg / 0.2 lb",
    "0.05 kg / 0.1 lb",
    "0.02 kg / 0.05 lb",
    "0.01 kg / 0.02 lb",
    "0.005 kg / 0.01 lb",
)
_HEIGHT_PRECISION: Final = (None, "0.01 m / 1 in", "0.005 m / 0.5 in", "0.001 m / 0.1 in")


class Quirk(StrEnum):
    """Ways in which makers depart from the standard layout."""

    MASS_STEP_50G = "mass-step-50g"
    """Renpho ES-WBE28: 0.05 kg a step."""
    DETECTO_BELOW_ZERO = "detecto-below-zero"
    """Detecto: reserved flag bit 4 says that the scale stands below its zero; the weight is 0 then."""


@dataclass(frozen=True, slots=True)
class Weight:
    """The fields of 0x2A9D. Weight in `unit`, height in `height_unit`, BMI in kg/m2; None for what was not sent."""

    unit: str
    weight: float | None
    """None when the scale says that the measurement was unsuccessful."""
    time: TimeField | None
    user: int | None
    bmi: float | None
    height: float | None
    flags_reserved: int
    trailing_bytes: int

    @property
    def height_unit(self) -> str:
        """Metres or inches, by the same flag as the weight."""
        return "m" if self.unit == "kg" else "in"

    @property
    def outcome(self) -> Outcome:
        """No reading when unsuccessful or 0; implausible outside the bounds."""
        if not self.weight:
            return Outcome.NO_READING
        return Outcome.DECODE if weight_ok(self.weight, self.unit) else Outcome.IMPLAUSIBLE


def decode(data: bytes, quirk: Quirk | None = None) -> Weight:
    """A Weight Measurement.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    flags = cursor.uint(1)
    imperial = bool(flags & _IMPERIAL)
    steps = cursor.uint(2)
    per_kg = _STEPS_PER_KG_RENPHO if quirk is Quirk.MASS_STEP_50G else _STEPS_PER_KG
    time = time_field(cursor) if flags & _TIME else None
    user = cursor.uint(1) if flags & _USER else None
    has_body = bool(flags & _BMI_HEIGHT)
    return Weight(
        unit="lb" if imperial else "kg",
        weight=None if steps == _UNSUCCESSFUL else steps / (_STEPS_PER_LB if imperial else per_kg),
        time=time,
        user=user,
        bmi=cursor.uint(2) / 10 if has_body else None,
        height=cursor.uint(2) / (10 if imperial else 1000) if has_body else None,
        flags_reserved=flags & _FLAGS_RESERVED,
        trailing_bytes=cursor.left,
    )


def measurement(data: bytes, quirk: Quirk | None = None) -> Measurement:
    """What a Weight Measurement says of the patient.

    Raises:
        FrameError: `truncated`.
    """
    frame = decode(data, quirk)
    below_zero = quirk is Quirk.DETECTO_BELOW_ZERO and bool(frame.flags_reserved & _BELOW_ZERO)
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=Outcome.NO_READING if below_zero else frame.outcome,
        quantities=quantities(
            ("weight", frame.weight, frame.unit),
            ("bmi", given(frame.bmi), "kg/m2"),
            ("height", given(frame.height), frame.height_unit),
        ),
        frame=data,
        device_time=device_time(frame.time),
        user_index=user_index(frame.user),
        user_unknown=frame.user is not None and user_index(frame.user) is None,
        status=("below-zero",) if below_zero else (),
    )


@dataclass(frozen=True, slots=True)
class Features:
    """What a scale can do, in bit order, and how finely; None: not told."""

    features: tuple[str, ...]
    weight_precision: str | None
    height_precision: str | None
    trailing_bytes: int


def decode_feature(data: bytes) -> Features:
    """The value of Weight Scale Feature.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    bits = cursor.uint(4)
    return Features(
        named_bits(bits, _FEATURES),
        weight_precision(bits >> 3 & 0b1111),
        height_precision(bits >> 7 & 0b111),
        cursor.left,
    )


def weight_precision(code: int) -> str | None:
    """How finely a scale weighs, by the code of its feature bits; None: not told."""
    return _precision(_WEIGHT_PRECISION, code)


def height_precision(code: int) -> str | None:
    """How finely a height is given, by the code of the feature bits; None: not told."""
    return _precision(_HEIGHT_PRECISION, code)


def _precision(table: tuple[str | None, ...], code: int) -> str | None:
    return table[code] if code < len(table) else "reserved"
