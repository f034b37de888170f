"""A damaged database is set aside, never deleted, and what can be read of it goes on living in a new one."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from wardgate.clock import Clock
from wardgate.contract.messages import CANARY, Alert, Event, Reading
from wardgate.store import audit, outbox
from wardgate.store.rows import Kind
from wardgate.store.soundness import is_device

_TYPES: Final[dict[int, type[Reading] | type[Alert] | type[Event]]] = {
    Kind.READING: Reading,
    Kind.ALERT: Alert,
    Kind.EVENT: Event,
    Kind.CORRECTION: Reading,
    Kind.TEST: Reading,
}
_CHUNK: Final = 256
_BEYOND: Final = 1 << 32
"""How many numbers in a row may be unreadable before the rest is given up. They are not tried one by one."""
_ROWS_AT_MOST: Final = 10_000_000
"""Of a small table. Pages that lead back to themselves have no end."""
_UNREADABLE: Final = (sqlite3.DatabaseError, UnicodeDecodeError)


class _Old(NamedTuple):
    """A row as it is found: only the number is sure to be one."""

    seq: int
    kind: Any
    device: Any
    stored_s: Any
    payload: Any
    crc: Any


def unfinished(path: Path) -> Path | None:
    """The damaged file of a quarantine that a power cut ended; None when there is none.

    It is whole under its other name. What stands at `path` is not, and is removed.
    """
    aside = _aside(path)
    if not aside.exists():
        _beside(aside, "-wal").unlink(missing_ok=True)
        return None
    _remove(path)
    return aside


def set_aside(path: Path) -> Path:
    """Give the damaged database another name, its log first, so that a power cut finds either the old or the new one
    whole. Where it is now; `keep_damaged` gives it a name for good."""
    aside = _aside(path)
    for suffix in ("-wal", ""):
        if (part := _beside(path, suffix)).exists():
            _also(part, _beside(aside, suffix))
    sync_directory(path.parent)
    _remove(path)
    return aside


def keep_damaged(aside: Path, path: Path, clock: Clock) -> Path:
    """The quarantine is over: the damaged file stays, for whoever wants to look. Where it is."""
    kept = path.with_name(f"{path.stem}.damaged-{clock.utc():%Y%m%dT%H%M%S%f}Z{path.suffix}")
    for suffix in ("-wal", ""):
        if (part := _beside(aside, suffix)).exists():
            _also(part, _beside(kept, suffix))
    sync_directory(path.parent)
    for suffix in ("", "-wal", "-shm"):
        _beside(aside, suffix).unlink(missing_ok=True)
    sync_directory(path.parent)
    return kept


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.salvaging")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _remove(path: Path) -> None:
    """The log goes last: without it a database is older than it was, with it an empty one is nothing."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        _beside(path, suffix).unlink(missing_ok=True)
    sync_directory(path.parent)


def _also(file: Path, name: Path) -> None:
    """Let a file have a second name; a copy where the file system knows no links."""
    name.unlink(missing_ok=True)
    try:
        name.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, name)


def salvage(damaged: Path, new: sqlite3.Connection, epoch: str) -> tuple[int, int]:
    """Copy what can be read into a new, empty database. How many messages were saved, and how many numbers are missing.

    What the old one does not certainly call done is queued again: the ward knows what it has by the ids.
    """
    old = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        new.execute("BEGIN IMMEDIATE")
        saved, left_out = _messages_into(old, new, epoch.encode())
        missing = _numbers(old) - {*saved, *left_out}
        for table in ("detectors", "devices", "counts"):
            for row in _all(old, f"SELECT * FROM {table}"):  # noqa: S608 - no input
                if table == "devices" and not is_device(row[1]):
                    continue
                values = ", ".join("?" * len(row))
                new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({values})", row)  # noqa: S608 - no input
        with contextlib.suppress(*_UNREADABLE):
            audit.carry_over(old, new)
        # What was counted there and is here again will be counted again.
        new.execute(
            "UPDATE counts SET n = max(0, n - (SELECT count(*) FROM messages AS m WHERE m.device = counts.device "
            "AND kind = 1)) WHERE what = 'readings'"
        )
        new.execute("COMMIT")
    finally:
        old.close()
    return len(saved), len(missing)


