"""IEEE 11073-20601: SFLOAT, a 4-bit exponent of ten over a 12-bit mantissa, and FLOAT, 8 bits over 24.

Both parts are two's complement, the whole little-endian.
"""

from __future__ import annotations

from enum import IntEnum


class Special(IntEnum):
    """The words that stand for no number."""

    NAN = 0x07FF
    NRES = 0x0800
    PLUS_INFINITY = 0x07FE
    MINUS_INFINITY = 0x0802
    RESERVED = 0x0801


_LARGEST_MANTISSA = 0x07FD


def sfloat(value: float | Special, *, exponent: int = 0) -> bytes:
    """Encode at a resolution of 10**`exponent`.

    Raises:
        ValueError: the value does not fit this resolution, or the exponent four bits.
    """
    if isinstance(value, Special):
        return value.to_bytes(2, "little")
    mantissa = round(value / 10.0**exponent)
    if not -8 <= exponent <= 7 or abs(mantissa) > _LARGEST_MANTISSA:
        raise ValueError(f"{value} does not fit an SFLOAT with exponent {exponent}")
    return ((exponent & 0xF) << 12 | mantissa & 0xFFF).to_bytes(2, "little")


NAN_FLOAT = (0x007FFFFF).to_bytes(4, "little")


def float32(value: float, *, exponent: int = 0) -> bytes:
    """Encode as a FLOAT at a resolution of 10**`exponent`."""
    mantissa = round(value / 10.0**exponent)
    return ((exponent & 0xFF) << 24 | mantissa & 0xFFFFFF).to_bytes(4, "little")
