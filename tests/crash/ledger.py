"""What was handed to the store and what it promised, and whether a store that was opened again keeps to it."""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from wardgate.contract.messages import Reading, Upward
from wardgate.store import Store

ABSENT: Final = b""
"""What a register holds before it is first set."""
_NUMBERS: Final = re.compile(rb'"epoch":"([0-9a-f]*)","seq":(\d+),')


@dataclass(frozen=True, slots=True)
class Given:
    """A message is handed in."""

    message: Upward


@dataclass(frozen=True, slots=True)
class Promised:
    """Its future was done, with this number."""

    message: Upward
    seq: int


@dataclass(frozen=True, slots=True)
class Done:
    """Numbers are called done, or (`sure`) that was committed."""

    seqs: frozenset[int]
    sure: bool


@dataclass(frozen=True, slots=True)
class Parked:
    """A number is set aside, or that was committed."""

    seq: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What is done may lose its text from now on."""


@dataclass(frozen=True, slots=True)
class Set:
    """A register (a detector's state, a device's row, the epoch) gets a value, or that was committed."""

    register: str
    value: bytes
    sure: bool


@dataclass(frozen=True, slots=True)
class Emptied:
    """A message that is done is replaced by a later one: its text may be gone, its number stays."""

    seq: int


@dataclass(frozen=True, slots=True)
class Found:
    """What stood in a store that was opened again: whoever saw it may have acted on it, so it is promised too."""

    texts: dict[int, bytes]
    ids: dict[str, int]
    done: frozenset[int]
    parked: frozenset[int]


Line = Given | Promised | Done | Parked | Trimmed | Emptied | Found | Set


@dataclass(slots=True)
class Ledger:
    """The lines so far."""

    given: set[bytes] = field(default_factory=set)
    promised: dict[int, bytes] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    """The numbers of the readings that were promised."""
    maybe_done: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    maybe_parked: set[int] = field(default_factory=set)
    parked: set[int] = field(default_factory=set)
    may_vanish: set[int] = field(default_factory=set)
    registers: dict[str, list[bytes]] = field(default_factory=dict)
    """The last value that was promised, and what was handed in after it."""

    def write(self, line: Line) -> None:
        """One more line."""
        match line:
            case Given():
                self.given.add(_bare(line.message))
            case Promised():
                self.promised[line.seq] = _bare(line.message)
                if isinstance(line.message, Reading):
                    self.ids[line.message.id] = line.seq
            case Done():
                (self.done if line.sure else self.maybe_done).update(line.seqs)
            case Parked():
                (self.parked if line.sure else self.maybe_parked).add(line.seq)
            case Trimmed():
                self._trimmed()
            case Emptied():
                self.may_vanish.add(line.seq)
            case Found():
                self._found(line)
            case Set():
                self._set(line)

    def _trimmed(self) -> None:
        self.may_vanish |= {seq for seq in self.maybe_done if b"wardgate/alert" not in self.promised[seq]}

    def _found(self, line: Found) -> None:
        self.promised |= line.texts
        self.ids |= line.ids
        self.maybe_done |= line.done
        self.done |= line.done
        self.maybe_parked |= line.parked
        self.parked |= line.parked

    def _set(self, line: Set) -> None:
        values = self.registers.setdefault(line.register, [ABSENT])
        if line.sure:
            del values[: values.index(line.value)]
        else:
            values.append(line.value)

    def knows(self, message: Upward) -> bool:
        """Whether this was handed in, whatever number it has now."""
        return _bare(message) in self.given

    def missing_in(self, store: Store) -> set[int]:
        """What was promised and is not there any more."""
        with _reading(store) as query:
            kept = set(_texts(dict(query("SELECT seq, payload FROM messages"))).values())
        return {seq for seq, text in self.promised.items() if text not in kept} - self.may_vanish

    def broken_by(self, store: Store) -> list[str]:
        """What the store does not keep to; nothing when all is well."""
        with _reading(store) as query:
            rows = dict(query("SELECT seq, payload FROM messages"))
            outbox, arrived, parked = (_seqs(query, table) for table in ("outbox", "arrivals", "parked"))
            index = dict(query("SELECT id, seq FROM readings"))
        kept = _texts(rows)
        wrong = {seq for seq in self.promised.keys() & kept.keys() if kept[seq] != self.promised[seq]}
        settled = self.maybe_done | self.maybe_parked
        found = {
            "promised and gone": self.promised.keys() - kept.keys() - self.may_vanish,
            "promised, and another message has its number": wrong,
            "never handed in": {seq for seq, text in kept.items() if text not in self.given},
            "a number or epoch that is not its own": {
                seq for seq in kept if _stripped(rows[seq])[:2] != (store.epoch, seq)
            },
            "a reading that its id does not find": {id_ for id_, seq in self.ids.items() if index.get(id_) != seq},
            "kept twice": len(set(kept.values())) != len(kept),
            "not waiting, and never called done": self.promised.keys() - settled - outbox,
            "still waiting, and done": (self.done | self.parked) & outbox,
            "set aside and not": (self.parked - parked) | (parked - self.maybe_parked),
            "neither waiting nor done, or both": {
                s for s in rows if (s in outbox) + (s in arrived) + (s in parked) != 1
            },
            "numbers would be given again": store.last_seq < max(self.promised, default=0),
            "another number of messages waits than is said": store.outbox_counts().waiting != len(outbox),
            "a register that lost its value": [
                name for name, values in self.registers.items() if register(store, name) not in values
            ],
        }
        return [f"{what}: {which}" for what, which in found.items() if which]


def found(store: Store) -> Found:
    """What stands in a store now."""
    with _reading(store) as query:
        return Found(
            _texts(dict(query("SELECT seq, payload FROM messages"))),
            dict(query("SELECT id, seq FROM readings")),
            frozenset(_seqs(query, "arrivals")),
            frozenset(_seqs(query, "parked")),
        )


def register(store: Store, name: str) -> bytes:
    """What a register holds: the epoch, a detector's state, a device's battery, a count."""
    kind, *key = name.split()
    match kind:
        case "epoch":
            return store.epoch.encode()
        case "detector":
            return store.detector_state(key[0]) or ABSENT
        case "device":
            row = store.device(key[0])
            return ABSENT if row is None or row.battery_percent is None else str(row.battery_percent).encode()
        case _:
            row = store.device(key[0])
            n = row.counts.get(key[1]) if row else None
            return ABSENT if n is None else str(n).encode()


@contextlib.contextmanager
def _reading(store: Store) -> Iterator[Callable[[str], Iterable[Any]]]:
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        yield connection.execute


def _texts(rows: dict[int, bytes]) -> dict[int, bytes]:
    """The messages that have a text, without epoch and number."""
    return {seq: _stripped(payload)[2] for seq, payload in rows.items() if payload}


def _seqs(query: Callable[[str], Iterable[Any]], table: str) -> set[int]:
    return {seq for (seq,) in query(f"SELECT seq FROM {table}")}


@functools.lru_cache(maxsize=100_000)
def _stripped(payload: bytes) -> tuple[str, int, bytes]:
    """Epoch, number, and the text without them."""
    found = _NUMBERS.search(payload)
    if found is None:
        return "", 0, payload
    return found[1].decode(), int(found[2]), payload[: found.start()] + payload[found.end() :]


def _bare(message: Upward) -> bytes:
    return _stripped(msgspec.json.encode(message))[2]
