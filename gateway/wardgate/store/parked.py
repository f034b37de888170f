"""Messages set aside, because they stood in the way: kept, shown, and sent again on a person's word."""

from __future__ import annotations

import sqlite3
import zlib
from typing import Final

import msgspec

from wardgate.contract.messages import Alert, Event, Reading
from wardgate.store import outbox
from wardgate.store.rows import Kind, Lane, ParkedRow

DAMAGED: Final = "its text was damaged on the hub's disk"
_TYPES: Final[dict[Kind, type[Reading] | type[Alert] | type[Event]]] = {
    Kind.READING: Reading,
    Kind.CORRECTION: Reading,
    Kind.TEST: Reading,
    Kind.ALERT: Alert,
    Kind.EVENT: Event,
}
_INDEX: Final = {
    Kind.READING: ("UPDATE readings SET seq = ? WHERE seq = ?", "UPDATE undated SET seq = ? WHERE seq = ?"),
    Kind.TEST: ("UPDATE readings SET seq = ? WHERE seq = ?",),
    Kind.CORRECTION: ("UPDATE readings SET newest_seq = ? WHERE newest_seq = ?",),
    Kind.ALERT: ("UPDATE alerts SET seq = ? WHERE seq = ?",),
    Kind.EVENT: ("UPDATE events SET seq = ? WHERE seq = ?",),
}


def sound(payload: object, crc: int | None) -> bool:
    """Whether a text is what was written. Those of earlier versions have no checksum."""
    return isinstance(payload, bytes) and (crc is None or zlib.crc32(payload) == crc)


def listed(connection: sqlite3.Connection, limit: int) -> list[ParkedRow]:
    """The newest messages that are set aside, newest first."""
    rows = connection.execute(
        "SELECT p.seq, p.at_s, p.reason, m.kind, m.device FROM parked AS p LEFT JOIN messages AS m ON m.seq = p.seq "
        "ORDER BY p.seq DESC LIMIT ?",
        (limit,),
    )
    return [
        ParkedRow(seq=seq, at_s=at_s, reason=reason, kind=Kind(kind or Kind.EVENT).name.lower(), device=device)
        for seq, at_s, reason, kind, device in rows
    ]


def send_again(connection: sqlite3.Connection, seq: int, new_seq: int, epoch: bytes) -> bool:
    """Queue a message that is set aside, under a new number: the ward has passed the old one. False when it cannot be.

    Its id stays, so that a ward that has it all the same knows it.
    """
    row = connection.execute(
        "SELECT kind, lane, device, stored_s, payload, crc FROM messages JOIN parked USING (seq) WHERE seq = ?", (seq,)
    ).fetchone()
    if row is None:
        return False
    kind, lane, device, stored_s, payload, crc = row
    if not sound(payload, crc):
        return False
    try:
        message = msgspec.json.decode(payload, type=_TYPES[Kind(kind)])
    except msgspec.DecodeError:
        return False
    again = outbox.numbered(outbox.encode(message), epoch, new_seq)
    outbox.append(connection, new_seq, Kind(kind), Lane(lane), device, stored_s, again)
    for sql in _INDEX[Kind(kind)]:
        connection.execute(sql, (new_seq, seq))
    connection.execute("DELETE FROM parked WHERE seq = ?", (seq,))
    connection.execute("DELETE FROM messages WHERE seq = ?", (seq,))
    return True
