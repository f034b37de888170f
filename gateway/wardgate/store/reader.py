"""Reading the store, on a connection of its own that cannot write. Every call sees the last commit."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar, get_args, get_type_hints

import msgspec

from wardgate.clock import utc_from_s
from wardgate.contract.messages import Alert, Event, Reading
from wardgate.store import audit, lineage, upkeep
from wardgate.store.parked import sound
from wardgate.store.rows import DeviceRow, Kind, Way
from wardgate.store.waiting import Waiting

log: Final = logging.getLogger(__name__)
T = TypeVar("T")

CHANNELS: Final[tuple[str, ...]] = get_args(get_type_hints(Reading)["channel"])
_LAST: Final = 2**62
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
        self.waiting: Final = Waiting(self._connection)
        self._tallied = self._seen_seq = 0
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

    def former_epochs(self) -> frozenset[str]:
        """Epochs in which this database has numbered before."""
        return lineage.former_epochs(self._connection)
