"""Whether a database is the one that this hub had last, or an older copy that somebody has put in its place.

A copy would give numbers a second time that the ward has already seen with other messages, so it gets a new epoch. It
is known by a mark, new at each start and at each stop, in the database and in a file beside it. A power cut between the
two leaves a file that knows both.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sqlite3
from pathlib import Path
from typing import Final

_SIZE: Final = 64
_EPOCH: Final = re.compile(rb'"epoch":"([^"]*)"')
_HEAD: Final = 60
"""`schema` and `epoch` stand in front of everything else."""


def epoch_of(connection: sqlite3.Connection, path: Path) -> tuple[str, bool]:
    """The epoch in which numbers are given from now on; whether it is a new one for an older copy."""
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (new_epoch(),))
    is_copy = _is_copy(connection, path)
    if is_copy:
        begin_epoch(connection, new_epoch())
    new = mark(connection, path)
    if new:
        settle(path, new)
    return str(_value(connection, "epoch")), is_copy


def new_epoch() -> str:
    """One that nobody has."""
    return secrets.token_hex(8)


def begin_epoch(connection: sqlite3.Connection, epoch: str) -> None:
    """Go on numbering in another epoch; what was said in those before is remembered as this database's own."""
    former = " ".join(filter(None, [_value(connection, "former_epochs"), _value(connection, "epoch")]))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('former_epochs', ?)", (former,))
    connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))


def former_epochs(connection: sqlite3.Connection) -> frozenset[str]:
    """Those in which this database has numbered before."""
    return frozenset((_value(connection, "former_epochs") or "").split())


def in_epoch(payload: bytes, epoch: bytes) -> bytes:
    """A text as it is sent now: one that was stored in a former epoch says the present one, and all else as it was."""
    found = _EPOCH.search(payload, 0, _HEAD)
    if found is None or found[1] == epoch:
        return payload
    return payload[: found.start(1)] + epoch + payload[found.end(1) :]


def mark(connection: sqlite3.Connection, path: Path) -> str | None:
    """Write a new mark, first into the file, beside the one that is there. None where the disk takes nothing."""
    new = secrets.token_hex(8)
    try:
        _write(path, f"{_value(connection, 'mark') or ''} {new}", sync=True)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('mark', ?)", (new,))
    except (OSError, sqlite3.OperationalError):
        return None
    return new


def settle(path: Path, new: str) -> None:
    """The new mark is in the database: the file forgets the one before."""
    with contextlib.suppress(OSError):
        _write(path, new, sync=False)


def _is_copy(connection: sqlite3.Connection, path: Path) -> bool:
    try:
        known = _file(path).read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return False
    return bool(known) and _value(connection, "mark") not in known


def _write(path: Path, text: str, *, sync: bool) -> None:
    descriptor = os.open(_file(path), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, text.strip().ljust(_SIZE).encode("ascii"), 0)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _file(path: Path) -> Path:
    return path.with_suffix(".mark")


def _value(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])