def _numbers(old: sqlite3.Connection) -> set[int]:
    """Every message has its number in one of these, on pages of their own; what was trimmed has not."""
    tables = ("outbox", "arrivals", "parked")
    return {seq for t in tables for (seq,) in _all(old, f"SELECT seq FROM {t}")}  # noqa: S608 - no input


def _messages_into(old: sqlite3.Connection, new: sqlite3.Connection, epoch: bytes) -> tuple[list[int], list[int]]:
    """The old numbers of what was saved, and of canaries, which are left behind."""
    done = {
        seq: (broker_s, ward_s) for seq, broker_s, ward_s in _all(old, "SELECT seq, broker_s, ward_s FROM arrivals")
    }
    arrival_s = dict(_all(old, "SELECT id, arrival_s FROM readings"))
    saved: list[int] = []
    left_out: list[int] = []
    for row in _messages(old):
        message = _message(row)
        if message is None or (isinstance(message, Event) and message.code == CANARY):
            if message or not row.payload:
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
        if not message.time.synchronised and message.revision == 1 and not message.test:
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


def _message(row: _Old) -> Reading | Alert | Event | None:
    """What a row says, if it is what was once written; None otherwise, and for one that was emptied."""
    if not isinstance(row.payload, bytes) or not isinstance(row.stored_s, float):
        return None
    if row.crc is not None and row.crc != zlib.crc32(row.payload):
        return None
    try:
        message = msgspec.json.decode(row.payload, type=_TYPES[row.kind])
    except (KeyError, TypeError, msgspec.DecodeError):
        return None
    return message if message.seq == row.seq else None


def _messages(old: sqlite3.Connection) -> Iterator[_Old]:
    """Every message that can be read, in order: a damaged page costs what stood on it, and no more."""
    sql = _query_of(old)
    after, limit = 0, _CHUNK
    while True:
        try:
            rows = [row for row in _some(old, sql, after, limit) if row.seq > after]
        except _UNREADABLE:
            if limit > 1:
                limit //= 4
                continue
            further = _behind_the_damage(old, sql, after)
            if further is None:
                return
            after, limit = further, _CHUNK
            continue
        if not rows:
            return
        yield from rows
        after, limit = max(row.seq for row in rows), min(limit * 4, _CHUNK)


def _behind_the_damage(old: sqlite3.Connection, sql: str, after: int) -> int | None:
    """From which number on rows can be read again; None when there is nothing more."""
    unreadable, step = after, 1
    while not _is_readable(old, sql, after + step):
        unreadable, step = after + step, step * 2
        if step > _BEYOND:
            return None
    readable = after + step
    while readable - unreadable > 1:
        between = (readable + unreadable) // 2
        if _is_readable(old, sql, between):
            readable = between
        else:
            unreadable = between
    return readable


def _is_readable(old: sqlite3.Connection, sql: str, after: int) -> bool:
    try:
        _some(old, sql, after, 1)
    except _UNREADABLE:
        return False
    return True


def _some(old: sqlite3.Connection, sql: str, after: int, limit: int) -> list[_Old]:
    rows = old.execute(f"{sql} WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)).fetchall()
    return [_Old(*row) for row in rows]


def _query_of(old: sqlite3.Connection) -> str:
    """A database of an earlier version has no sums."""
    columns = {name for (name,) in _all(old, "SELECT name FROM pragma_table_info('messages')")}
    crc = "crc" if "crc" in columns else "NULL"
    return f"SELECT seq, kind, device, stored_s, payload, {crc} FROM messages"  # noqa: S608 - no input


def _all(old: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    """As many rows as can be read before the first that cannot."""
    rows: list[tuple[Any, ...]] = []
    try:
        for row in islice(old.execute(sql), _ROWS_AT_MOST):
            rows.append(row)  # noqa: PERF402 - the rows before an error count
    except _UNREADABLE:
        pass
    return rows
