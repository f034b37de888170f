"""Whether a database says what was once written into it. SQLite's own check sees the pages, this what is on them."""

from __future__ import annotations

import re
import sqlite3
import zlib
from typing import Final

import msgspec

from wardgate.store.rows import DeviceRow

_EPOCH: Final = re.compile(r"[0-9a-f]{16}")
_DEVICE: Final = msgspec.json.Decoder(DeviceRow)
_QUESTIONS: Final = {
    "message {} is not what was written": "SELECT seq FROM messages WHERE crc != crc32(payload)",
    "message {} is neither waiting nor done, or both": """
        SELECT seq FROM messages AS m WHERE 1 !=
            (SELECT count(*) FROM outbox AS o WHERE o.lane = m.lane AND o.seq = m.seq)
            + (SELECT count(*) FROM arrivals AS a WHERE a.seq = m.seq)
            + (SELECT count(*) FROM parked AS p WHERE p.seq = m.seq)
    """,
    "number {} is to be sent and has no message": """
        SELECT o.seq FROM outbox AS o LEFT JOIN messages AS m ON m.seq = o.seq AND m.lane = o.lane WHERE m.seq IS NULL
    """,
    "number {} is listed and has no message": """
        SELECT seq FROM (SELECT seq FROM alerts UNION ALL SELECT seq FROM events) AS x
        WHERE NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.seq = x.seq)
    """,
    "reading {} has a number that was never given": """
        SELECT id FROM readings WHERE seq > (SELECT coalesce(max(seq), 0) FROM messages)
    """,
}


def fault_of(connection: sqlite3.Connection) -> str | None:
    """What is wrong with the content of a database of the latest version; None when all is well."""
    epoch = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    if epoch is not None and not _EPOCH.fullmatch(str(epoch[0])):
        return "its epoch is none"
    connection.create_function("crc32", 1, zlib.crc32, deterministic=True)
    for answer, question in _QUESTIONS.items():
        found = connection.execute(f"{question} LIMIT 1").fetchone()
        if found is not None:
            return answer.format(found[0])
    if not all(is_device(row) for (row,) in connection.execute("SELECT row FROM devices")):
        return "a device's row cannot be read"
    return None


def is_device(row: object) -> bool:
    """Whether this is what the hub remembers about a device."""
    try:
        return isinstance(row, bytes) and bool(_DEVICE.decode(row))
    except msgspec.DecodeError:
        return False
