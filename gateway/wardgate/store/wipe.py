"""Forgetting a patient whom the hub no longer serves. Each runs in the writer's thread, inside its transaction.

What is not at the ward stays until it is. The ids of readings stay for ever: a device that dumps its whole memory for
the next patient makes no second reading of what was this one's.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Final

STEP: Final = 500
_OPEN: Final = "SELECT seq FROM outbox UNION SELECT seq FROM parked"


def wipe_memory(connection: sqlite3.Connection, assignment: str, devices: Iterable[str], upto: int) -> None:
    """Forget what was learnt about a patient: detectors, notes, devices. Nothing up to `upto` is dated anew."""
    connection.execute("DELETE FROM undated WHERE seq <= ?", (upto,))
    connection.execute(
        "DELETE FROM detectors WHERE instr('/' || key || '/', '/' || ? || '/') > 0 OR key LIKE 'device/%'",
        (assignment,),
    )
    # Which devices were tried: in one row under a name of its own, that may be the next patient's by now.
    connection.execute(
        "DELETE FROM detectors WHERE key = 'provision/tests' AND instr(state, CAST(? AS BLOB)) > 0",
        (json.dumps(assignment),),
    )
    for device in devices:
        connection.execute("DELETE FROM devices WHERE id = ?", (device,))
        connection.execute("DELETE FROM counts WHERE device = ?", (device,))


def wipe_messages(connection: sqlite3.Connection, upto: int) -> bool:
    """Forget the next messages up to a number that are done. Whether there may be more.

    The newest message of all keeps its number without its text, for the numbering goes on from it.
    """
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM messages").fetchone()[0]
    counted = connection.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'tallied'").fetchone()
    until = min(upto, last - 1, counted[0] if counted else 0)
    rows = connection.execute(
        f"SELECT seq FROM messages WHERE seq <= ? AND seq NOT IN ({_OPEN}) ORDER BY seq LIMIT ?",  # noqa: S608 - no input
        (until, STEP),
    ).fetchall()
    for table in ("messages", "arrivals", "events", "alerts"):
        connection.executemany(f"DELETE FROM {table} WHERE seq = ?", rows)  # noqa: S608 - no input
    if last <= upto:
        connection.execute(
            f"UPDATE messages SET payload = x'', crc = 0 WHERE seq = ? AND seq NOT IN ({_OPEN})",  # noqa: S608 - no input
            (last,),
        )
    return len(rows) == STEP


def is_wiped(connection: sqlite3.Connection, upto: int) -> bool:
    """Whether no text up to a number is left."""
    left = connection.execute("SELECT 1 FROM messages WHERE seq <= ? AND length(payload) > 0 LIMIT 1", (upto,))
    return left.fetchone() is None
