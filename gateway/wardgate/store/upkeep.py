"""What keeps the database sound and small: checks, counting what need not be counted twice, packing."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from wardgate.store.errors import StoreCorrupt, explained_at_start
from wardgate.store.outbox import count
from wardgate.store.rows import Kind, Lane
from wardgate.store.soundness import fault_of

log: Final = logging.getLogger(__name__)

WHOLE_BYTES: Final = 64 * 1024 * 1024
"""A database up to this size is checked whole at every start, in about a second."""
TALLY: Final = 5000
"""Messages counted in one transaction; the next start counts no more than so many."""
PACK_BYTES: Final = 16 * 1024 * 1024
PACK_MOST_BYTES: Final = 256 * 1024 * 1024
"""More than this would hold up a start for too long."""
_LARGE: Final = frozenset({"messages", "readings"})
"""The tables that grow with what is kept."""


def suspect(path: Path) -> Path:
    """A file that is there when damage was found while the hub ran: the next start looks at everything."""
    return path.with_suffix(".suspect")


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage, in a time that does not grow with what is kept: `check_whole` looks at the rest later.

    Raises:
        StoreCorrupt: there is some.
    """
    if is_whole(path):
        _look(connection, path, "PRAGMA quick_check(1)")
        return
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for name in tables:
        if name not in _LARGE:
            _look(connection, path, f"PRAGMA quick_check('{name}')")


def check_content(connection: sqlite3.Connection, path: Path) -> None:
    """Look whether the pages say what was written on them, where it is time for everything; after the migration.

    Raises:
        StoreCorrupt: they do not.
    """
    if is_whole(path):
        if fault := fault_of(connection):
            raise StoreCorrupt(f"The database {path} is damaged: {fault}.")
        suspect(path).unlink(missing_ok=True)


def is_whole(path: Path) -> bool:
    """Whether this start looks at everything."""
    return suspect(path).exists() or path.stat().st_size <= WHOLE_BYTES


def _look(connection: sqlite3.Connection, path: Path, pragma: str) -> None:
    verdict = connection.execute(pragma).fetchone()[0]
    if verdict != "ok":
        raise StoreCorrupt(f"The database {path} is damaged: {verdict}.")


def check_whole(path: Path) -> str:
    """Look at every page, on a connection of its own; empty when all is well. What is wrong is noted for the start."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            _look(connection, path, "PRAGMA quick_check(1)")
            if fault := fault_of(connection):
                raise StoreCorrupt(f"The database {path} is damaged: {fault}.")
    except (StoreCorrupt, sqlite3.DatabaseError) as error:
        known = explained_at_start(error, path) if isinstance(error, sqlite3.Error) else error
        if not isinstance(known, StoreCorrupt):
            log.warning("the database could not be checked: %s", error)
            return ""
        suspect(path).touch(mode=0o600)
        return str(known)
    return ""


def pack(connection: sqlite3.Connection, path: Path) -> None:
    """Write a database anew that is mostly free pages: all at once or not at all.

    Free pages are used again before the file grows, so that it is never larger than what was once kept in it. A page
    map that would let it shrink at any time costs a page more with most commits; a start is early enough.
    """
    free, pages, page_bytes = (
        int(connection.execute(f"PRAGMA {what}").fetchone()[0])
        for what in ("freelist_count", "page_count", "page_size")
    )
    kept = (pages - free) * page_bytes
    if free * page_bytes < PACK_BYTES or free < pages - free or kept > PACK_MOST_BYTES:
        return
    if shutil.disk_usage(path.parent).free < 3 * kept:
        return
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        log.warning("the database was not packed, and stays as large as it is: %s", error)


def tallied(connection: sqlite3.Connection) -> tuple[int, int | None]:
    """Up to which number the readings of each device are counted in `counts`, and the last live one among them."""
    rows = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('tallied', 'last_live')").fetchall())
    return int(rows.get("tallied", 0)), int(rows["last_live"]) if "last_live" in rows else None


def tally(connection: sqlite3.Connection, limit: int = TALLY) -> bool:
    """Count the next messages. False when there was none."""
    after, last_live = tallied(connection)
    last = connection.execute(
        "SELECT max(seq) FROM (SELECT seq FROM messages WHERE seq > ? ORDER BY seq LIMIT ?)", (after, limit)
    ).fetchone()[0]
    if last is None:
        return False
    for device, n, _, live in by_device(connection, after, last):
        count(connection, device, "readings", n)
        last_live = max(last_live or 0, live) if live else last_live
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('tallied', ?)", (str(last),))
    if last_live:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('last_live', ?)", (str(last_live),))
    return True


def by_device(connection: sqlite3.Connection, after: int, last: int) -> list[tuple[str, int, int, int | None]]:
    """Of the messages between two numbers: device, its readings, the last one's number, and the last live one's."""
    return connection.execute(
        "SELECT device, count(*), max(seq), max(CASE WHEN lane = ? THEN seq END) FROM messages "
        "WHERE seq > ? AND seq <= ? AND kind = ? GROUP BY device",
        (int(Lane.LIVE), after, last, int(Kind.READING)),
    ).fetchall()
