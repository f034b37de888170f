"""The ward's own database: what it has committed it acknowledges, and what it has acknowledged it keeps."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from wardgate.contract.messages import CANARY, Ack, Alert, AlertAck, Event, Reading, Refusal, State
from wardgate.ward import seen

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS readings (
    hub TEXT NOT NULL, id TEXT NOT NULL, channel TEXT NOT NULL, taken_s REAL NOT NULL, payload BLOB NOT NULL,
    UNIQUE (hub, id));
CREATE TABLE IF NOT EXISTS alerts (
    hub TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, state TEXT NOT NULL, payload BLOB NOT NULL,
    UNIQUE (hub, id, revision));
CREATE TABLE IF NOT EXISTS events (
    hub TEXT NOT NULL, id TEXT NOT NULL, code TEXT NOT NULL, payload BLOB NOT NULL,
    UNIQUE (hub, id));
CREATE TABLE IF NOT EXISTS states (
    hub TEXT PRIMARY KEY, online INTEGER NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS canaries (hub TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    hub TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL,
    UNIQUE (hub, topic, payload));
CREATE TABLE IF NOT EXISTS committed (
    hub TEXT NOT NULL, epoch TEXT NOT NULL, cumulative INTEGER NOT NULL,
    PRIMARY KEY (hub, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beyond (
    hub TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (hub, epoch, seq)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Received:
    """One message that is good, with the text it came as."""

    message: Reading | Alert | Event | State
    payload: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """One that is not. `epoch` and `seq` are known when at least they could be read; else nobody can be told."""

    hub: str
    topic: str
    payload: bytes
    reason: str
    epoch: str | None = None
    seq: int | None = None


@dataclass(slots=True)
class Batch:
    """What one commit did: the acknowledgements that are due now, and what was seen for the first time."""

    acks: list[Ack] = field(default_factory=list)
    new: list[Reading | Alert | Event | State] = field(default_factory=list)
    duplicates: int = 0


@dataclass(slots=True)
class _Progress:
    """What of one hub's numbering is committed: all up to `cumulative`, and `beyond` it some."""

    cumulative: int = 0
    beyond: set[int] = field(default_factory=set)

    def add(self, seqs: Iterable[int], floor: int) -> tuple[set[int], set[int]]:
        """Count numbers as committed. Which were added beyond the cumulative one, and which it has swallowed."""
        before = set(self.beyond)
        self.beyond.update(seqs)
        self.cumulative = max(self.cumulative, floor)
        while self.cumulative + 1 in self.beyond:
            self.cumulative += 1
            self.beyond.discard(self.cumulative)
        self.beyond = {seq for seq in self.beyond if seq > self.cumulative} if self.beyond else self.beyond
        return self.beyond - before, before - self.beyond


