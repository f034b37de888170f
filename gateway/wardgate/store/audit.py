"""What was done on this hub, by whom and when: lines that are only ever added, each sealed onto the one before.

A line's seal is the SHA-256 of the seal before it and of the line's own bytes. Triggers refuse to change or remove a
line; whoever gets around them breaks the chain at that place. How far the chain goes is also kept in `meta`, so that a
cut-off end is noticed, and the ward is told of it, so that a chain that was made anew from the start is noticed there
(docs/adr/0013-the-audit-is-sealed-and-the-ward-knows-its-end.md).
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from wardgate.clock import utc_from_s
from wardgate.contract.messages import Utc

if TYPE_CHECKING:
    from wardgate.clock import Clock
    from wardgate.store.store import Store

By = Literal["page", "command", "ward", "hub", "button", "home"]
Value = str | int | float | bool | None

SEAL_BYTES: Final = 32
BEFORE_THE_FIRST: Final = bytes(SEAL_BYTES)
MOST_CHARACTERS: Final = 500
"""Of a sentence or a value: what comes from outside fills no disk."""
_HEAD: Final = "audit_head"
_ROWS: Final = "SELECT number, line, seal FROM audit"
_UNREADABLE: Final = "This line cannot be read: it was damaged or changed."


class AuditRow(Struct, frozen=True, kw_only=True):
    """One line."""

    number: int
    """From 1, without a gap."""
    at: Utc
    synchronised: bool = True
    """Whether the hub knew the time."""
    what: str
    """A stable key: claimed, assigned, device-added, paired, locked, signed-in, ..."""
    by: str
    """page, command, ward, hub, button, home."""
    sentence: str
    detail: dict[str, Value] = {}


_ROW: Final = msgspec.json.Decoder(AuditRow)


class Head(Struct, frozen=True, kw_only=True):
    """How far the chain goes."""

    number: Annotated[int, Meta(ge=0)] = 0
    seal: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] = BEFORE_THE_FIRST.hex()
    """Of the last line."""


@dataclass(frozen=True, slots=True)
class Break:
    """A place at which the audit is not what was written."""

    number: int
    """The line that was changed, or the first of those that are missing."""
    sentence: str


class Audit:
    """The audit of one hub, in its database."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(self, what: str, by: By, sentence: str, /, **detail: Value) -> AuditRow:
        """Add a line. It is on the disk when this returns.

        Raises:
            StoreError: the disk refuses; then there is no such line, and what was to be done is better not done.
        """
        return await self.put(what, by, sentence, **detail)

    def put(self, what: str, by: By, sentence: str, /, **detail: Value) -> asyncio.Future[AuditRow]:
        """As `note`, for whoever does not wait for the disk."""
        at, synchronised = self._clock.utc(), self._clock.synchronised()
        kept = {key: _short(value) for key, value in detail.items()}

        def op(connection: sqlite3.Connection) -> AuditRow:
            before = _last(connection)
            row = AuditRow(
                number=before.number + 1,
                at=at,
                synchronised=synchronised,
                what=what,
                by=by,
                sentence=sentence[:MOST_CHARACTERS],
                detail=kept,
            )
            line = msgspec.json.encode(row, order="sorted")
            seal = _seal(before.seal, line)
            connection.execute("INSERT INTO audit (number, line, seal) VALUES (?, ?, ?)", (row.number, line, seal))
            _keep_head(connection, Head(number=row.number, seal=seal.hex()))
            return row

        return self._store.write(op)

    def entries(self, limit: int, before: int | None = None) -> list[AuditRow]:
        """The newest lines, or the newest of those before a number; newest first. One that cannot be read says so."""
        return self._store.read.audit_rows(limit, before)

    def head(self) -> Head:
        """How far the chain goes by now."""
        return self._store.read.audit_head()

    def broken_at(self) -> int | None:
        """The first line that was changed or is missing; None when all are whole. It reads all: call it in a thread."""
        breaks = verify(self._store.path)
        return breaks[0].number if breaks else None


