"""What a ward keeps: what it has committed it acknowledges, and what it has acknowledged it keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate.contract.messages import CANARY, Ack, Alert, AlertAck, Event, Reading, Refusal, State
from wardgate.ward import progress, seen, silence, tables
from wardgate.ward.database import Row, Transaction, open_database
from wardgate.ward.fhir import due
from wardgate.ward.received import Batch, Received, Refused

Key = tuple[Any, ...]
_INSERT: Final = {
    "reading": "INSERT INTO readings VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT DO NOTHING RETURNING hub, id, revision",
    "alert": "INSERT INTO alerts VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING hub, id, revision",
    "event": "INSERT INTO events VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING hub, id",
}


class WardStore:
    """A ward's database, SQLite at a path or PostgreSQL at a URL. Any number of processes may have it open.

    Every method raises `DatabaseError` when the database refuses, and then nothing of it was kept.
    """

    def __init__(self, where: Path | str) -> None:
        self.database = open_database(where)

    async def close(self) -> None:
        await self.database.close()

    async def commit(
        self, received: Sequence[Received], refused: Sequence[Refused], at: datetime | None = None
    ) -> Batch:
        """Write a batch in one transaction. What it holds for the second time is acknowledged again, and kept once.

        `at` is when it came; now, when nothing is said.
        """
        came = at or datetime.now(UTC)
        return await self.database.run(lambda tx: _commit(tx, received, refused, came))

    async def open_alerts(self) -> list[Alert]:
        """The last revision of every alert that is not over, worst first, then oldest."""
        return await self.database.run(seen.open_alerts)

    async def see(
        self, hub: str, alert_id: str, *, by: str, at: datetime, note: str = "", revision: int | None = None
    ) -> AlertAck:
        """Note that somebody has seen a revision; see `seen.see`."""
        return await self.database.run(lambda tx: seen.see(tx, hub, alert_id, revision, by, note, at))

    async def unanswered(self) -> dict[str, Ack]:
        """What has been seen and not been answered, by hub."""
        return await self.database.run(seen.unanswered)

    async def history(self, hub: str, alert_id: str) -> list[seen.Seen]:
        """Who has seen which revision of an alert."""
        return await self.database.run(lambda tx: seen.history(tx, hub, alert_id))

    async def reading(self, hub: str, reading_id: str) -> Reading | None:
        """A reading as it is dated now; None when it has not come."""
        return await self.database.run(lambda tx: _newest(tx, hub, reading_id))

    async def last_canary(self, hub: str) -> datetime | None:
        """When the hub last tested its way to here; None when it never has."""
        return await self.database.run(lambda tx: _last_canary(tx, hub))

    async def present(self) -> list[Ack]:
        """For each hub that is there, what it may be told of its numbers at any moment."""
        return await self.database.run(_present)

    async def look(
        self,
        now: datetime,
        *,
        connected: bool,
        heartbeats: float = silence.HEARTBEATS,
        deaf_after_s: float = silence.DEAF_AFTER_S,
    ) -> list[silence.Silence]:
        """Which silences have begun or ended; see `silence.look`."""
        return await self.database.run(
            lambda tx: silence.look(tx, now, connected=connected, heartbeats=heartbeats, deaf_after_s=deaf_after_s)
        )

    async def silences(self) -> list[silence.Silence]:
        """What is silent now."""
        return await self.database.run(silence.unresolved)

    async def listened_until(self) -> datetime | None:
        """When a ward last was connected and looked."""
        return await self.database.run(silence.listened_until)

    async def forget(self, hub: str) -> bool:
        """A hub is out of service; see `silence.forget`."""
        return await self.database.run(lambda tx: silence.forget(tx, hub))


async def _commit(tx: Transaction, received: Sequence[Received], refused: Sequence[Refused], at: datetime) -> Batch:
    batch = Batch()
    await tables.hold(tx, [r.message.hub for r in received] + [r.hub for r in refused])
    no_life = await _keep_states(tx, [r for r in received if isinstance(r.message, State)], at)
    new = await _keep_messages(tx, received)
    for item in received:
        m = item.message
        if isinstance(m, Event) and m.code == CANARY:
            await _keep_canary(tx, m, item.payload)
        elif isinstance(m, State):
            batch.new.append(m)  # never counted as one seen before: the last one counts
        elif _key(m) in new:
            new.discard(_key(m))
            batch.new.append(m)
        else:
            batch.duplicates += 1
        if isinstance(m, Alert | Event):
            await seen.told_by(tx, m)
    await tx.each(
        "INSERT INTO refused VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        [(r.hub, r.topic, r.reason, r.payload, hashlib.sha256(r.payload).hexdigest()) for r in refused],
    )
    heard = {r.message.hub for r in received if r.payload not in no_life} | {r.hub for r in refused}
    await tx.each(
        "UPDATE hubs SET heard_s = $1 WHERE hub = $2 AND heard_s < $1",
        [(at.timestamp(), hub) for hub in sorted(heard)],
    )
    batch.acks = [await _answer(tx, hub, epoch, received, refused) for hub, epoch in _numberings(received, refused)]
    return batch


async def _keep_messages(tx: Transaction, received: Iterable[Received]) -> set[Key]:
    """Insert what is not a state nor a canary. The keys of what was not here before."""
    rows: dict[str, list[Row]] = {kind: [] for kind in _INSERT}
    for item in received:
        m = item.message
        if isinstance(m, Reading):
            rows["reading"].append((m.hub, m.id, m.revision, m.channel, m.time.taken.timestamp(), item.payload))
        elif isinstance(m, Alert):
            rows["alert"].append((m.hub, m.id, m.revision, m.state, item.payload))
        elif isinstance(m, Event) and m.code != CANARY:
            rows["event"].append((m.hub, m.id, m.code, item.payload))
    new = {(kind, *key) for kind, sql in _INSERT.items() if rows[kind] for key in await tx.each(sql, rows[kind])}
    await due.remember(tx, [key if len(key) == 4 else (*key, 0) for key in new])
    return new


def _key(message: Reading | Alert | Event) -> Key:
    """As `_keep_messages` names it."""
    match message:
        case Reading():
            return "reading", message.hub, message.id, message.revision
        case Alert():
            return "alert", message.hub, message.id, message.revision
        case Event():
            return "event", message.hub, message.id


async def _keep_states(tx: Transaction, states: Iterable[Received], at: datetime) -> set[bytes]:
    """The last state of each hub. Those that are no sign of life: a goodbye, and a retained one that comes again."""
    no_life: set[bytes] = set()
    for item in states:
        state = item.message
        same = await tx.rows("SELECT 1 FROM states WHERE hub = $1 AND payload = $2", state.hub, item.payload)
        if same:
            no_life.add(item.payload)
            continue
        assert isinstance(state, State)
        if not state.online:
            no_life.add(item.payload)
        await tx.change(
            "INSERT INTO states VALUES ($1, $2, $3) "
            "ON CONFLICT (hub) DO UPDATE SET online = excluded.online, payload = excluded.payload",
            state.hub,
            int(state.online),
            item.payload,
        )
        await tx.change(
            "UPDATE hubs SET gone_s = $1, every_s = CASE WHEN CAST($2 AS DOUBLE PRECISION) > 0 THEN $2 "
            "ELSE every_s END WHERE hub = $3",
            None if state.online else at.timestamp(),
            min(state.heartbeat_every_s, silence.LONGEST_EVERY_S),
            state.hub,
        )
    return no_life


async def _keep_canary(tx: Transaction, event: Event, payload: bytes) -> None:
    """One a hub: it is a sign of life, and tells nobody anything."""
    newest = await _last_canary(tx, event.hub)
    if newest is None or newest <= event.at:
        await tx.change(
            "INSERT INTO canaries VALUES ($1, $2) ON CONFLICT (hub) DO UPDATE SET payload = excluded.payload",
            event.hub,
            payload,
        )


async def _newest(tx: Transaction, hub: str, reading_id: str) -> Reading | None:
    found = await tx.rows("SELECT payload FROM newest_readings WHERE hub = $1 AND id = $2", hub, reading_id)
    return msgspec.json.decode(found[0][0], type=Reading) if found else None


async def _last_canary(tx: Transaction, hub: str) -> datetime | None:
    found = await tx.rows("SELECT payload FROM canaries WHERE hub = $1", hub)
    return msgspec.json.decode(found[0][0], type=Event).at if found else None


async def _present(tx: Transaction) -> list[Ack]:
    acks = []
    for (payload,) in await tx.rows("SELECT payload FROM states WHERE online = 1 ORDER BY hub"):
        state = msgspec.json.decode(payload, type=State)
        found = await tx.rows("SELECT cumulative FROM committed WHERE hub = $1 AND epoch = $2", state.hub, state.epoch)
        acks.append(Ack(hub=state.hub, epoch=state.epoch, cumulative=found[0][0] if found else 0))
    return acks


def _numberings(received: Iterable[Received], refused: Iterable[Refused]) -> list[tuple[str, str]]:
    """Each (hub, epoch) that has to be answered."""
    keys = {(r.message.hub, r.message.epoch) for r in received}
    keys |= {(r.hub, r.epoch) for r in refused if r.epoch is not None and r.seq is not None}
    return sorted(keys)


async def _answer(
    tx: Transaction, hub: str, epoch: str, received: Iterable[Received], refused: Iterable[Refused]
) -> Ack:
    """Note the numbers of one hub, and say so."""
    mine = [r.message for r in received if (r.message.hub, r.message.epoch) == (hub, epoch)]
    seqs = {m.seq for m in mine if not isinstance(m, State)}
    floor = max((m.floor for m in mine if isinstance(m, State)), default=0)
    cumulative = await progress.advance(tx, hub, epoch, seqs, floor)
    return Ack(
        hub=hub,
        epoch=epoch,
        cumulative=cumulative,
        selective=tuple(sorted(seq for seq in seqs if seq > cumulative)),
        refused=tuple(
            Refusal(seq=r.seq, reason=r.reason)
            for r in refused
            if r.seq is not None and r.epoch == epoch and r.hub == hub
        ),
    )
