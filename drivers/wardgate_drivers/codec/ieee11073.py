"""Medical floats of IEEE 11073-20601: SFLOAT (16 bits) and FLOAT (32 bits).

    SFLOAT   exponent 4 bits, mantissa 12 bits      FLOAT   exponent 8 bits, mantissa 24 bits
    NaN      0x07FF                                         0x007FFFFF
    NRes     0x0800                                         0x00800000
    +INF     0x07FE                                         0x007FFFFE
    -INF     0x0802                                         0x00800002
    reserved 0x0801                                         0x00800001

Both parts are two's complement, the exponent on top; the value is mantissa x 10^exponent. Only those exact words
are special: 0xF7FF is 204.7.

Source: IEEE 11073-20601 annex F; Bluetooth SIG, Personal Health Devices Transcoding White Paper, 2.2.1.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from wardgate_drivers.codec.cursor import need_size


class Special(Enum):
    """A float that is no number. It never takes part in arithmetic: it has no value."""

    NAN = "NaN"
    NRES = "NRes"
    PLUS_INF = "+INF"
    MINUS_INF = "-INF"
    RESERVED = "reserved"


Number: TypeAlias = float | Special

_SFLOAT_SPECIALS: Final = {
    0x07FF: Special.NAN,
    0x0800: Special.NRES,
    0x07FE: Special.PLUS_INF,
    0x0802: Special.MINUS_INF,
    0x0801: Special.RESERVED,
}
_FLOAT_SPECIALS: Final = {
    0x007FFFFF: Special.NAN,
    0x00800000: Special.NRES,
    0x007FFFFE: Special.PLUS_INF,
    0x00800002: Special.MINUS_INF,
    0x00800001: Special.RESERVED,
}


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _scaled(mantissa: int, exponent: int) -> float:
    """Correctly rounded: 1234 with exponent -2 is the float nearest to 12.34, which multiplying by 0.01 is not."""
    return mantissa / 10**-exponent if exponent < 0 else float(mantissa * 10**exponent)


def sfloat(word: int) -> Number:
    """The value of a 16-bit SFLOAT."""
    special = _SFLOAT_SPECIALS.get(word)
    return special or _scaled(_signed(word & 0x0FFF, 12), _signed(word >> 12, 4))


def float32(word: int) -> Number:
    """The value of a 32-bit FLOAT."""
    special = _FLOAT_SPECIALS.get(word)
    return special or _scaled(_signed(word & 0x00FFFFFF, 24), _signed(word >> 24, 8))


def decode_sfloat(data: bytes) -> Number:
    """A bare SFLOAT, 2 bytes little-endian.

    Raises:
        FrameError: `bad-length`.
    """
    need_size(data, 2)
    return sfloat(int.from_bytes(data, "little"))


def decode_float(data: bytes) -> Number:
    """A bare FLOAT, 4 bytes little-endian.

    Raises:
        FrameError: `bad-length`.
    """
    need_size(data, 4)
    return float32(int.from_bytes(data, "little"))