class WardDatabase:
    """SQLite, one connection. `commit` is safe on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_TABLES + seen.TABLES)
        self._progress: dict[tuple[str, str], _Progress] = {}
        for hub, epoch, cumulative in self._connection.execute("SELECT hub, epoch, cumulative FROM committed"):
            self._progress[hub, epoch] = _Progress(cumulative)
        for hub, epoch, seq in self._connection.execute("SELECT hub, epoch, seq FROM beyond"):
            self._progress.setdefault((hub, epoch), _Progress()).beyond.add(seq)

    def close(self) -> None:
        self._connection.close()

    def commit(self, received: list[Received], refused: list[Refused]) -> Batch:
        """Write a batch in one transaction. What it holds for the second time is acknowledged again, and kept once."""
        batch = Batch()
        progress = {key: _Progress(p.cumulative, set(p.beyond)) for key, p in self._touched(received, refused)}
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for item in received:
                if isinstance(item.message, Event) and item.message.code == CANARY:
                    self._keep_canary(item.message, item.payload)
                elif self._insert(item):
                    batch.new.append(item.message)
                else:
                    batch.duplicates += 1
                if isinstance(item.message, Alert | Event):
                    seen.told_by(self._connection, item.message)
            self._connection.executemany(
                "INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?)",
                [(r.hub, r.topic, r.reason, r.payload) for r in refused],
            )
            for (hub, epoch), mine in progress.items():
                batch.acks.append(self._advance(hub, epoch, mine, received, refused))
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._progress.update(progress)
        return batch

    def open_alerts(self) -> list[Alert]:
        """The last revision of every alert that is not over, worst first, then oldest."""
        return seen.open_alerts(self._connection)

    def see(self, hub: str, alert_id: str, *, by: str, at: datetime, note: str, revision: int | None) -> AlertAck:
        """Note that somebody has seen a revision; see `seen.see`."""
        return seen.see(self._connection, hub, alert_id, revision, by, note, at)

    def unanswered(self) -> dict[str, Ack]:
        """What has been seen and not been answered, by hub."""
        return seen.unanswered(self._connection)

    def history(self, hub: str, alert_id: str) -> list[seen.Seen]:
        """Who has seen which revision of an alert."""
        return seen.history(self._connection, hub, alert_id)

    def _touched(self, received: list[Received], refused: list[Refused]) -> list[tuple[tuple[str, str], _Progress]]:
        keys = {(r.message.hub, r.message.epoch) for r in received}
        keys |= {(r.hub, r.epoch) for r in refused if r.epoch is not None and r.seq is not None}
        return [(key, self._progress.get(key, _Progress())) for key in sorted(keys)]

    def _insert(self, item: Received) -> bool:
        """Whether it is new. A state is never counted as one seen before: the last one counts."""
        m = item.message
        row: tuple[object, ...]
        if isinstance(m, Reading):
            sql = "INSERT OR IGNORE INTO readings VALUES (?, ?, ?, ?, ?)"
            row = (m.hub, m.id, m.channel, m.time.taken.timestamp(), item.payload)
        elif isinstance(m, Alert):
            sql = "INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?)"
            row = (m.hub, m.id, m.revision, m.state, item.payload)
        elif isinstance(m, Event):
            sql = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)"
            row = (m.hub, m.id, m.code, item.payload)
        else:
            sql = "INSERT OR REPLACE INTO states VALUES (?, ?, ?)"
            row = (m.hub, m.online, item.payload)
        return bool(self._connection.execute(sql, row).rowcount)

    def _keep_canary(self, event: Event, payload: bytes) -> None:
        """One a hub: it is a sign of life, and tells nobody anything."""
        newest = self._connection.execute("SELECT payload FROM canaries WHERE hub = ?", (event.hub,)).fetchone()
        if newest is None or msgspec.json.decode(newest[0], type=Event).at <= event.at:
            self._connection.execute("INSERT OR REPLACE INTO canaries VALUES (?, ?)", (event.hub, payload))

    def last_canary(self, hub: str) -> datetime | None:
        """When the hub last tested its way to here; None when it never has."""
        row = self._connection.execute("SELECT payload FROM canaries WHERE hub = ?", (hub,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Event).at

    def _advance(self, hub: str, epoch: str, mine: _Progress, received: list[Received], refused: list[Refused]) -> Ack:
        """Note the numbers of one hub, and say so."""
        seqs: set[int] = set()
        floor = 0
        for item in received:
            m = item.message
            if m.hub != hub or m.epoch != epoch:
                continue
            if isinstance(m, State):
                floor = max(floor, m.floor)
            else:
                seqs.add(m.seq)
        added, swallowed = mine.add(seqs, floor)
        c = self._connection
        c.execute("INSERT OR REPLACE INTO committed VALUES (?, ?, ?)", (hub, epoch, mine.cumulative))
        c.executemany("INSERT OR IGNORE INTO beyond VALUES (?, ?, ?)", [(hub, epoch, seq) for seq in added])
        c.executemany(
            "DELETE FROM beyond WHERE hub = ? AND epoch = ? AND seq = ?", [(hub, epoch, seq) for seq in swallowed]
        )
        return Ack(
            hub=hub,
            epoch=epoch,
            cumulative=mine.cumulative,
            selective=tuple(sorted(seq for seq in seqs if seq > mine.cumulative)),
            refused=tuple(
                Refusal(seq=r.seq, reason=r.reason)
                for r in refused
                if r.seq is not None and r.epoch == epoch and r.hub == hub
            ),
        )
