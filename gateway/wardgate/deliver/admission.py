"""Whether what came down is a command of this hub's ward, for this hub, now. It touches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.contract.commands import (
    KINDS,
    LONGEST_DAYS,
    MAX_BYTES,
    Command,
    Configuration,
    Downward,
    Envelope,
    Measure,
    Nonce,
    SendAgain,
    SupportBundle,
    kind_of,
)
from wardgate.contract.messages import UNREADABLE
from wardgate.contract.signing import PublicKey

SKEW: Final = timedelta(minutes=2)
"""So far may the ward's clock be ahead of the hub's."""
WITHOUT_CLOCK: Final = (Measure, SendAgain, SupportBundle)
"""Done late they do no harm, so a hub that does not know the time does them. Nothing else: it could be expired."""
"""What decoding raises; the last of JSON that is nested without end."""
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)


class Refused(Exception):
    """It is not done. `reason` is a stable key."""

    def __init__(self, reason: str, sentence: str, nonce: str = "", kind: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.nonce = nonce
        self.kind = kind


class _Kind(Struct):
    kind: str = ""


class _Head(Struct):
    """What can be read of a command whose kind nobody knows."""

    do: _Kind | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A command that is genuine and of this time, with what proves it."""

    asked: Downward
    key: PublicKey
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Gate:
    """For whom commands have to be, and when it is."""

    hub: str
    assignment: str
    keys: Sequence[PublicKey]
    now: datetime
    synchronised: bool

    def admit(self, payload: bytes, to: type[Command] | type[Configuration]) -> Admitted:
        """What was asked for.

        Raises:
            Refused: it is not to be done.
        """
        envelope, key = self._genuine(payload)
        asked = self._understood(envelope.signed, to)
        refusal = self._not_for_us(asked) or self._not_now(asked)
        if refusal is not None:
            raise Refused(*refusal, nonce=asked.nonce, kind=kind_of(asked))
        return Admitted(asked, key, payload)

    def _genuine(self, payload: bytes) -> tuple[Envelope, PublicKey]:
        if not self.keys:
            raise Refused("no-keys", "This hub has no key of a ward (ward.command_keys) and does what nobody tells it.")
        if len(payload) > MAX_BYTES:
            raise Refused("too-large", f"It has {len(payload)} bytes; {MAX_BYTES} are the most.")
        try:
            envelope = _ENVELOPE.decode(payload)
        except UNREADABLE:
            raise Refused("unreadable", "It is no signed envelope (schema wardgate/signed/1).") from None
        key = next((known for known in self.keys if known.id == envelope.key), None)
        if key is None:
            raise Refused("unknown-key", "The key that it names is none of this hub's.", _nonce_in(envelope.signed))
        if not key.signed(envelope.signed, envelope.signature):
            sentence = f"Its signature is not that of the key {key.id}."
            raise Refused("forged", sentence, _nonce_in(envelope.signed))
        return envelope, key

    def _understood(self, signed: bytes, to: type[Command] | type[Configuration]) -> Downward:
        try:
            return msgspec.json.decode(signed, type=to)
        except UNREADABLE as error:
            refusal = "not-understood", f"It is not as the schema says: {error}."[:400]
        try:
            head = msgspec.json.decode(signed, type=_Head)
        except UNREADABLE:
            raise Refused(*refusal) from None
        kind = head.do.kind if head.do else ""
        if to is Command and head.do and kind not in KINDS:
            refusal = "unknown-kind", f"This hub knows no command `{kind[:40]}`."
        raise Refused(*refusal, nonce=_nonce_in(signed), kind=kind[:40])

    def _not_for_us(self, asked: Downward) -> tuple[str, str] | None:
        if asked.hub != self.hub:
            return "other-hub", f"It is for another hub than {self.hub}."
        if asked.assignment != self.assignment:
            return "other-assignment", f"It is for another assignment than the present one, {self.assignment}."
        return None

    def _not_now(self, asked: Downward) -> tuple[str, str] | None:
        if not timedelta(0) < asked.expires - asked.issued <= timedelta(days=LONGEST_DAYS):
            return "bad-validity", f"It has to expire after it is issued, and within {LONGEST_DAYS} days."
        if not self.synchronised:
            if isinstance(asked, Command) and isinstance(asked.do, WITHOUT_CLOCK):
                return None
            return (
                "clock-unknown",
                "The hub does not know the time, so it cannot tell whether it expired. Send it again.",
            )
        if asked.issued > self.now + SKEW:
            return "not-yet-valid", f"It is issued in the future; the hub's time is {self.now:%Y-%m-%d %H:%M:%S} UTC."
        if asked.expires <= self.now:
            return "expired", f"It expired; the hub's time is {self.now:%Y-%m-%d %H:%M:%S} UTC."
        return None


class _Named(Struct):
    nonce: Nonce


def _nonce_in(signed: bytes) -> str:
    """Nobody vouches for it: it tells whoever sent this which of his envelopes it was."""
    try:
        return msgspec.json.decode(signed, type=_Named).nonce
    except UNREADABLE:
        return ""
