"""The tables, and how an older database becomes today's."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wardgate.store.errors import StoreCorrupt, StoreNewer

MIGRATIONS: Final[tuple[str, ...]] = (
    # 1. A message is written once and never touched again; what changes about it is a small row beside it, so that
    #    marking 100,000 messages as done rewrites none of them. `outbox` is ordered as it is sent, and holds nothing
    #    but what is still to be done; every message gets there by itself.
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        device TEXT,
        stored_s REAL NOT NULL,
        payload BLOB NOT NULL
    );
    CREATE TABLE outbox (
        lane INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        sent_s REAL,
        PRIMARY KEY (lane, seq)
    ) WITHOUT ROWID;
    CREATE TRIGGER queued AFTER INSERT ON messages BEGIN
        INSERT INTO outbox (lane, seq) VALUES (new.lane, new.seq);
    END;
    CREATE TABLE arrivals (seq INTEGER PRIMARY KEY, broker_s REAL, ward_s REAL);
    CREATE TABLE parked (seq INTEGER PRIMARY KEY, at_s REAL NOT NULL, reason TEXT NOT NULL);
    CREATE TABLE readings (
        id TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,
        channel TEXT NOT NULL,
        taken_s REAL NOT NULL,
        assignment TEXT NOT NULL,
        arrival_s REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX series ON readings (channel, taken_s);
    CREATE TABLE alerts (
        id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        state TEXT NOT NULL,
        changed_s REAL NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (id, revision)
    ) WITHOUT ROWID;
    CREATE TABLE events (seq INTEGER PRIMARY KEY, at_s REAL NOT NULL);
    CREATE TABLE detectors (key TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE devices (id TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE counts (
        device TEXT NOT NULL,
        what TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (device, what)
    ) WITHOUT ROWID;
    """,
    # 2. A reading may be dated anew. `seq` stays that of its first revision; the text that holds is under `newest_seq`.
    #    `undated` has the numbers of those that wait for the hub to know the time.
    """
    ALTER TABLE readings ADD COLUMN newest_seq INTEGER;
    CREATE TABLE undated (seq INTEGER PRIMARY KEY);
    INSERT INTO undated SELECT seq FROM messages
        WHERE kind = 1 AND instr(CAST(payload AS TEXT), '"synchronised":false') > 0;
    """,
    # 3. A failing card changes bytes in the middle of a text, which no check of the pages sees. What was written before
    #    has no sum.
    "ALTER TABLE messages ADD COLUMN crc INTEGER;",
    # 4. The audit only grows. A line never takes the place of another: REPLACE would, without asking the trigger above.
    """
    CREATE TABLE audit (number INTEGER PRIMARY KEY, line BLOB NOT NULL, seal BLOB NOT NULL);
    CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit is only added to');
    END;
    CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit is only added to');
    END;
    CREATE TRIGGER audit_onward BEFORE INSERT ON audit
    WHEN new.number <= (SELECT max(number) FROM audit) BEGIN
        SELECT RAISE(ABORT, 'the audit is only added to');
    END;
    """,
)
"""The n-th script takes a database of version n to version n + 1. What has been released is never edited."""

_NOTE_VERSION: Final = "INSERT OR REPLACE INTO meta SELECT 'version', user_version FROM pragma_user_version;"


def version(connection: sqlite3.Connection) -> int:
    """The version of the database; 0 when it is new."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring a database to the latest version; each step happens wholly or not at all.

    Raises:
        StoreNewer: the database is of a later version than this program knows.
        StoreCorrupt: it says so in one place and not in the other, or its tables are not those of its version.
    """
    have = version(connection)
    if have > len(migrations):
        _confirm_version(connection, path, have)
        raise StoreNewer(
            f"{path} was written by a later version of Wardgate (database version {have}, this program knows "
            f"{len(migrations)}). Install that version again."
        )
    for step in range(have, len(migrations)):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {migrations[step]}; PRAGMA user_version = {step + 1}; {_NOTE_VERSION} COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    _confirm_tables(connection, path, tuple(migrations))


def _confirm_tables(connection: sqlite3.Connection, path: Path, migrations: tuple[str, ...]) -> None:
    """The names of tables and columns stand in the file as a text like any other."""
    if _tables(connection) != _tables_after(migrations):
        raise StoreCorrupt(f"The database {path} is damaged: its tables are not those that were made.")


@functools.cache
def _tables_after(migrations: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as fresh:
        for script in migrations:
            fresh.executescript(script)
        return _tables(fresh)


def _tables(connection: sqlite3.Connection) -> frozenset[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema")
    return frozenset((*names, "".join(sql.split())) for *names, sql in rows)


def _confirm_version(connection: sqlite3.Connection, path: Path, have: int) -> None:
    """A later version has said so in two places; in one alone it is a damaged byte."""
    said = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    if said is None or said[0] != str(have):
        raise StoreCorrupt(f"The database {path} is damaged: its version {have} was never written.")
