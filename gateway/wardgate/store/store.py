"""The hub's one database: what is kept, and what still has to reach the ward."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sqlite3
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from wardgate.clock import Clock
from wardgate.contract.messages import CANARY, Alert, Event, Reading
from wardgate.store import lineage, outbox, parked, upkeep
from wardgate.store.errors import StoreError
from wardgate.store.opening import Opened, opened, opened_or_made_anew
from wardgate.store.reserve import Reserve
from wardgate.store.rows import DeviceRow, Kind, Lane, OutboxCounts, OutRow, Put, Quarantine, Way
from wardgate.store.writer import MAX_GROUP, Writer

T = TypeVar("T")

TRIM_STEP: Final = 500
"""Messages forgotten in one transaction, so that no reading waits long for its commit."""


class Store:
    """Writing returns futures that are done when it is on the disk. Reading is immediate and sees the last commit.

    Writing calls come from the event loop; whoever needs no durability need not await. Futures fail with `StoreFull`
    or `StoreBroken`, and then nothing of that call was kept; the store goes on as soon as the disk does.
    """

    def __init__(self, path: Path, clock: Clock, found: Opened, max_group: int = MAX_GROUP) -> None:
        self.path = path
        self.epoch = found.epoch
        self.is_copy: Final = found.is_copy
        """Whether this is an older copy that was put back: it numbers in a new epoch."""
        self.was_lost: Final = found.is_copy and found.last_seq == 0  # there was one here, and it is gone
        self._epoch = found.epoch.encode()
        self._clock = clock
        self._lock = found.lock
        self._writer = Writer(found.writing, path, Reserve(path.with_suffix(".reserve")), found.last_seq, max_group)
        self.files = self._writer.files
        self.read = found.reader

    @classmethod
    def open(cls, path: Path, clock: Clock, *, max_group: int = MAX_GROUP) -> Store:
        """Open or make the database, check it and bring it to the latest version; see `opened` for what it raises."""
        return cls(path, clock, opened(path), max_group)

    @classmethod
    def open_or_quarantine(cls, path: Path, clock: Clock) -> tuple[Store, Quarantine | None]:
        """As `open`, but a damaged file is set aside, and a new one made with what can be saved out of it."""
        found, quarantine = opened_or_made_anew(path, clock)
        return cls(path, clock, found), quarantine

    async def close(self) -> None:
        """Commit what is queued and let go of the files."""
        with contextlib.suppress(StoreError):
            await self.tally()
            if new := await self._writer.write(lambda connection: lineage.mark(connection, self.path)):
                lineage.settle(self.path, new)
        await self._writer.close()
        self.read.close()
        self.files.put_back()
        self._lock.close()

    @property
    def last_seq(self) -> int:
        """The highest number of a message that is on the disk."""
        return self._writer.committed_seq

    @property
    def is_at_work(self) -> bool:
        """Whether a commit is on its way to the disk."""
        return self._writer.is_at_work

    def listen(self, listener: Callable[[], None]) -> None:
        """Call something, from the event loop, after every commit."""
        self._writer.on_commit.append(listener)

    def write(self, op: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Run an operation in the writer's next transaction; see `Writer.write`."""
        return self._writer.write(op)

    async def begin_anew(self) -> None:
        """Number in a new epoch from now on: the ward has seen numbers of the present one that this database lacks."""
        epoch = lineage.new_epoch()
        await self._writer.write(lambda connection: lineage.begin_epoch(connection, epoch))
        self.epoch, self._epoch = epoch, epoch.encode()

    def has_numbered_in(self, epoch: str) -> bool:
        """Whether the numbers of this epoch are this database's own."""
        return epoch == self.epoch or epoch in self.read.former_epochs()

    # What the hub says

    def put_reading(self, reading: Reading, *, arrival_s: float) -> asyncio.Future[Put]:
        """Keep a reading and queue it for the ward. A second one of the same id is counted and dropped.

        `arrival_s` is the boot-time clock when its frame came.
        """
        parts = outbox.encode(reading)
        kind, lane = outbox.kind_of(reading), outbox.lane_of(reading)
        taken_s, stored_s = reading.time.taken.timestamp(), self._clock.utc().timestamp()
        row = (reading.id, reading.channel, taken_s, reading.assignment, arrival_s)

        def op(connection: sqlite3.Connection) -> Put:
            seq = self._writer.seq + 1
            if not connection.execute(
                "INSERT INTO readings (id, channel, taken_s, assignment, arrival_s, seq) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO NOTHING",
                (*row, seq),
            ).rowcount:
                outbox.count(connection, reading.device.id, "duplicates", 1)
                first = connection.execute("SELECT seq FROM readings WHERE id = ?", (reading.id,)).fetchone()
                return Put(False, first[0])
            payload = outbox.numbered(parts, self._epoch, seq)
            outbox.append(connection, seq, kind, lane, reading.device.id, stored_s, payload)
            if not reading.time.synchronised and not reading.test:
                connection.execute("INSERT INTO undated VALUES (?)", (seq,))
            self._writer.seq = seq
            return Put(True, seq)

        return self._writer.write(op)

    def correct_reading(self, reading: Reading) -> asyncio.Future[bool]:
        """Put a later revision in the place of a reading and queue it. False when that revision is no news here."""
        parts, stored_s = outbox.encode(reading), self._clock.utc().timestamp()

        def op(connection: sqlite3.Connection) -> bool:
            have = connection.execute(
                "SELECT payload FROM readings AS r JOIN messages AS m ON m.seq = coalesce(newest_seq, r.seq) "
                "WHERE id = ?",
                (reading.id,),
            ).fetchone()
            if have is None or msgspec.json.decode(have[0], type=Reading).revision >= reading.revision:
                return False
            seq = self._writer.seq + 1
            outbox.replace_reading(connection, reading, seq)
            payload = outbox.numbered(parts, self._epoch, seq)
            lane = outbox.lane_of(reading)
            outbox.append(connection, seq, Kind.CORRECTION, lane, reading.device.id, stored_s, payload)
            self._writer.seq = seq
            return True

        return self._writer.write(op)

    def leave_undated(self, seqs: Collection[int]) -> asyncio.Future[None]:
        """These need no other date, or will never have one."""
        rows = [(seq,) for seq in seqs]

        def op(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM undated WHERE seq = ?", rows)

        return self._writer.write(op)

    def put_alert(self, alert: Alert) -> asyncio.Future[int]:
        """Keep a revision of an alert and queue it before everything else. Its number, if new or not."""
        parts, stored_s = outbox.encode(alert), self._clock.utc().timestamp()

        def op(connection: sqlite3.Connection) -> int:
            known = connection.execute(
                "SELECT seq FROM alerts WHERE id = ? AND revision = ?", (alert.id, alert.revision)
            ).fetchone()
            if known:
                return int(known[0])
            seq = self._writer.seq + 1
            connection.execute(
                "INSERT INTO alerts (id, revision, state, changed_s, seq) VALUES (?, ?, ?, ?, ?)",
                (alert.id, alert.revision, alert.state, alert.changed.timestamp(), seq),
            )
            payload = outbox.numbered(parts, self._epoch, seq)
            outbox.append(connection, seq, Kind.ALERT, Lane.ALERT, None, stored_s, payload)
            self._writer.seq = seq
            return seq

        return self._writer.write(op, urgent=True)

    def put_event(self, event: Event, *, replaces: int | None = None) -> asyncio.Future[int]:
        """Keep an event and queue it. Its number. A canary is only queued, in place of one that is done."""
        parts, stored_s = outbox.encode(event), self._clock.utc().timestamp()

        def op(connection: sqlite3.Connection) -> int:
            seq = self._writer.seq + 1
            if event.code == CANARY:
                outbox.empty(connection, replaces)
            else:
                connection.execute("INSERT INTO events (seq, at_s) VALUES (?, ?)", (seq, event.at.timestamp()))
            payload = outbox.numbered(parts, self._epoch, seq)
            outbox.append(connection, seq, Kind.EVENT, Lane.EVENT, event.device, stored_s, payload)
            self._writer.seq = seq
            return seq

        return self._writer.write(op)

    # What the hub remembers

    def put_detector_state(self, key: str, state: bytes) -> asyncio.Future[None]:
        """Keep a detector's state."""
        return self._run("INSERT OR REPLACE INTO detectors (key, state) VALUES (?, ?)", key, state)

    def set_device(self, row: DeviceRow, *, lazy: bool = False) -> asyncio.Future[None]:
        """Keep what is known about a device, in place of what was. Its `counts` are counted elsewhere."""
        raw = msgspec.json.encode(msgspec.structs.replace(row, counts={}))
        return self._run("INSERT OR REPLACE INTO devices (id, row) VALUES (?, ?)", row.id, raw, lazy=lazy)

    def count(self, device_id: str, what: str, n: int = 1) -> asyncio.Future[None]:
        """Count no_reading, implausible, rejected, ... of a device. Readings and duplicates count themselves."""
        return self._writer.write(lambda connection: outbox.count(connection, device_id, what, n))

    def _run(self, sql: str, *parameters: object, lazy: bool = False) -> asyncio.Future[None]:
        def op(connection: sqlite3.Connection) -> None:
            connection.execute(sql, parameters)

        return self._writer.write(op, lazy=lazy)

    # The way to the ward

    def mark_sent(self, sent_s: Mapping[int, float], *, lazy: bool = False) -> asyncio.Future[None]:
        """Note when the broker took messages: seconds since 1970 by number."""
        return self._writer.write(lambda connection: outbox.mark_sent(connection, sent_s), lazy=lazy)

    def mark_done(
        self,
        cumulative: int,
        selective: Collection[int] = (),
        *,
        by_ward: bool = True,
        reached: Mapping[Lane, int] | None = None,
        lazy: bool = False,
    ) -> asyncio.Future[int]:
        """Take messages out of the outbox: all up to `cumulative` and each of `selective`. How many that were.

        With `reached`, `cumulative` goes no further in a lane than the number there; a lane without one is left alone.
        """
        at_s = self._clock.utc().timestamp()
        upto = dict.fromkeys(Lane, cumulative)
        if reached is not None:
            upto = {lane: min(cumulative, reached.get(lane, 0)) for lane in Lane}
        return self._writer.write(lambda c: outbox.mark_done(c, upto, selective, at_s, by_ward=by_ward), lazy=True)

    def park(self, seq: int, reason: str) -> asyncio.Future[bool]:
        """Set a message aside that will never be accepted; it stays in the database with the reason."""
        at_s = self._clock.utc().timestamp()
        return self._writer.write(lambda connection: outbox.park(connection, seq, reason, at_s))

    async def trim(self, before: datetime) -> int:
        """Forget the text of readings and events that were done before a time, in small steps. How many that were."""
        total, before_s = 0, before.timestamp()
        await self.tally()
        while n := await self._writer.write(lambda connection: outbox.trim(connection, before_s, TRIM_STEP)):
            total += n
        return total

    async def tally(self) -> None:
        """Count what has come, so that the next start need not. Cheap when nothing did."""
        while await self._writer.write(upkeep.tally):
            pass

    async def check(self) -> str:
        """Look at every page for damage, beside everything else. What is wrong; empty when nothing is."""
        return await asyncio.to_thread(upkeep.check_whole, self.path)

    def send_parked_again(self, seq: int) -> asyncio.Future[bool]:
        """Queue a message that was set aside, under a new number. False when there is none, or its text is damaged."""

        def op(connection: sqlite3.Connection) -> bool:
            queued = parked.send_again(connection, seq, self._writer.seq + 1, self._epoch)
            self._writer.seq += queued
            return queued

        return self._writer.write(op)

    def next_rows(self, lane: Lane, after_seq: int, limit: int) -> list[OutRow]:
        """The next page of a lane of the outbox."""
        return [self._as_of_now(row) for row in self.read.waiting.next_rows(lane, after_seq, limit)]

    def floor(self) -> int:
        """Every number up to this one is done or will never come."""
        last_seq = self.last_seq  # first: what is committed meanwhile lies above it
        return self.read.waiting.floor(last_seq)

    def row(self, seq: int) -> OutRow | None:
        """One message that is still to be done; None when it is not."""
        row = self.read.waiting.row(seq)
        return None if row is None else self._as_of_now(row)

    def _as_of_now(self, row: OutRow) -> OutRow:
        payload = lineage.in_epoch(row.payload, self._epoch)
        return row if payload is row.payload else dataclasses.replace(row, payload=payload)

    def drained(self) -> bool:
        """Whether nothing is left to be done."""
        return self.read.waiting.drained()

    # Reading

    def readings(
        self,
        channel: str | None,
        since: datetime,
        *,
        assignment: str | None = None,
        limit: int | None = None,
        each: int | None = None,
    ) -> list[Reading]:
        """Readings taken at or after a time, oldest first; with a limit the newest so many. None: all channels.

        `each` is a limit for every channel by itself.
        """
        return self.read.readings(channel, since, assignment=assignment, limit=limit, each=each)

    def open_alerts(self) -> list[Alert]:
        """The last revision of every episode that is not resolved, oldest first."""
        return self.read.open_alerts()

    def alerts(self, since: datetime) -> list[Alert]:
        """Every revision that changed at or after a time, oldest first."""
        return self.read.alerts(since)

    def events(self, limit: int) -> list[Event]:
        """The newest events, newest first."""
        return self.read.events(limit)

    def way(self, reading_id: str) -> Way | None:
        """When a reading passed each door."""
        return self.read.way(reading_id)

    def outbox_counts(self) -> OutboxCounts:
        """How many messages stand where."""
        return self.read.waiting.outbox_counts()

    def detector_state(self, key: str) -> bytes | None:
        """What a detector left here."""
        return self.read.detector_state(key)

    def device(self, device_id: str) -> DeviceRow | None:
        """What is known about a device, with its counts."""
        return self.read.device(device_id)

    def devices(self) -> list[DeviceRow]:
        """All devices, by id."""
        return self.read.devices()
