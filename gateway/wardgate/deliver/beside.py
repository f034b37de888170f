"""What is published beside the outbox: answers, and messages that are sent once more."""

from __future__ import annotations

import asyncio
from typing import Final

from wardgate.contract import topics
from wardgate.mqtt import REFUSED, Link
from wardgate.store import Kind, Store

AT_ONCE: Final = 10
"""Messages without PUBACK: little enough that an alert never waits behind them."""
PAGE: Final = 100
TOPIC: Final = {
    Kind.READING: "reading",
    Kind.CORRECTION: "reading",
    Kind.TEST: "test",
    Kind.ALERT: "alert",
    Kind.EVENT: "event",
}


class NotSent(Exception):
    """The connection is gone, or the broker refuses."""


class Beside:
    """Publishes over the connection there is, and knows when the broker has it."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._on_way: dict[int, asyncio.Future[None]] = {}

    def connect(self, link: Link) -> None:
        """From now on over this one."""
        self._link = link

    def disconnect(self) -> None:
        """What had no PUBACK was not sent."""
        self._link = None
        for sent in self._on_way.values():
            if not sent.done():
                sent.set_exception(NotSent("the connection was lost"))
                sent.exception()  # who does not wait for it need not hear of it
        self._on_way.clear()

    def publish(self, topic: str, payload: bytes, correlation: bytes | None = None) -> asyncio.Future[None]:
        """Done when the broker has it. It fails with `NotSent`."""
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mid = None if self._link is None else self._link.publish_with(topic, payload, correlation=correlation)
        if mid is None:
            sent.set_exception(NotSent("there is no connection"))
            sent.exception()
        else:
            self._on_way[mid] = sent
        return sent

    def on_puback(self, mid: int, code: int) -> None:
        """The broker has answered a message; most are none of these."""
        sent = self._on_way.pop(mid, None)
        if sent is None or sent.done():
            return
        if code >= REFUSED:
            sent.set_exception(NotSent(f"the broker refuses it (MQTT reason 0x{code:02X})"))
            sent.exception()
        else:
            sent.set_result(None)


async def send_again(beside: Beside, store: Store, hub: str, first: int, last: int) -> int:
    """Publish stored messages once more, done or not, in the order of their numbers. How many that were.

    Raises:
        NotSent: not all; the ward asks again from where its numbers end.
    """
    total, waiting = 0, set[asyncio.Future[None]]()
    while page := store.read.messages_from(first, last, PAGE):
        for seq, kind, payload in page:
            if len(waiting) >= AT_ONCE:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for sent in done:
                    sent.result()
            waiting.add(beside.publish(topics.up(hub, TOPIC[kind]), payload))
            total, first = total + 1, seq + 1
    for sent in waiting:
        await sent
    return total
