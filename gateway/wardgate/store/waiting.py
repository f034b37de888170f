"""What still has to reach the ward, read on the reader's connection: the outbox, and what was set aside."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import Final

from wardgate.clock import utc_from_s
from wardgate.store.parked import listed, sound
from wardgate.store.rows import Kind, Lane, OutboxCounts, OutRow, ParkedRow

log: Final = logging.getLogger(__name__)

_COUNT_S: Final = 0.02
_COUNT_SHARE: Final = 50.0
"""What takes longer than `_COUNT_S` is done a fiftieth of the time at most."""


class Waiting:
    """The outbox as of the last commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._counts: OutboxCounts | None = None
        self._counts_until_s = 0.0
        self._unsent: dict[str, int] = {}
        self._unsent_until_s = 0.0

    def next_rows(self, lane: Lane, after_seq: int, limit: int) -> list[OutRow]:
        """The next page of a lane of the outbox, in the order of sending."""
        try:
            rows = self._connection.execute(
                "SELECT o.seq, kind, payload, crc FROM outbox AS o JOIN messages AS m ON m.seq = o.seq "
                "WHERE o.lane = ? AND o.seq > ? ORDER BY o.seq LIMIT ?",
                (int(lane), after_seq, limit),
            ).fetchall()
        except sqlite3.DatabaseError as error:
            log.warning("a page of the outbox cannot be read, its messages are read one by one: %s", error)
            return self._one_by_one(lane, after_seq, limit)
        return [OutRow(seq, Kind(kind), lane, text, not sound(text, crc)) for seq, kind, text, crc in rows]

    def _one_by_one(self, lane: Lane, after_seq: int, limit: int) -> list[OutRow]:
        """A damaged page costs the messages that stood on it, and no others."""
        seqs = self._connection.execute(
            "SELECT seq FROM outbox WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?", (int(lane), after_seq, limit)
        ).fetchall()
        rows = []
        for (seq,) in seqs:
            try:
                row = self.row(seq)
            except sqlite3.DatabaseError:
                row = OutRow(seq, Kind.EVENT, lane, b"", damaged=True)
            rows += [row] if row is not None else []
        return rows

    def row(self, seq: int) -> OutRow | None:
        """One message of the outbox."""
        row = self._connection.execute(
            "SELECT m.seq, kind, m.lane, payload, crc FROM messages AS m "
            "JOIN outbox AS o ON o.lane = m.lane AND o.seq = m.seq WHERE m.seq = ?",
            (seq,),
        ).fetchone()
        return None if row is None else OutRow(row[0], Kind(row[1]), Lane(row[2]), row[3], not sound(*row[3:]))

    def parked(self, seq: int) -> bool:
        """Whether a message was set aside for good."""
        return self._connection.execute("SELECT 1 FROM parked WHERE seq = ?", (seq,)).fetchone() is not None

    def parked_rows(self, limit: int) -> list[ParkedRow]:
        """What was set aside, newest first."""
        return listed(self._connection, limit)

    def drained(self) -> bool:
        """Whether the outbox is empty."""
        return self._connection.execute("SELECT 1 FROM outbox LIMIT 1").fetchone() is None

    def floor(self, last_seq: int) -> int:
        """Every number up to this one is done or will never come."""
        firsts = [
            self._connection.execute("SELECT min(seq) FROM outbox WHERE lane = ?", (int(x),)).fetchone()[0]
            for x in Lane
        ]
        waiting = [seq for seq in firsts if seq is not None]
        return min(waiting) - 1 if waiting else last_seq

    def outbox_counts(self) -> OutboxCounts:
        """How many messages stand where. Of a long backlog it is counted anew only when that costs little."""
        if self._counts is None or time.monotonic() >= self._counts_until_s:
            began_s = time.thread_time()
            self._counts = self._counted()
            cost_s = time.thread_time() - began_s
            self._counts_until_s = time.monotonic() + (_COUNT_SHARE * cost_s if cost_s > _COUNT_S else 0.0)
        return self._counts

    def unsent_readings(self) -> dict[str, int]:
        """How many readings of each device wait or were set aside; counted anew as seldom as it is dear."""
        if time.monotonic() >= self._unsent_until_s:
            began_s = time.thread_time()
            kinds = tuple(map(int, (Kind.READING, Kind.CORRECTION, Kind.TEST)))
            self._unsent = dict(
                self._connection.execute(
                    "SELECT device, count(*) FROM (SELECT seq FROM outbox UNION ALL SELECT seq FROM parked) "
                    "JOIN messages USING (seq) WHERE kind IN (?, ?, ?) GROUP BY device",
                    kinds,
                ).fetchall()
            )
            cost_s = time.thread_time() - began_s
            self._unsent_until_s = time.monotonic() + (_COUNT_SHARE * cost_s if cost_s > _COUNT_S else 0.0)
        return self._unsent

    def _counted(self) -> OutboxCounts:
        c = self._connection
        waiting, sent, alerts = c.execute(
            "SELECT count(*), count(sent_s), count(CASE WHEN lane = 0 THEN 1 END) FROM outbox"
        ).fetchone()
        done, at_ward = c.execute("SELECT count(*), count(ward_s) FROM arrivals").fetchone()
        parked = c.execute("SELECT count(*) FROM parked").fetchone()[0]
        oldest = (
            c.execute("SELECT stored_s FROM messages WHERE seq = ?", (self.floor(0) + 1,)).fetchone()
            if waiting
            else None
        )
        return OutboxCounts(
            stored=waiting + done + parked,
            at_broker=done + sent,
            at_ward=at_ward,
            waiting=waiting,
            waiting_alerts=alerts,
            oldest_waiting=utc_from_s(oldest[0]) if oldest else None,
            parked=parked,
        )
