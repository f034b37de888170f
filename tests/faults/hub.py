"""A hub without radio: devices that measure and forget only what is acknowledged, the real store, the real sender.

It can be ended as by `kill -9`: nothing more is written, nothing said, and no one outside learns what was under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.messages import alert, event, reading
from tests.support.proxy import Proxy
from wardgate.clock import SystemClock
from wardgate.config import Broker
from wardgate.contract.messages import Alert, Event, Reading
from wardgate.deliver import Sender
from wardgate.deliver.window import Window
from wardgate.store import Kind, Lane, OutRow, Put, Store

DEVICES: Final = ("scale", "cuff", "oximeter")
_TYPES: Final[dict[int, type[Reading] | type[Alert]]] = {Kind.READING: Reading, Kind.ALERT: Alert}


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
    """One hub and its devices."""

    def __init__(
        self,
        name: str,
        directory: Path,
        broker: Broker,
        network: Proxy,
        rng: random.Random,
        is_at_ward: Callable[[Reading | Alert], bool],
        eye: Eye,
    ) -> None:
        self.name = name
        self.too_early: list[int] = []
        """What the hub took for done when the ward had not committed it."""
        self._is_at_ward = is_at_ward
        self._eye = eye
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
        self._eye.hubs[self.database] = self
        self._alive = True
        for again in list(self.book.kept.values()):
            self._put(again)
        self._tasks = [asyncio.create_task(self.sender.run()), asyncio.create_task(self._measure())]

    async def crash(self) -> None:
        """As `kill -9`, in the middle of a slow commit: what the writer had not begun is gone, and the connection."""
        writer, loop = self.store._writer, asyncio.get_running_loop()
        begun, disk = asyncio.Event(), threading.Event()

        def slow(_: sqlite3.Connection) -> None:
            loop.call_soon_threadsafe(begun.set)
            disk.wait()

        self.store.write(slow)
        await begun.wait()
        self._burst(20)
        for _ in range(3):
            await asyncio.sleep(0)
        self._alive = False
        self.network.cut()
        await self._end_tasks()
        with contextlib.suppress(queue.Empty):
            while True:
                writer._queue.get_nowait()
        disk.set()
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
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _measure(self) -> None:
        while True:
            self._burst(self._rng.randrange(1, 12))
            if self._rng.random() < 0.1:
                self._tell(event(self._n, hub=self.name))
            await asyncio.sleep(self._rng.uniform(0.01, 0.12))

    def _burst(self, n: int) -> None:
        for _ in range(n):
            self._n += 1
            self._put(self._reading(self._n))
        if self._rng.random() < 0.15:
            self._raise()

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

    def look_at_done(self, cumulative: int, selective: Collection[int], reached: Mapping[Lane, int]) -> None:
        """The hub is about to take these for done: the ward has to have them now."""
        with contextlib.closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True)) as here:
            for seq, lane, kind, payload in here.execute(
                "SELECT seq, o.lane, kind, payload FROM outbox AS o JOIN messages USING (seq)"
            ):
                done = seq <= min(cumulative, reached.get(lane, 0)) or seq in selective
                as_type = _TYPES.get(kind)
                if done and as_type and not self._is_at_ward(msgspec.json.decode(payload, type=as_type)):
                    self.too_early.append(seq)

    def _tell(self, told: Event) -> None:
        if self._alive:
            self.store.put_event(told)


class Eye:
    """Sees what hubs of this process hand to their connections, and what they take for done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: Counter[tuple[str, int]] = Counter()
        """How often each message, by hub and number, was handed to a connection."""
        self.hubs: dict[Path, LightHub] = {}
        send, mark_done = Window.sent, Store.mark_done

        def sending(window: Window, row: OutRow, mid: int, now_s: float) -> None:
            self.sent[msgspec.json.decode(row.payload)["hub"], row.seq] += 1
            send(window, row, mid, now_s)

        def marking(store: Store, cumulative: int, selective: Collection[int] = (), **more: Any) -> Any:
            self.hubs[store.path].look_at_done(cumulative, selective, more["reached"])
            return mark_done(store, cumulative, selective, **more)

        monkeypatch.setattr(Window, "sent", sending)
        monkeypatch.setattr(Store, "mark_done", marking)
