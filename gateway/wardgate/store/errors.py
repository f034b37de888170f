"""What can go wrong with the store. Every message is a sentence that says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final


class StoreError(Exception):
    """Nothing of the operation that failed was kept."""


class StoreFull(StoreError):
    """The disk is full. The store goes on by itself once there is room."""


class StoreBroken(StoreError):
    """The disk refuses: an input/output error, a read-only file system, missing rights."""


class StoreCorrupt(StoreError):
    """The database file is damaged."""


class StoreBusy(StoreError):
    """Another process has the database."""


class StoreNewer(StoreError):
    """A later version of the program made this database."""


_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BROKEN: Final = frozenset(
    {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)

_NOT_THE_FILE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM})


def explained(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> Exception:
    """The store's own error for what SQLite reports about the file; the same error when it is about the statement.

    `UnicodeDecodeError` is what Python makes of SQLite's complaint about a damaged name in the file.
    """
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary == sqlite3.SQLITE_FULL:
        return StoreFull(f"The disk of {path.parent} is full: nothing more can be stored. Free some space there.")
    if primary in _CORRUPT or isinstance(error, UnicodeDecodeError):
        return StoreCorrupt(
            f"The database {path} is damaged ({error}). Restart the hub: it sets the file aside and saves what it can."
        )
    if primary in _BROKEN:
        return StoreBroken(f"The disk refuses to store into {path} ({error}). Check the card and its rights.")
    return error


def explained_at_start(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> Exception:
    """As `explained`; but nobody's statements are run yet but the hub's own, so what these cannot do the file is to
    blame for: a table that has lost its name, a row that breaks its own rule."""
    code = getattr(error, "sqlite_errorcode", None)
    known = explained(error, path)
    if known is not error or (code is not None and code & 0xFF in _NOT_THE_FILE):
        return known
    return StoreCorrupt(f"The database {path} is damaged ({error}).")
