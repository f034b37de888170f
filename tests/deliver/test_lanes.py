"""An alert behind a very long backlog (hazard H23): how many of the others go before it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.deliver.conftest import Running, task_of
from tests.support.messages import alert, reading
from tests.support.mosquitto import Mosquitto
from wardgate.contract.messages import Alert, Event, Reading, State
from wardgate.deliver.window import IN_FLIGHT, UNCONFIRMED
from wardgate.store import Kind, Lane, Store, outbox
from wardgate.ward import Ward

BACKLOG = 100_000


async def _backlog(store: Store) -> None:
    """As the store keeps them, but a thousand times faster than one by one."""
    head, rest = outbox.encode(reading(1))
    epoch, first = store.epoch.encode(), reading(1).id.encode()

    def fill(connection: sqlite3.Connection) -> None:
        for n in range(1, BACKLOG + 1):
            parts = head, rest.replace(first, b"%032x" % n)
            payload = outbox.numbered(parts, epoch, n)
            outbox.append(connection, n, Kind.READING, Lane.BACKFILL, "scale", 1.0, payload)
        store._writer.seq = BACKLOG

    await store.write(fill)


class _Post:
    """What came to the ward's database, in order."""

    def __init__(self) -> None:
        self.readings = 0
        self.before_alert: dict[str, int] = {}
        self._changed = asyncio.Event()

    def came(self, message: Reading | Alert | Event | State) -> None:
        """The ward has committed it."""
        if isinstance(message, Reading):
            self.readings += 1
        elif isinstance(message, Alert):
            self.before_alert[message.id] = self.readings
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()


async def test_an_alert_behind_a_hundred_thousand_readings(tmp_path: Path, store: Store, sending: Running) -> None:
    """One that waits when the connection comes is among the first; one that comes while all is full of the others waits
    for no more than what is on its way already."""
    await _backlog(store)
    early, late = alert(1), msgspec.structs.replace(alert(2), kind="low-saturation")
    await store.put_alert(early)
    broker = Mosquitto(tmp_path / "broker", max_inflight=1000)
    broker.start()
    post = _Post()
    ward = Ward(broker.settings(), tmp_path / "ward.db", post.came)
    async with task_of(asyncio.create_task(ward.run())), asyncio.timeout(60):
        await ward.connected.wait()
        async with sending(broker.settings()):
            await post.until(lambda: early.id in post.before_alert and post.readings >= 3 * UNCONFIRMED)
            await store.put_alert(late)
            there = post.readings
            await post.until(lambda: late.id in post.before_alert)
    broker.stop()
    assert post.before_alert[early.id] <= IN_FLIGHT
    assert post.before_alert[late.id] - there <= 2 * (UNCONFIRMED + IN_FLIGHT)
    assert not store.drained()
