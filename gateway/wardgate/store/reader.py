"""Reading the store, on a connection of its own that cannot write. Every call sees the last commit."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar, get_args, get_type_hints

import msgspec

from wardgate.clock import utc_from_s
from wardgate.contract.messages import Alert, Event, Reading
from wardgate.store import audit, lineage, upkeep
from wardgate.store.parked import listed, sound
from wardgate.store.rows import DeviceRow, Kind, Lane, OutboxCounts, OutRow, ParkedRow, Way

log: Final = logging.getLogger(__name__)
T = TypeVar("T")

CHANNELS: Final[tuple[str, ...]] = get_args(get_type_hints(Reading)["channel"])
_LAST: Final = 2**62
_COUNT_S: Final = 0.02
_COUNT_SHARE: Final = 50.0
"""What takes longer than `_COUNT_S` is done a fiftieth of the time at most."""
_READING: Final = msgspec.json.Decoder(Reading)
_ALERT: Final = msgspec.json.Decoder(Alert)
_EVENT: Final = msgspec.json.Decoder(Event)
_DEVICE: Final = msgspec.json.Decoder(DeviceRow)


def _utc(at_s: float | None) -> datetime | None:
    return None if at_s is None else utc_from_s(at_s)


class Reader:
    """Queries that are fast enough for the event loop."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._tallied = self._seen_seq = 0
        self._counts: OutboxCounts | None = None
        self._counts_until_s = 0.0
        self._unsent: dict[str, int] = {}
        self._unsent_until_s = 0.0
        self._last_live_seq: int | None = None
        self._readings_of: dict[str, int] = {}

    def close(self) -> None:
        self._connection.close()

    def readings(
        self,
        channel: str | None,
        since: datetime,
        *,
        assignment: str | None = None,
        limit: int | None = None,
        each: int | None = None,
    ) -> list[Reading]:
        """All of `each_reading` at once."""
        return list(self.each_reading(channel, since, assignment=assignment, limit=limit, each=each))

    def each_reading(
        self,
        channel: str | None,
        since: datetime,
        *,
        assignment: str | None = None,
        limit: int | None = None,
        each: int | None = None,
    ) -> Iterator[Reading]:
        """Readings taken at or after a time, oldest first, one in memory at a time; with a limit the newest so many.

        `channel` None takes all channels, and `each` is a limit for every one of them by itself. What was trimmed after
        its retention is not among them.
        """
        found: list[tuple[float, int, int]] = []
        for one in CHANNELS if channel is None else (channel,):  # the index knows the time within a channel
            found += self._connection.execute(
                "SELECT taken_s, seq, coalesce(newest_seq, seq) FROM readings WHERE channel = ? AND taken_s >= ? "
                "AND assignment = coalesce(?, assignment) ORDER BY taken_s DESC, seq DESC LIMIT ?",
                (one, since.timestamp(), assignment, min((n for n in (limit, each) if n is not None), default=-1)),
            ).fetchall()
        found.sort()
        return self._texts((seq for _, _, seq in found[-limit if limit else 0 :]), _READING)

    def _texts(self, seqs: Iterable[int], decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        """Messages by number. One that is damaged is left out: it must not stop the others."""
        for seq in seqs:
            try:
                row = self._connection.execute("SELECT payload, crc FROM messages WHERE seq = ?", (seq,)).fetchone()
                if row is None:
                    continue
                message = decoder.decode(row[0]) if sound(*row) else None
            except (msgspec.DecodeError, sqlite3.DatabaseError) as error:
                log.warning("message %d cannot be read: %s", seq, error)
                continue
            if message is None:
                log.warning("message %d is damaged", seq)
            else:
                yield message

    def reading(self, reading_id: str) -> Reading | None:
        """One reading by its id."""
        row = self._connection.execute(
            "SELECT payload FROM readings AS r JOIN messages AS m ON m.seq = coalesce(r.newest_seq, r.seq) "
            "WHERE id = ?",
            (reading_id,),
        ).fetchone()
        return None if row is None else _READING.decode(row[0])

    def first_seq(self, reading_id: str) -> int:
        """The number of a reading's first revision; 0 when it is not here."""
        row = self._connection.execute("SELECT seq FROM readings WHERE id = ?", (reading_id,)).fetchone()
        return 0 if row is None else int(row[0])

    def undated(self, after_seq: int, limit: int) -> list[tuple[int, Reading | None]]:
        """The next readings that were taken in while the hub did not know the time, in the order of arrival.

        Each with its number, and None for one that is damaged.
        """
        rows = self._connection.execute(
            "SELECT seq FROM undated WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
        ).fetchall()
        found = {reading.seq: reading for reading in self._texts((seq for (seq,) in rows), _READING)}
        return [(seq, found.get(seq)) for (seq,) in rows]

    def last_live_reading(self) -> Reading | None:
        """The reading that arrived last from a measurement of the moment, not from a memory."""
        self._catch_up()
        if self._last_live_seq is None:
            return None
        row = self._connection.execute("SELECT payload FROM messages WHERE seq = ?", (self._last_live_seq,)).fetchone()
        if row is None:
            return None
        first = _READING.decode(row[0])
        return self.reading(first.id) or first

    def _catch_up(self) -> None:
        """Count what has come since the last look: messages only grow at their end."""
        counted, last_live = upkeep.tallied(self._connection)
        if counted != self._tallied:
            self._tallied, self._seen_seq, self._last_live_seq = counted, counted, last_live
            self._readings_of.clear()
        for device, n, last, last_live in upkeep.by_device(self._connection, self._seen_seq, _LAST):
            self._readings_of[device] = self._readings_of.get(device, 0) + n
            self._seen_seq = max(self._seen_seq, last)
            if last_live is not None:
                self._last_live_seq = max(self._last_live_seq or 0, last_live)

    def open_alerts(self) -> list[Alert]:
        """The last revision of every episode that is not resolved, oldest first."""
        return self._alerts(
            "WHERE state != 'resolved' AND revision = (SELECT max(revision) FROM alerts WHERE id = a.id)"
        )

    def alerts(self, since: datetime) -> list[Alert]:
        """Every revision that changed at or after a time, oldest first."""
        return self._alerts("WHERE changed_s >= ?", since.timestamp())

    def alert(self, alert_id: str) -> Alert | None:
        """The last revision of one episode."""
        found = self._alerts("WHERE id = ?", alert_id)
        return max(found, key=lambda a: a.revision, default=None)

    def _alerts(self, where: str, *parameters: object) -> list[Alert]:
        rows = self._connection.execute(
            f"SELECT seq FROM alerts AS a {where} ORDER BY changed_s, seq",  # noqa: S608 - no input
            parameters,
        ).fetchall()
        return list(self._texts((seq for (seq,) in rows), _ALERT))

    def detector_states(self, prefix: str) -> list[bytes]:
        """Everything that was left under keys that begin so, in the order of the keys."""
        rows = self._connection.execute(
            "SELECT state FROM detectors WHERE key >= ? AND key < ? ORDER BY key", (prefix, prefix + "\x7f")
        )
        return [bytes(state) for (state,) in rows]

    def messages_from(self, first: int, last: int, limit: int) -> list[tuple[int, Kind, bytes]]:
        """Messages by number, whether they are done or not: number, kind, payload. What was forgotten is left out."""
        rows = self._connection.execute(
            "SELECT seq, kind, payload FROM messages WHERE seq BETWEEN ? AND ? AND length(payload) > 0 "
            "ORDER BY seq LIMIT ?",
            (first, last, limit),
        )
        return [(seq, Kind(kind), payload) for seq, kind, payload in rows]

    def events(self, limit: int) -> list[Event]:
        """The newest events, newest first."""
        rows = self._connection.execute("SELECT seq FROM events ORDER BY seq DESC LIMIT ?", (limit,)).fetchall()
        return list(self._texts((seq for (seq,) in rows), _EVENT))

    def audit_rows(self, limit: int, before: int | None = None) -> list[audit.AuditRow]:
        """The newest lines of the audit, or the newest of those before a number; newest first."""
        return audit.listed(self._connection, limit, _LAST if before is None else before)

    def audit_head(self) -> audit.Head:
        """How far the audit goes."""
        return audit.kept_head(self._connection) or audit.Head()

    def way(self, reading_id: str) -> Way | None:
        """When a reading passed each door; None when it is not here."""
        row = self._connection.execute(
            "SELECT stored_s, coalesce(broker_s, sent_s), ward_s FROM readings JOIN messages AS m USING (seq) "
            "LEFT JOIN arrivals USING (seq) LEFT JOIN outbox AS o ON o.lane = m.lane AND o.seq = m.seq WHERE id = ?",
            (reading_id,),
        ).fetchone()
        return None if row is None else Way(utc_from_s(row[0]), _utc(row[1]), _utc(row[2]))

    def detector_state(self, key: str) -> bytes | None:
        """What a detector left here."""
        row = self._connection.execute("SELECT state FROM detectors WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def devices(self) -> list[DeviceRow]:
        """Every device that has a row or a count, by id."""
        counts: dict[str, dict[str, int]] = {}
        self._connection.execute("BEGIN")  # the counts and how far they go have to be of one commit
        try:
            for device, what, n in self._connection.execute("SELECT device, what, n FROM counts"):
                counts.setdefault(device, {})[what] = n
            self._catch_up()
        finally:
            self._connection.execute("COMMIT")
        for device, n in self._readings_of.items():
            mine = counts.setdefault(device, {})
            mine["readings"] = mine.get("readings", 0) + n
        rows = {
            row.id: row
            for (raw,) in self._connection.execute("SELECT row FROM devices")
            if (row := _DEVICE.decode(raw))
        }
        return [
            msgspec.structs.replace(rows.get(id_, DeviceRow(id=id_)), counts=counts.get(id_, {}))
            for id_ in sorted(rows.keys() | counts.keys())
        ]

    def device(self, device_id: str) -> DeviceRow | None:
        """One device."""
        return next((row for row in self.devices() if row.id == device_id), None)

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

    def former_epochs(self) -> frozenset[str]:
        """Epochs in which this database has numbered before."""
        return lineage.former_epochs(self._connection)

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
            oldest_waiting=_utc(oldest[0]) if oldest else None,
            parked=parked,
        )
