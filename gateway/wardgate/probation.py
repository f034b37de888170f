"""What is kept of the ward's configuration, and the way back from one under which the hub cannot live.

A configuration that has just been applied is on probation. One file, which is replaced as a whole, holds it, the one
before it, and whether a start under it has begun and not ended in order: so after a power cut at any moment one of the
two is whole, and a program that fell can be told from a home that lost its power, by the boot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.checked import Unusable, known_alone
from wardgate.contract.commands import PARTS, Configuration, Part
from wardgate.contract.messages import UNREADABLE
from wardgate.counted import count
from wardgate.durable import write_whole

FALLS: Final = 2
"""The program may fall once for another reason."""
REMEMBERED: Final = 20
"""Of those that were taken back. A higher version is wanted in any case; this is to say why."""
SEAL: Final = "sha256"
KEYS: Final[frozenset[Part]] = frozenset({"command_keys"})


class Record(Struct, frozen=True, kw_only=True):
    """What the ward has said."""

    version: int = 0
    """The highest that was applied."""
    envelopes: tuple[bytes, ...] = ()
    """In the order in which they were applied."""
    retired: tuple[str, ...] = ()
    """Keys of the hub's own file that the ward has taken back."""


class Probation(Struct, frozen=True, kw_only=True):
    """What was applied and has not yet shown that the hub can live with it."""

    before: Record
    """The last one with which it could."""
    nonces: tuple[str, ...]
    """Of the configurations since then."""
    falls: int = 0
    running: str = ""
    """The boot in which the hub started with it and has not ended in order. Empty: it does not run."""


class Gone(Struct, frozen=True, kw_only=True):
    """A configuration that was taken back."""

    nonce: str
    version: int
    """The highest that was applied by then."""
    why: str
    """A sentence."""


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The file. Nothing here changes: each step makes the next state."""

    record: Record = Record()
    probation: Probation | None = None
    gone: tuple[Gone, ...] = ()

    def is_gone(self, nonce: str) -> Gone | None:
        """How a configuration was taken back; None when it was not."""
        return next((gone for gone in self.gone if gone.nonce == nonce), None)

    def speaks_of(self, word: Configuration) -> frozenset[Part]:
        """The parts of a word that count. Of one that was taken back its keys do: they stop no hub, and its ward may
        have thrown the old ones away."""
        return word.speaks_of() & KEYS if self.is_gone(word.nonce) else word.speaks_of()

    def last_words(self, envelopes: Sequence[bytes]) -> tuple[bytes, ...]:
        """Without those whose every part a later one has set or taken back."""
        open_parts, left = set(PARTS), []
        for envelope, word in reversed(list(zip(envelopes, words(envelopes), strict=True))):
            said = self.speaks_of(word)
            if open_parts & said or not word.speaks_of():  # what a later version added is its own to end
                open_parts -= said
                left.append(envelope)
        return tuple(reversed(left))

    # The steps

    def applied(self, record: Record) -> Kept:
        """The newest envelope of the record is a configuration that holds from the next start on."""
        new = words(record.envelopes[-1:])[0]
        if new.speaks_of() <= KEYS:
            return msgspec.structs.replace(self, record=record)
        last = self.probation
        return msgspec.structs.replace(
            self,
            record=record,
            probation=Probation(
                before=self.record if last is None else last.before,
                nonces=(*(() if last is None else last.nonces), new.nonce),
            ),
        )

    def started(self, boot_id: str) -> Kept:
        """The hub starts. If its last life did not end in order, and the machine has not been off since, the program
        fell; the second time the configuration goes."""
        tried = self.probation
        if tried is None:
            return self
        falls = tried.falls + (tried.running == boot_id)
        if falls >= FALLS:
            return self.back(f"The hub's program could not run with it: it fell {count(falls, 'time')}.")
        return msgspec.structs.replace(self, probation=msgspec.structs.replace(tried, falls=falls, running=boot_id))

    def ended(self) -> Kept:
        """The hub was stopped in order, or could not start for a reason of the machine's."""
        if self.probation is None:
            return self
        return msgspec.structs.replace(self, probation=msgspec.structs.replace(self.probation, running=""))

    def proven(self) -> Kept:
        """The hub can live with it."""
        return msgspec.structs.replace(self, probation=None)

    def back(self, why: str) -> Kept:
        """What held before the probation holds again, but for the keys; `why` is a sentence."""
        tried = self.probation
        if tried is None:
            return self
        version = self.record.version
        gone = [*self.gone, *(Gone(nonce=nonce, version=version, why=why) for nonce in tried.nonces)]
        used = {word.nonce for word in words(self.record.envelopes)}
        kept = Kept(gone=tuple(g for i, g in enumerate(gone) if g.nonce in used or i >= len(gone) - REMEMBERED))
        since = tuple(e for e in self.record.envelopes if e not in tried.before.envelopes)
        envelopes = kept.last_words((*tried.before.envelopes, *since))
        record = Record(version=version, envelopes=envelopes, retired=self.record.retired)
        return msgspec.structs.replace(kept, record=record)


def read(path: Path) -> Kept:
    """What is kept; nothing where nothing is.

    Raises:
        Unusable: the file is damaged, or cannot be read.
    """
    try:
        parts = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
        seal = msgspec.json.decode(parts.pop(SEAL, msgspec.Raw(b'""')), type=str)
        kept = msgspec.json.decode(msgspec.json.encode(parts), type=Kept)
        words(kept.record.envelopes)
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise Unusable([f"{path} cannot be read: {error}."]) from error
    except UNREADABLE:
        raise Unusable([f"{path} is damaged."]) from None
    if seal != _digest(parts):
        raise Unusable([f"{path} is damaged."])
    return kept


def write(path: Path, kept: Kept) -> None:
    """Replace the file as a whole.

    Raises:
        OSError: the disk refuses; what was kept before stays.
    """
    parts = msgspec.json.decode(msgspec.json.encode(kept), type=dict[str, msgspec.Raw])
    write_whole(path, msgspec.json.encode(parts | {SEAL: _digest(parts)}))


def words(envelopes: Sequence[bytes]) -> list[Configuration]:
    """What is signed in each, as far as this version knows it: what a later one has added is passed over, and stays.

    Raises:
        msgspec.DecodeError: one is none.
    """
    return [_word(msgspec.json.decode(envelope, type=_Envelope).signed) for envelope in envelopes]


class _Envelope(Struct):
    signed: bytes


def _word(signed: bytes) -> Configuration:
    said = known_alone(msgspec.json.decode(signed, type=dict[str, object]), Configuration)
    revert = said.get("revert")
    if isinstance(revert, list):
        said["revert"] = [part for part in revert if part in PARTS]
    return msgspec.convert(said, Configuration)


def _digest(parts: Mapping[str, msgspec.Raw]) -> str:
    """It tells a damaged file; who may write here needs no key. Made of the bytes as they are, so that neither a part
    that a later version adds nor one that it has left out makes a good file a damaged one.

    Where there is only a record, as it always was: such files are in the field.
    """
    sealed = parts["record"] if parts.keys() == {"record"} else msgspec.json.encode(parts)
    return hashlib.sha256(bytes(sealed)).hexdigest()
