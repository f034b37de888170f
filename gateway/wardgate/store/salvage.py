"""A damaged database is set aside, never deleted, and what can be read of it goes on living in a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from wardgate.clock import Clock
from wardgate.contract.messages import CANARY, Alert, Event, Reading
from wardgate.store import outbox
from wardgate.store.rows import Kind

_TYPES: Final[dict[int, type[Reading] | type[Alert] | type[Event]]] = {
    Kind.READING: Reading,
    Kind.ALERT: Alert,
    Kind.EVENT: Event,
    Kind.CORRECTION: Reading,
}
_CHUNK: Final = 256
_BEYOND: Final = 10_000
"""How far to look past the highest number known, when the table cannot say where it ends."""


class _Old(NamedTuple):
    seq: int
    kind: int
    device: str | None
    stored_s: float
    payload: bytes


def set_aside(path: Path, clock: Clock) -> Path:
    """Move the database with its log out of the way. Where it is now."""
    moved = path.with_name(f"{path.stem}.damaged-{clock.utc():%Y%m%dT%H%M%S%f}Z{path.suffix}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(moved.with_name(moved.name + suffix))
    return moved


def salvage(damaged: Path, new: sqlite3.Connection, epoch: str) -> tuple[int, int]:
    """Copy what can be read into a new, empty database. How many messages were saved, and how many numbers are missing.

    What the old one does not certainly call done is queued again: the ward knows what it has by the ids.
    """
    old = sqlite3.connect(damaged, isolation_level=None)
    try:
        new.execute("BEGIN IMMEDIATE")
        saved, left_out = _messages_into(old, new, epoch.encode())
        for table in ("detectors", "devices", "counts"):
            for row in _all(old, f"SELECT * FROM {table}"):  # noqa: S608 - no input
                new.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - no input
        new.execute("COMMIT")
    finally:
        old.close()
    if not saved:
        return 0, 0
    between = sum(saved[0] < seq < saved[-1] for seq in left_out)
    return len(saved), saved[-1] - saved[0] + 1 - len(saved) - between


def _messages_into(old: sqlite3.Connection, new: sqlite3.Connection, epoch: bytes) -> tuple[list[int], list[int]]:
    """The old numbers of what was saved, and of canaries, which are left behind."""
    done = {
        seq: (broker_s, ward_s) for seq, broker_s, ward_s in _all(old, "SELECT seq, broker_s, ward_s FROM arrivals")
    }
    arrival_s = dict(_all(old, "SELECT id, arrival_s FROM readings"))
    saved: list[int] = []
    left_out: list[int] = []
    for row in _messages(old):
        try:
            message = msgspec.json.decode(row.payload, type=_TYPES[row.kind]) if row.payload else None
        except (KeyError, msgspec.DecodeError):
            continue
        if message is None or (isinstance(message, Event) and message.code == CANARY):
            left_out.append(row.seq)
            continue
        seq = len(saved) + 1
        if not _index(new, message, seq, arrival_s):
            continue
        payload = outbox.numbered(outbox.encode(message), epoch, seq)
        outbox.append(new, seq, outbox.kind_of(message), outbox.lane_of(message), row.device, row.stored_s, payload)
        if row.seq in done:
            new.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
            new.execute("INSERT INTO arrivals VALUES (?, ?, ?)", (seq, *done[row.seq]))
        saved.append(row.seq)
    return saved, left_out


def _index(new: sqlite3.Connection, message: Reading | Alert | Event, seq: int, arrival_s: dict[str, float]) -> bool:
    """Write the row that finds a message. False for one that is here already."""
    if isinstance(message, Reading):
        if not message.time.synchronised and message.revision == 1:
            new.execute("INSERT INTO undated VALUES (?)", (seq,))
        return (message.revision > 1 and outbox.replace_reading(new, message, seq)) or bool(
            new.execute(
                "INSERT OR IGNORE INTO readings (id, seq, channel, taken_s, assignment, arrival_s) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    message.id,
                    seq,
                    message.channel,
                    message.time.taken.timestamp(),
                    message.assignment,
                    arrival_s.get(message.id, message.time.boottime_s),
                ),
            ).rowcount
        )
    if isinstance(message, Alert):
        return bool(
            new.execute(
                "INSERT OR IGNORE INTO alerts (id, revision, state, changed_s, seq) VALUES (?, ?, ?, ?, ?)",
                (message.id, message.revision, message.state, message.changed.timestamp(), seq),
            ).rowcount
        )
    new.execute("INSERT INTO events (seq, at_s) VALUES (?, ?)", (seq, message.at.timestamp()))
    return True


def _messages(old: sqlite3.Connection) -> Iterator[_Old]:
    """Every message that can be read, in order: a damaged page costs what stood on it, and no more."""
    last = _last_seq(old)
    for start in range(0, last, _CHUNK):
        try:
            yield from _span(old, start, start + _CHUNK)
        except sqlite3.DatabaseError:
            for seq in range(start, start + _CHUNK):
                try:
                    yield from _span(old, seq, seq + 1)
                except sqlite3.DatabaseError:
                    continue


def _span(old: sqlite3.Connection, after: int, through: int) -> list[_Old]:
    rows = old.execute(
        "SELECT seq, kind, device, stored_s, payload FROM messages WHERE seq > ? AND seq <= ? ORDER BY seq",
        (after, through),
    ).fetchall()
    return [_Old(*row) for row in rows]


def _last_seq(old: sqlite3.Connection) -> int:
    """A number no message goes beyond."""
    try:
        return int(old.execute("SELECT coalesce(max(seq), 0) FROM messages").fetchone()[0])
    except sqlite3.DatabaseError:
        tables = ("readings", "alerts", "events", "outbox", "arrivals")
        known = [seq for t in tables for (seq,) in _all(old, f"SELECT seq FROM {t}")]  # noqa: S608 - no input
        return max(known, default=0) + _BEYOND


def _all(old: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    """As many rows as can be read before the first that cannot."""
    rows: list[tuple[Any, ...]] = []
    try:
        for row in old.execute(sql):
            rows.append(row)  # noqa: PERF402 - the rows before an error count
    except sqlite3.DatabaseError:
        pass
    return rows
