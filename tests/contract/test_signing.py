"""Keys that command hubs: which are none, because anybody can sign for them."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from wardgate.contract.signing import PrivateKey, PublicKey, key_problems

P = 2**255 - 19
ORDER_8 = (
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
)
"""The y of the four points of order eight, as published lists of weak keys have them."""
SMALL = [0, 1, P - 1, P, P + 1, *(int.from_bytes(bytes.fromhex(y), "little") for y in ORDER_8)]


def _text(raw: bytes) -> str:
    return f"ward-1:{base64.b64encode(raw).decode()}"


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", SMALL)
def test_a_key_of_low_order_is_refused(y: int, sign: int) -> None:
    raw = (y | sign << 255).to_bytes(32, "little")
    (problem,) = key_problems((_text(raw),))
    assert "`ward-1` is all zeros, or of low order" in problem
    with pytest.raises(ValueError, match="anybody could sign"):
        PublicKey.of(_text(raw))


def test_why_it_is_refused() -> None:
    """Without its secret, a signature is found for one message of a few: that is what the check stands against."""
    zeros, signature = PublicKey("ward-1", bytes(32)), (1).to_bytes(32, "little") + bytes(32)
    assert any(zeros.signed(f"unlock {n}".encode(), signature) for n in range(100))


@given(st.binary(min_size=32, max_size=32))
def test_a_key_with_a_secret_is_none_of_them(seed: bytes) -> None:
    """The secret half may be anything: zeros, too."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert not key_problems((_text(public),))
    assert str(PrivateKey.of(_text(seed)).public()) == _text(public)


def test_the_secret_half_may_look_like_a_weak_key() -> None:
    assert PrivateKey.of(_text(bytes(32))).id == "ward-1"
