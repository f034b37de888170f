"""A plain MQTT client for tests: it sees what is on the wire, and answers what a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec

from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.contract.messages import Ack
from wardgate.mqtt import Link


class Peer:
    """Collects messages; `until` waits for what they make true."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self._changed = asyncio.Condition()
        self.link: Link | None = None
        self._notify: set[asyncio.Task[None]] = set()

    def take(self, topic: str, payload: bytes) -> None:
        self.messages.append((topic, payload))
        task = asyncio.create_task(self._tell())
        self._notify.add(task)
        task.add_done_callback(self._notify.discard)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool], deadline_s: float = 60.0) -> None:
        """Wait until a condition about the messages holds."""
        async with asyncio.timeout(deadline_s), self._changed:
            await self._changed.wait_for(condition)

    def seqs(self, what: str) -> list[int]:
        """The numbers of one kind of message, in the order of arrival."""
        ending = f"/up/{what}"
        return [int(msgspec.json.decode(p)["seq"]) for t, p in self.messages if t.endswith(ending)]

    def publish(self, topic: str, payload: bytes) -> None:
        """Say something."""
        assert self.link is not None
        self.link.publish(topic, payload)

    def ack(self, ack: Ack) -> None:
        """Acknowledge as a ward does."""
        self.publish(topics.down(ack.hub, "ack"), msgspec.json.encode(ack))


@contextlib.asynccontextmanager
async def peer(broker: Broker, *subscriptions: str, name: str = "peer") -> AsyncIterator[Peer]:
    """A connected client that has subscribed."""
    one = Peer()
    link = Link(broker, name, on_message=one.take)
    await link.open()
    one.link = link
    for topic in subscriptions:
        link.subscribe(topic)
    await link.listening()
    try:
        yield one
    finally:
        link.close()
