"""The scale's frame: AC, weight in 0.1 kg (2 bytes, big-endian), sum of the three bytes before.

Source: Acme, interface description 1.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, Measurement, Outcome, Quantity
from wardgate_drivers.vector_fields import Context, Decoded

SIZE: Final = 4
HEADER: Final = 0xAC


def decode(data: bytes) -> float:
    """The weight in kg.

    Raises:
        FrameError: it is no such frame.
    """
    if data and data[0] != HEADER:
        raise FrameError(Reason.BAD_HEADER, f"begins with {data[0]:02x}")
    if len(data) != SIZE:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes")
    if sum(data[:3]) & 0xFF != data[3]:
        raise FrameError(Reason.BAD_CHECKSUM, f"{data[3]:02x}")
    return int.from_bytes(data[1:3], "big") / 10


def outcome(weight_kg: float) -> Outcome:
    """Bounds of a person's weight."""
    if not weight_kg:
        return Outcome.NO_READING
    return Outcome.DECODE if 0.5 <= weight_kg <= 650 else Outcome.IMPLAUSIBLE


def measurement(data: bytes) -> Measurement:
    """What the hub is told."""
    weight_kg = decode(data)
    return Measurement(Channel.WEIGHT, outcome(weight_kg), (Quantity("weight", weight_kg, "kg"),), data)


def decoded(data: bytes, _: Context) -> Decoded:
    """In the words of the vectors."""
    weight_kg = decode(data)
    return Decoded(outcome(weight_kg), {"weight": weight_kg, "unit": "kg"})
