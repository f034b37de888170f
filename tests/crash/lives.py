"""What a hub's store goes through while it is recorded: everything that the hub asks of it, in a fixed order by seed.

The order of writing is fixed too: what is queued together is committed together (`_together`), and the clock is the
test's own. Only SQLite's salts and the epoch differ from run to run.
"""

from __future__ import annotations

import asyncio
import copy
import random
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import msgspec

from tests.crash.ledger import Done, Emptied, Given, Ledger, Line, Parked, Promised, Set, Trimmed, found, register
from tests.support.messages import alert, event, reading
from tests.support.recording_vfs import Entry, Mark, Recording, recording
from tests.support.watching import StillClock
from wardgate.contract.messages import CANARY, Alert, Reading, Upward
from wardgate.store import DeviceRow, Put, Store
from wardgate.store.schema import MIGRATIONS, migrate

DATABASE: Final = "wardgate.db"
CHECKPOINT_PAGES: Final = 60
"""A checkpoint every few commits, so that a short life has many."""
FURTHER: Final = (
    *MIGRATIONS,
    """
    CREATE TABLE lengths (seq INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
    INSERT INTO lengths SELECT seq, length(payload) FROM messages;
    CREATE TABLE recounted (device TEXT, what TEXT, n INTEGER NOT NULL, PRIMARY KEY (device, what)) WITHOUT ROWID;
    INSERT INTO recounted SELECT device, what, n FROM counts;
    DROP TABLE counts;
    ALTER TABLE recounted RENAME TO counts;
    CREATE INDEX kept_since ON messages (stored_s);
    """,
)
"""A later version's database: new tables, one made anew, an index over all messages."""


@dataclass(frozen=True, slots=True)
class Life:
    """One recorded run; `known` is what had been promised before it began."""

    name: str
    before: dict[str, bytes]
    log: list[Entry]
    known: Ledger
    migrations: tuple[str, ...]


def as_version(migrations: Sequence[str]) -> ExitStack:
    """The store of a version that knows these migrations."""
    stack = ExitStack()
    stack.enter_context(patch("wardgate.store.opening.migrate", lambda c, path: migrate(c, path, migrations)))
    return stack


async def record(
    name: str,
    directory: Path,
    seed: int,
    steps: int,
    *,
    known: Ledger | None = None,
    migrations: tuple[str, ...] = MIGRATIONS,
    prepare: Callable[[Store], None] = lambda _: None,
) -> Life:
    """Open the store of a directory, let a hub live with it, and write down what happens to the disk.

    `prepare` may spoil the store, to see that it is found out.
    """
    known = known or Ledger()
    now = copy.deepcopy(known)
    clock = StillClock()
    with (
        as_version(migrations),
        patch("wardgate.store.opening.CHECKPOINT_PAGES", CHECKPOINT_PAGES),
        recording(directory, DATABASE) as recorded,
    ):
        store = Store.open(directory / DATABASE, clock)
        prepare(store)
        hand = _Hand(store, recorded, random.Random(seed), now, clock)
        hand.begin()
        await hand.live(steps)
        await store.close()
    return Life(name, recorded.before, recorded.log, known, migrations)


def ledger_of(life: Life, upto: int) -> Ledger:
    """What had been promised when that much of a life was over."""
    ledger = copy.deepcopy(life.known)
    for entry in life.log[:upto]:
        if isinstance(entry, Mark):
            ledger.write(entry.what)
    return ledger


