"""IEEE 11073 floats, against Python's own reading of the same number written in decimal."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from wardgate_drivers.codec.ieee11073 import Number, Special, decode_float, decode_sfloat

SPECIALS = {"NaN": 0x7FF, "NRes": 0x800, "+INF": 0x7FE, "-INF": 0x802, "reserved": 0x801}


def expected(word: int, mantissa_bits: int, exponent_bits: int) -> Number:
    if word >> mantissa_bits == 0:
        for offset, special in (
            (-1, Special.NAN),
            (0, Special.NRES),
            (-2, Special.PLUS_INF),
            (2, Special.MINUS_INF),
            (1, Special.RESERVED),
        ):
            if word == (1 << (mantissa_bits - 1)) + offset:
                return special
    text = f"{word:0{mantissa_bits + exponent_bits}b}"
    exponent = int(text[1:exponent_bits], 2) - (1 << (exponent_bits - 1)) * int(text[0])
    mantissa = int(text[exponent_bits + 1 :], 2) - (1 << (mantissa_bits - 1)) * int(text[exponent_bits])
    return float(f"{mantissa}e{exponent}")


def test_all_sfloats() -> None:
    wrong = [
        f"{word:04x}" for word in range(1 << 16) if decode_sfloat(word.to_bytes(2, "little")) != expected(word, 12, 4)
    ]
    assert wrong == []


def test_just_five_sfloats_are_special() -> None:
    special = {w for w in range(1 << 16) if isinstance(decode_sfloat(w.to_bytes(2, "little")), Special)}
    assert special == set(SPECIALS.values())


@given(st.integers(min_value=0, max_value=(1 << 32) - 1))
@example(0x007FFFFF)
@example(0x00800000)
@example(0x007FFFFE)
@example(0x00800001)
@example(0x00800002)
@example(0x7FFFFFFF)
@example(0x80800000)
def test_floats(word: int) -> None:
    assert decode_float(word.to_bytes(4, "little")) == expected(word, 24, 8)
