"""A hub without radio: devices that measure and forget only what is acknowledged, the real store, the real sender.

It can be ended as by `kill -9`: nothing more is written, nothing said, and no one outside learns what was under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.support.messages import alert, event, reading
from tests.support.proxy import Proxy
from wardgate.clock import SystemClock
from wardgate.config import Broker
from wardgate.contract.messages import Alert, Event, Reading
from wardgate.deliver import Sender
from wardgate.deliver.window import Window
from wardgate.store import Kind, OutRow, Put, Store

DEVICES: Final = ("scale", "cuff", "oximeter")
_TYPES: Final[dict[int, type[Reading] | type[Alert]]] = {Kind.READING: Reading, Kind.ALERT: Alert}
Sent = Counter[tuple[str, int]]
"""How often each message, by hub and number, was handed to a connection."""


class JumpingClock(SystemClock):
    """The wall clock of a machine to which anything may happen; time since boot is not touched."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def utc(self) -> datetime:
        return super().utc() + self.ahead


class Book:
    """What the devices of one hub know: what was measured, and what the hub has confirmed."""

    def __init__(self) -> None:
        self.offered: dict[str, Reading] = {}
        self.kept: dict[str, Reading] = {}
        """Measured and not acknowledged: the device still has it, and says it again."""
        self.acknowledged: list[str] = []
        self.alerts_offered: set[tuple[str, int]] = set()
        self.alerts_promised: set[tuple[str, int]] = set()


class LightHub:
    """One hub and its devices. `sent` counts what it hands to its connections."""

    def __init__(
        self,
        name: str,
        directory: Path,
        broker: Broker,
        network: Proxy,
        rng: random.Random,
        is_at_ward: Callable[[Reading | Alert], bool],
    ) -> None:
        self.name = name
        self.too_early: list[int] = []
        """What the hub took for done when the ward had not committed it."""
        self._is_at_ward = is_at_ward
        self._looked_at: set[int] = set()
        self.network = network
        self.clock = JumpingClock()
        self.book = Book()
        self.database = directory / f"{name}.db"
        self._broker = broker
        self._rng = rng
        self._n = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._alive = False
        self.restarting = asyncio.Lock()

    def jump(self, by_s: float) -> None:
        """Somebody, or a time server, sets the hub's clock."""
        self.clock.ahead += timedelta(seconds=by_s)

    def start(self) -> None:
        """Begin where the last life ended: the devices say again what was not acknowledged."""
        self.store = Store.open(self.database, self.clock)
        broker = msgspec.structs.replace(self._broker, port=self.network.port)
        self.sender = Sender(broker, self.name, self.store, self.clock, self._tell, version="light")
        self.store.listen(self._look_at_done)
        self._alive = True
        for again in list(self.book.kept.values()):
            self._put(again)
        self._tasks = [asyncio.create_task(self.sender.run()), asyncio.create_task(self._measure())]

    async def crash(self) -> None:
        """As `kill -9`: what the writer had not begun is gone, and the connection with it."""
        self._alive = False
        self.network.cut()
        await self._end_tasks()
        await asyncio.sleep(0)  # what the loop was just about to queue dies with the rest
        writer = self.store._writer
        with suppress(queue.Empty):
            while True:
                writer._queue.get_nowait()
        await self.store.close()

    async def stop(self) -> None:
        """As a technician would."""
        await self._end_tasks()
        await self.store.close()
        self._alive = False

    async def rest(self) -> None:
        """Measure no more, wait until all is with the ward."""
        await self._cancel(self._tasks.pop())
        while self.book.kept:
            await asyncio.gather(*[self._put(kept) for kept in list(self.book.kept.values())])
        await self.sender.wait_drained()

    async def _end_tasks(self) -> None:
        while self._tasks:
            await self._cancel(self._tasks.pop())

    async def _cancel(self, task: asyncio.Task[None]) -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _measure(self) -> None:
        while True:
            for _ in range(self._rng.randrange(1, 12)):
                self._n += 1
                self._put(self._reading(self._n))
            if self._rng.random() < 0.15:
                self._raise()
            if self._rng.random() < 0.1:
                self._tell(event(self._n, hub=self.name))
            await asyncio.sleep(self._rng.uniform(0.01, 0.12))

    def _reading(self, n: int) -> Reading:
        made = reading(n, hub=self.name, backfill=self._rng.random() < 0.6)
        device = msgspec.structs.replace(made.device, id=self._rng.choice(DEVICES))
        return msgspec.structs.replace(made, id=f"{self.name}-{n}", device=device)

    def _put(self, made: Reading) -> asyncio.Future[None]:
        self.book.offered[made.id] = self.book.kept[made.id] = made
        return self._acknowledged(self.store.put_reading(made, arrival_s=1.0), made.id)

    def _acknowledged(self, stored: asyncio.Future[Put], id_: str) -> asyncio.Future[None]:
        """Once it is stored the device forgets it, unless the hub is dead by then."""
        forgotten: asyncio.Future[None] = stored.get_loop().create_future()

        def forget(_: object) -> None:
            if self._alive and self.book.kept.pop(id_, None) is not None:
                self.book.acknowledged.append(id_)
            forgotten.set_result(None)

        stored.add_done_callback(forget)
        return forgotten

    def _raise(self) -> None:
        n = self._rng.randrange(1, 9)
        revision = 1 + max((r for i, r in self.book.alerts_offered if i == f"alert-{n}"), default=0)
        made: Alert = alert(n, revision=revision, hub=self.name)
        key = (made.id, revision)
        self.book.alerts_offered.add(key)

        def promised(_: object) -> None:
            if self._alive:
                self.book.alerts_promised.add(key)

        self.store.put_alert(made).add_done_callback(promised)

    def _look_at_done(self) -> None:
        with contextlib.closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True)) as here:
            done = {seq for (seq,) in here.execute("SELECT seq FROM arrivals")} - self._looked_at
            for seq in done:
                kind, payload = here.execute("SELECT kind, payload FROM messages WHERE seq = ?", (seq,)).fetchone()
                as_type = _TYPES.get(kind)
                if as_type and not self._is_at_ward(msgspec.json.decode(payload, type=as_type)):
                    self.too_early.append(seq)
        self._looked_at |= done

    def _tell(self, told: Event) -> None:
        if self._alive:
            self.store.put_event(told)


def count_sent(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    """Note every message that a window hands out."""
    really = Window.sent

    def noted(self: Window, row: OutRow, mid: int, now_s: float) -> None:
        sent[msgspec.json.decode(row.payload)["hub"], row.seq] += 1
        really(self, row, mid, now_s)

    monkeypatch.setattr(Window, "sent", noted)