class _Hand:
    """Hands things to a store and writes down what it promises."""

    def __init__(self, store: Store, recorded: Recording, rng: random.Random, known: Ledger, clock: StillClock) -> None:
        self._store = store
        self._recorded = recorded
        self._rng = rng
        self._ledger = known
        self._clock = clock
        self._n = 1 + 10 * len(known.given)
        self._last_canary: int | None = None

    def line(self, line: Line) -> None:
        self._ledger.write(line)
        self._recorded.mark(line)

    def begin(self) -> None:
        """Whatever stands there when the store opens is promised by it."""
        self.line(found(self._store))
        for name in {"epoch", *self._ledger.registers}:
            self._set(name, register(self._store, name))

    def _set(self, name: str, value: bytes) -> None:
        self.line(Set(name, value, sure=False))
        self.line(Set(name, value, sure=True))

    async def live(self, steps: int) -> None:
        acts: tuple[tuple[int, Callable[[], Awaitable[None]]], ...] = (
            (8, self._messages),
            (2, self._lone_alert),
            (3, self._acknowledge),
            (1, self._park),
            (2, self._remember),
            (1, self._trim),
            (1, self._note_sent),
            (1, self._canary),
            (1, self._count),
        )
        plan = [act for weight, act in acts for _ in range(weight)]
        for _ in range(steps):
            self._clock.now += timedelta(minutes=1)
            await self._rng.choice(plan)()

    async def _messages(self) -> None:
        messages: list[Upward] = []
        for _ in range(self._rng.randint(1, 9)):
            self._n += 1
            again = self._rng.random() < 0.15
            read = _reading(self._rng.randint(1, self._n) if again else self._n)
            messages.append(self._rng.choice((read, read, read, read, alert(self._n), event(self._n))))
        await self._put(messages)

    async def _lone_alert(self) -> None:
        self._n += 1
        await self._put([alert(self._n, revision=r) for r in range(1, self._rng.randint(2, 4))])

    async def _put(self, messages: Sequence[Upward]) -> None:
        for message in messages:
            self.line(Given(message))
        results = await _together(self._store, [self._putter(message) for message in messages])
        for message, result in zip(messages, results, strict=True):
            self.line(Promised(message, result.seq if isinstance(result, Put) else result))

    def _putter(self, message: Upward) -> Callable[[], asyncio.Future[Any]]:
        if isinstance(message, Reading):
            return lambda: self._store.put_reading(message, arrival_s=1.0)
        if isinstance(message, Alert):
            return lambda: self._store.put_alert(message)
        return lambda: self._store.put_event(message)

    async def _canary(self) -> None:
        """A test message, in place of the last one if that is done."""
        self._n += 1
        message = msgspec.structs.replace(event(self._n), code=CANARY)
        last = self._last_canary if self._last_canary in self._ledger.done else None
        if last is not None:
            self.line(Emptied(last))
        self.line(Given(message))
        self._last_canary = await self._store.put_event(message, replaces=last)
        self.line(Promised(message, self._last_canary))

    async def _count(self) -> None:
        name = "count scale no_reading"
        value = str(int(register(self._store, name) or b"0") + 1).encode()
        self.line(Set(name, value, sure=False))
        await self._store.count("scale", "no_reading")
        self.line(Set(name, value, sure=True))

    async def _acknowledge(self) -> None:
        waiting = sorted(self._ledger.promised.keys() - self._ledger.done - self._ledger.maybe_parked)
        if not waiting:
            return
        upto = self._rng.choice((0, *waiting[: len(waiting) // 2]))
        some = self._rng.sample(waiting, self._rng.randint(0, min(5, len(waiting))))
        seqs = frozenset([seq for seq in waiting if seq <= upto] + some)
        self.line(Done(seqs, sure=False))
        await self._store.mark_done(upto, some)
        self.line(Done(seqs, sure=True))

    async def _park(self) -> None:
        waiting = sorted(self._ledger.promised.keys() - self._ledger.maybe_done - self._ledger.maybe_parked)
        if waiting:
            seq = self._rng.choice(waiting)
            self.line(Parked(seq, sure=False))
            await self._store.park(seq, "it is refused")
            self.line(Parked(seq, sure=True))

    async def _note_sent(self) -> None:
        await self._store.mark_sent(dict.fromkeys(self._ledger.promised, self._clock.utc().timestamp()))

    async def _remember(self) -> None:
        self._n += 1
        state = bytes([self._n % 256]) * self._rng.choice((3, 3000)) + str(self._n).encode()
        pairs = [("detector weight", state), ("device scale", str(self._n).encode())]
        for name, value in pairs:
            self.line(Set(name, value, sure=False))
        await self._store.put_detector_state("weight", state)
        self.line(Set(*pairs[0], sure=True))
        await self._store.set_device(DeviceRow(id="scale", battery_percent=self._n))
        self.line(Set(*pairs[1], sure=True))

    async def _trim(self) -> None:
        self.line(Trimmed())
        await self._store.trim(self._clock.utc() + timedelta(days=1))


def _reading(n: int) -> Reading:
    return reading(n, backfill=n % 3 == 0)


async def _together(store: Store, puts: Sequence[Callable[[], asyncio.Future[Any]]]) -> list[Any]:
    """Have them committed as one group: the writer is held up until all are queued."""
    held, go = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        held.set()
        go.wait()

    gate = store.write(hold)
    await asyncio.to_thread(held.wait)
    futures = [put() for put in puts]
    go.set()
    await gate
    return list(await asyncio.gather(*futures))
