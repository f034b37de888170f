"""The operations on messages and their way to the ward. Each runs in the writer's thread, inside its transaction."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wardgate.contract.messages import Alert, Event, Reading, Upward
from wardgate.store.rows import Kind, Lane

_ENCODER: Final = msgspec.json.Encoder()
_HEAD: Final = {
    kind: b'{"schema":"%s","epoch":"' % schema.encode()
    for kind, schema in ((Reading, "wardgate/reading/1"), (Alert, "wardgate/alert/1"), (Event, "wardgate/event/1"))
}
_NUMBERLESS: Final = b'","seq":0,'


def encode(message: Upward) -> tuple[bytes, bytes]:
    """The message's JSON, cut open where `epoch` and `seq` belong: both are known only to the writer.

    The payload is final once they are in it; it is stored and sent as it is.
    """
    whole = _ENCODER.encode(msgspec.structs.replace(message, epoch="", seq=0))
    head = _HEAD[type(message)]
    if not whole.startswith(head + _NUMBERLESS):
        raise AssertionError(f"{type(message).__name__} no longer begins with schema, epoch and seq")
    return head, whole[len(head) + len(_NUMBERLESS) :]


def numbered(parts: tuple[bytes, bytes], epoch: bytes, seq: int) -> bytes:
    """The final payload."""
    return b'%s%s","seq":%d,%s' % (parts[0], epoch, seq, parts[1])


def lane_of(message: Upward) -> Lane:
    """Alerts first, then what has just been measured, then events, then what comes out of memories."""
    if isinstance(message, Alert):
        return Lane.ALERT
    if isinstance(message, Event):
        return Lane.EVENT
    return Lane.BACKFILL if message.backfill or message.revision > 1 else Lane.LIVE


def kind_of(message: Upward) -> Kind:
    """What its row is called."""
    if isinstance(message, Alert):
        return Kind.ALERT
    if isinstance(message, Event):
        return Kind.EVENT
    if message.test:
        return Kind.TEST
    return Kind.READING if message.revision == 1 else Kind.CORRECTION


def append(
    connection: sqlite3.Connection,
    seq: int,
    kind: Kind,
    lane: Lane,
    device: str | None,
    stored_s: float,
    payload: bytes,
) -> None:
    """Write a message, which puts it in the outbox."""
    connection.execute(
        "INSERT INTO messages (seq, kind, lane, device, stored_s, payload, crc) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (seq, int(kind), int(lane), device, stored_s, payload, zlib.crc32(payload)),
    )


def replace_reading(connection: sqlite3.Connection, reading: Reading, seq: int) -> bool:
    """Let a later revision hold from now on. False where the reading, or its first revision, is not here."""
    connection.execute(
        "DELETE FROM undated WHERE seq = (SELECT coalesce(newest_seq, seq) FROM readings WHERE id = ?)", (reading.id,)
    )
    return bool(
        connection.execute(
            "UPDATE readings SET newest_seq = ?, taken_s = ? WHERE id = ?",
            (seq, reading.time.taken.timestamp(), reading.id),
        ).rowcount
    )


def mark_sent(connection: sqlite3.Connection, sent_s: Mapping[int, float]) -> None:
    """Note when the broker took messages; what is done meanwhile is left alone."""
    connection.executemany(
        "UPDATE outbox SET sent_s = ? WHERE lane IN (0, 1, 2, 3) AND seq = ? AND sent_s IS NULL",
        [(at, seq) for seq, at in sent_s.items()],
    )


def mark_done(
    connection: sqlite3.Connection, upto: Mapping[Lane, int], selective: Iterable[int], at_s: float, *, by_ward: bool
) -> int:
    """Take messages out of the outbox: in each lane every one up to a number, and each of `selective`. How many."""
    ward_s = at_s if by_ward else None
    done = 0
    for lane, last in upto.items():
        connection.execute(
            "INSERT OR IGNORE INTO arrivals SELECT seq, coalesce(sent_s, ?), ? FROM outbox WHERE lane = ? AND seq <= ?",
            (at_s, ward_s, int(lane), last),
        )
        done += connection.execute("DELETE FROM outbox WHERE lane = ? AND seq <= ?", (int(lane), last)).rowcount
    beyond = [seq for seq in selective if seq > min(upto.values())]
    connection.executemany(
        "INSERT OR IGNORE INTO arrivals SELECT seq, coalesce(sent_s, ?), ? FROM outbox "
        "WHERE lane IN (0, 1, 2, 3) AND seq = ?",
        [(at_s, ward_s, seq) for seq in beyond],
    )
    if beyond:
        done += connection.executemany(
            "DELETE FROM outbox WHERE lane IN (0, 1, 2, 3) AND seq = ?", [(seq,) for seq in beyond]
        ).rowcount
    return done


def park(connection: sqlite3.Connection, seq: int, reason: str, at_s: float) -> bool:
    """Set a message aside that will never be accepted. False when it is not waiting any more."""
    taken = connection.execute("DELETE FROM outbox WHERE lane IN (0, 1, 2, 3) AND seq = ?", (seq,)).rowcount
    if taken:
        connection.execute("INSERT OR REPLACE INTO parked VALUES (?, ?, ?)", (seq, at_s, reason))
    return bool(taken)


def trim(connection: sqlite3.Connection, before_s: float, limit: int) -> int:
    """Forget the text of at most `limit` readings and events that were done before a time. How many that were.

    A reading's id stays, so that a device that dumps its whole memory makes no second reading of it. Alerts stay.
    The newest message stays, for the numbering goes on from it, and so does what is not tallied yet (`upkeep.tally`).
    """
    rows = connection.execute(
        "SELECT seq FROM messages JOIN arrivals USING (seq) "
        "WHERE stored_s < ? AND kind != ? AND seq < (SELECT max(seq) FROM messages) "
        "AND seq <= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'tallied') "
        "AND seq NOT IN (SELECT seq FROM undated) ORDER BY seq LIMIT ?",
        (before_s, int(Kind.ALERT), limit),
    ).fetchall()
    for (seq,) in rows:
        connection.execute("DELETE FROM messages WHERE seq = ?", (seq,))
        connection.execute("DELETE FROM arrivals WHERE seq = ?", (seq,))
        connection.execute("DELETE FROM events WHERE seq = ?", (seq,))
    return len(rows)


def empty(connection: sqlite3.Connection, seq: int | None) -> None:
    """Forget the text of a message that is done; its number stays, so that no gap looks like a loss."""
    connection.execute(
        "UPDATE messages SET payload = x'', crc = 0 WHERE seq = ? AND seq IN (SELECT seq FROM arrivals)", (seq,)
    )


def count(connection: sqlite3.Connection, device: str, what: str, n: int) -> None:
    """Count something about a device."""
    connection.execute(
        "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT (device, what) DO UPDATE SET n = n + excluded.n",
        (device, what, n),
    )
