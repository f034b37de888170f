"""What the ward has, read from its own database file."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import msgspec

from wardgate.contract.messages import Alert, Event, Reading


def readings(database: Path) -> list[Reading]:
    """Every reading the ward has committed, as it is dated now, in the order in which they first came."""
    newest: dict[tuple[str, str], Reading] = {}
    for reading in sorted(revisions(database), key=lambda r: r.revision):
        newest[reading.hub, reading.id] = reading
    return list(newest.values())


def revisions(database: Path) -> list[Reading]:
    """Every revision of every reading, in the order of the ward's commits."""
    return [msgspec.json.decode(payload, type=Reading) for payload in _payloads(database, "readings")]


def alerts(database: Path) -> list[Alert]:
    """Every revision of every alert."""
    return [msgspec.json.decode(payload, type=Alert) for payload in _payloads(database, "alerts")]


def events(database: Path) -> list[Event]:
    """Every event."""
    return [msgspec.json.decode(payload, type=Event) for payload in _payloads(database, "events")]


def _payloads(database: Path, table: str) -> list[bytes]:
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as ward:
        return [payload for (payload,) in ward.execute(f"SELECT payload FROM {table} ORDER BY rowid")]