def verify(database: Path, known: Mapping[int, str] | None = None) -> list[Break]:
    """Every place at which the chain of a database is broken, in order. On a connection of its own that cannot write.

    Args:
        database: wardgate.db; a hub may be using it.
        known: seals by number from elsewhere, such as those that the ward was told.

    Raises:
        sqlite3.Error: the file cannot be read.
    """
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("BEGIN")  # the lines and how far they go are of one commit
        rows = [(n, _raw(line), _raw(seal)) for n, line, seal in connection.execute(f"{_ROWS} ORDER BY number")]
        head = kept_head(connection)
    found = {b.number: b for b in (*_against(rows, known or {}), *_against_head(rows, head), *_along(rows))}
    return [found[number] for number in sorted(found)]


def _along(rows: Iterable[tuple[int, bytes, bytes]]) -> Iterator[Break]:
    """Each line follows the one before it, or it is said where not."""
    last, seal_before = 0, BEFORE_THE_FIRST
    for number, line, seal in rows:
        if number != last + 1:
            yield Break(last + 1, _missing(last + 1, number - 1))
        elif seal != hashlib.sha256(seal_before + line).digest():
            yield Break(number, f"Line {number} is not what was written, or does not follow the one before it.")
        last, seal_before = number, seal


def _against_head(rows: list[tuple[int, bytes, bytes]], head: Head | None) -> Iterator[Break]:
    """The chain goes as far as was kept, no less and no further."""
    last = rows[-1][0] if rows else 0
    if head is None:
        yield Break(last + 1, f"How far the audit goes beyond line {last} cannot be read.")
    elif head.number > last:
        yield Break(last + 1, _missing(last + 1, head.number))
    elif head.number < last:
        yield Break(head.number + 1, f"From line {head.number + 1} on, this hub has written none.")
    elif last:
        yield from _against(rows, {last: head.seal})


def _against(rows: list[tuple[int, bytes, bytes]], known: Mapping[int, str]) -> Iterator[Break]:
    """The seals are those that are known from elsewhere."""
    here = {number: seal.hex() for number, _, seal in rows}
    for number, seal in known.items():
        if here.get(number) != seal.lower():
            yield Break(number, f"Line {number}, or one before it, is not the one that was told elsewhere.")


def _missing(first: int, last: int) -> str:
    return f"Line {first} is missing." if first == last else f"Lines {first} to {last} are missing."


# What the store's other rooms need


def listed(connection: sqlite3.Connection, limit: int, before: int) -> list[AuditRow]:
    """The newest lines of those before a number, newest first."""
    rows = connection.execute(f"{_ROWS} WHERE number < ? ORDER BY number DESC LIMIT ?", (before, limit)).fetchall()
    return [_row(number, _raw(line)) for number, line, _ in rows]


def kept_head(connection: sqlite3.Connection) -> Head | None:
    """How far the chain goes, as it was kept beside it; None when that cannot be read."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (_HEAD,)).fetchone()
    if found is None:
        return Head()
    try:
        return msgspec.json.decode(_raw(found[0]), type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def carry_over(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Lines and their end go into a new, empty database as they are: what is broken stays broken, and is seen.

    Raises:
        sqlite3.Error: one of them cannot be read further; what was read so far is in the new one.
    """
    head = kept_head(old)
    if head is not None and head.number:
        _keep_head(new, head)
    for number, line, seal in old.execute(f"{_ROWS} ORDER BY number"):
        new.execute("INSERT INTO audit (number, line, seal) VALUES (?, ?, ?)", (number, _raw(line), _raw(seal)))


def _last(connection: sqlite3.Connection) -> Head:
    """What the next line follows. After lines that are missing it goes on behind them: the gap stays."""
    head = kept_head(connection) or Head()
    found = connection.execute(f"{_ROWS} ORDER BY number DESC LIMIT 1").fetchone()
    if found is None or head.number >= found[0]:
        return head
    return Head(number=found[0], seal=_raw(found[2]).hex())


def _keep_head(connection: sqlite3.Connection, head: Head) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_HEAD, msgspec.json.encode(head).decode()))


def _row(number: int, line: bytes) -> AuditRow:
    try:
        row = _ROW.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return AuditRow(number=number, at=utc_from_s(0.0), what="unreadable", by="hub", sentence=_UNREADABLE)
    return msgspec.structs.replace(row, number=number)


def _seal(before: str, line: bytes) -> bytes:
    return hashlib.sha256(bytes.fromhex(before) + line).digest()


def _raw(value: object) -> bytes:
    """A column as bytes, whatever somebody has put there."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")


def _short(value: Value) -> Value:
    return value[:MOST_CHARACTERS] if isinstance(value, str) else value
