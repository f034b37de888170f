"""The database is opened: locked, checked, brought to the latest version; a damaged one is set aside for a new one."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO, Final, NamedTuple

from wardgate.clock import Clock
from wardgate.store import lineage, log, upkeep
from wardgate.store.errors import StoreBroken, StoreBusy, StoreCorrupt, explained_at_start
from wardgate.store.reader import Reader
from wardgate.store.reserve import make_room
from wardgate.store.rows import Quarantine
from wardgate.store.salvage import keep_damaged, salvage, set_aside, unfinished
from wardgate.store.schema import migrate

PAGE_BYTES: Final = 2048
"""Two readings to a page. A commit writes whole pages: half the default is half the wear of the card."""
CHECKPOINT_PAGES: Final = 4000
"""The write-ahead log's usual size, 8 MB: each checkpoint costs two more fsyncs."""
LOG_BYTES: Final = 16 * 1024 * 1024
"""A log that grew while somebody read for long is cut back to this."""


class Opened(NamedTuple):
    """A database that is this process's own until `lock` is closed."""

    lock: IO[bytes]
    writing: sqlite3.Connection
    reader: Reader
    epoch: str
    is_copy: bool
    """Whether this is an older copy that was put back: it numbers in a new epoch."""
    last_seq: int


def opened(path: Path) -> Opened:
    """The database, sound and of the latest version. It is made if there is none.

    Raises:
        StoreCorrupt: the file is damaged; see `opened_or_made_anew`.
        StoreBusy: another process has it.
        StoreNewer: a later version of the program made it.
        StoreBroken: the disk refuses.
    """
    lock = _locked(path)
    make_room(path.with_suffix(".reserve"))
    try:
        if log.is_cut_short(path):
            raise StoreCorrupt(f"The database {path} is damaged: its log ends before the last that was written there.")
        connection = _connected(path)
        try:
            epoch, is_copy = lineage.epoch_of(connection, path)
            last_seq = _last_number(connection)
            upkeep.check_content(connection, path)
        except BaseException:
            connection.close()
            raise
        reader = Reader(path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        lock.close()
        raise explained_at_start(error, path) from error
    except BaseException:
        lock.close()
        raise
    return Opened(lock, connection, reader, epoch, is_copy, last_seq)


def opened_or_made_anew(path: Path, clock: Clock) -> tuple[Opened, Quarantine | None]:
    """As `opened`, but a damaged file is set aside, and a new one made with what can be saved out of it.

    Whatever was not certainly done is queued again, under new numbers and a new epoch; the ward knows the ids.
    """
    reason = "a power cut ended its repair"
    lock = _locked(path)
    try:
        damaged = unfinished(path)
    finally:
        lock.close()
    if not damaged:
        try:
            return opened(path), None
        except StoreCorrupt as error:
            reason = str(error)
    lock = _locked(path)
    try:
        aside = set_aside(path) if damaged is None else damaged
        log.mend(aside)
        connection = _connected(path)
        try:
            saved, lost = salvage(aside, connection, lineage.epoch_of(connection, path)[0])
        finally:
            connection.close()
        kept = keep_damaged(aside, path, clock)
    finally:
        lock.close()
    return opened(path), Quarantine(str(kept), reason, saved, lost)


def _locked(path: Path) -> IO[bytes]:
    """One hub to a database: numbers are given from memory, two would give them twice."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (path.with_suffix(".lock"), path):
            os.close(os.open(name, os.O_CREAT | os.O_RDWR, 0o600))
        lock = path.with_suffix(".lock").open("wb")
    except OSError as error:
        raise StoreBroken(f"The database {path} cannot be opened ({error}). Check the disk and its rights.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreBusy(f"Another hub is using {path}. Stop it first, or give this one its own data_dir.") from error
    return lock


def _connected(path: Path) -> sqlite3.Connection:
    """The writing connection to a checked database of the latest version."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # heard only by a new database
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        upkeep.check(connection, path)
        upkeep.pack(connection, path)
        migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _last_number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM messages").fetchone()[0])
