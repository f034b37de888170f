"""Ed25519 (RFC 8032) over bytes. `cryptography` is loaded with the first signature: most hubs never see one."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final, Self

import msgspec

from wardgate.contract.commands import Command, Configuration, Envelope

_KEY_BYTES: Final = 32
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FIELD: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _FIELD) % _FIELD
"""The curve of RFC 8032, 5.1: y² - x² = 1 + d x² y², modulo the field's prime."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that may command a hub. Its text is `id:base64`."""

    id: str
    raw: bytes

    @classmethod
    def of(cls, text: str) -> Self:
        """Out of its text.

        Raises:
            ValueError: with a sentence that says what is wrong; it never repeats the key.
        """
        name, raw = _parts(text)
        if _is_of_low_order(raw):
            raise ValueError(
                f"the key `{name}` is all zeros, or of low order: anybody could sign for it. Make a new one."
            )
        return cls(name, raw)

    def __str__(self) -> str:
        return f"{self.id}:{base64.b64encode(self.raw).decode()}"

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether it was this key that signed these bytes."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The ward's half. Its text is `id:base64` of the 32 secret bytes; it never shows itself."""

    id: str
    _seed: bytes

    @classmethod
    def new(cls, key_id: str) -> Self:
        """A fresh one.

        Raises:
            ValueError: the id is none.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not _ID.fullmatch(key_id):
            raise ValueError("an id has small letters, digits and hyphens, 63 at most.")
        return cls(key_id, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def of(cls, text: str) -> Self:
        """Out of the text of its file; see `PublicKey.of`."""
        return cls(*_parts(text.strip()))

    def __repr__(self) -> str:
        return f"PrivateKey({self.id!r})"

    def text(self) -> str:
        """For its file, which nobody else may read."""
        return str(PublicKey(self.id, self._seed))

    def public(self) -> PublicKey:
        """What the hubs are given."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return PublicKey(self.id, Ed25519PrivateKey.from_private_bytes(self._seed).public_key().public_bytes_raw())

    def envelope(self, what: Command | Configuration | bytes) -> bytes:
        """The message to publish."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        signed = what if isinstance(what, bytes) else msgspec.json.encode(what)
        signature = Ed25519PrivateKey.from_private_bytes(self._seed).sign(signed)
        envelope = Envelope(schema="wardgate/signed/1", key=self.id, signature=signature, signed=signed)
        return msgspec.json.encode(envelope)


def _parts(text: str) -> tuple[str, bytes]:
    """Id and bytes of a key's text, whichever half it is.

    Raises:
        ValueError: it has another shape.
    """
    name, colon, coded = text.partition(":")
    if not colon or not _ID.fullmatch(name):
        raise ValueError("a key has to look like ward-2026:<44 characters of base64>, its id in small letters.")
    try:
        raw = base64.b64decode(coded, validate=True)
    except binascii.Error:
        raise ValueError(f"the key `{name}` is no base64.") from None
    if len(raw) != _KEY_BYTES:
        raise ValueError(f"the key `{name}` has {len(raw)} bytes; an Ed25519 public key has {_KEY_BYTES}.")
    return name, raw


def _is_of_low_order(raw: bytes) -> bool:
    """Whether a public key is one of the eight points whose eightfold is zero. `verify` takes them, and each message
    has a signature for them that nobody's secret was needed for.

    Zero and its half have y = ±1, and the halves of its half y = 0. Their halves have x² = -y²: put into the curve's
    equation, d y⁴ + 2 y² = 1. The sign of x and a y beyond the field make no difference.
    """
    y = int.from_bytes(raw, "little") % 2**255
    square = y * y % _FIELD
    return y * (square - 1) * (_D * square * square + 2 * square - 1) % _FIELD == 0


def key_problems(texts: tuple[str, ...]) -> list[str]:
    """What is wrong with a list of public keys."""
    problems, ids = [], []
    for text in texts:
        try:
            ids.append(PublicKey.of(text).id)
        except ValueError as error:
            problems.append(str(error))
    return problems + [f"two keys are called `{name}`." for name in sorted({i for i in ids if ids.count(i) > 1})]
