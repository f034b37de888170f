"""Heart Rate Measurement (0x2A37).

    0  flags       bit 0 the rate has 2 bytes, 1 skin contact, 2 contact is told, 3 energy, 4 RR intervals, 5-7 reserved
    1  heart rate  1 or 2 bytes, 1/min
       energy 2 bytes (kJ), RR intervals 2 bytes each (1/1024 s) until the end: each only with its flag

Source: Bluetooth SIG, Heart Rate Service 1.0 and GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import given, pulse_ok
from wardgate_drivers.codec.cursor import Cursor
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.measurement import Channel, Measurement, Outcome

_TWO_BYTES: Final = 1 << 0
_CONTACT: Final = 1 << 1
_CONTACT_TOLD: Final = 1 << 2
_ENERGY: Final = 1 << 3
_RR: Final = 1 << 4
_FLAGS_RESERVED: Final = 0xE0


@dataclass(frozen=True, slots=True)
class HeartRate:
    """The fields of 0x2A37. None for what was not sent."""

    heart_rate: int
    contact: bool | None
    """Whether the belt touches skin; None where it does not tell."""
    energy_kj: int | None
    rr_1024: tuple[int, ...] | None
    """Times between beats in 1/1024 s, oldest first."""
    flags_reserved: int
    trailing_bytes: int

    @property
    def outcome(self) -> Outcome:
        """No reading off the skin or at 0; implausible outside the bounds."""
        if self.contact is False or not self.heart_rate:
            return Outcome.NO_READING
        return Outcome.DECODE if pulse_ok(self.heart_rate) else Outcome.IMPLAUSIBLE


def decode(data: bytes) -> HeartRate:
    """A Heart Rate Measurement.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    flags = cursor.uint(1)
    rate = cursor.uint(2 if flags & _TWO_BYTES else 1)
    energy_kj = cursor.uint(2) if flags & _ENERGY else None
    return HeartRate(
        heart_rate=rate,
        contact=bool(flags & _CONTACT) if flags & _CONTACT_TOLD else None,
        energy_kj=energy_kj,
        rr_1024=_rr(cursor) if flags & _RR else None,
        flags_reserved=flags & _FLAGS_RESERVED,
        trailing_bytes=cursor.left,
    )


def _rr(cursor: Cursor) -> tuple[int, ...]:
    found: list[int] = []
    while cursor.left:
        found.append(cursor.uint(2))
    return tuple(found)


def measurement(data: bytes) -> Measurement:
    """What a Heart Rate Measurement says of the patient.

    Raises:
        FrameError: `truncated`.
    """
    frame = decode(data)
    return Measurement(
        channel=Channel.HEART_RATE,
        outcome=frame.outcome,
        quantities=quantities(("heart_rate", given(float(frame.heart_rate)), "1/min")),
        frame=data,
    )
