"""Brokers that take little: few messages at a time, small ones only, or none at all of some kind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.deliver.conftest import Running, RunningWard, task_of
from tests.faults.conftest import Told
from tests.support.messages import alert, event, reading
from tests.support.mosquitto import HOST, Mosquitto, settings
from tests.support.peer import Peer, peer
from tests.support.scripted_broker import read_packet
from wardgate.clock import SystemClock
from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.contract.messages import Ack, Event, Refusal
from wardgate.deliver import Sender
from wardgate.mqtt import Link
from wardgate.store import Lane, Store

QUIET_S = 0.05
"""A strict broker waits so long for a message too many, before it answers one."""


class Strict:
    """Hangs up when more messages are without its answer than its Receive Maximum (MQTT 5, 4.9), as brokers may."""

    def __init__(self, receive_maximum: int) -> None:
        self.receive_maximum = receive_maximum
        self.taken: list[str] = []
        self.connections = 0
        self.exceeded = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: list[bytes] = []
        packet = asyncio.create_task(read_packet(reader))
        while True:
            done, _ = await asyncio.wait([packet], timeout=QUIET_S if waiting else None)
            if not done:
                writer.write(b"\x40\x02" + waiting.pop(0))
                continue
            head, body = packet.result()
            packet = asyncio.create_task(read_packet(reader))
            match head & 0xF0:
                case 0x10:
                    writer.write(b"\x20\x06\x00\x00\x03\x21" + self.receive_maximum.to_bytes(2, "big"))
                case 0x80:
                    writer.write(b"\x90\x04" + body[:2] + b"\x00\x01")
                case 0xC0:
                    writer.write(b"\xd0\x00")
                case 0x30:
                    end = 2 + int.from_bytes(body[:2], "big")
                    waiting.append(body[end : end + 2])
                    self.taken.append(body[2:end].decode())
                    if len(waiting) > self.receive_maximum:
                        self.exceeded += 1
                        writer.write(b"\xe0\x02\x93\x00")
                        return


@contextlib.asynccontextmanager
async def strict(receive_maximum: int) -> AsyncIterator[tuple[Strict, Broker]]:
    one = Strict(receive_maximum)
    server = await asyncio.start_server(one.serve, HOST, 0)
    try:
        yield one, settings(server.sockets[0].getsockname()[1], {})
    finally:
        server.close()


@pytest.mark.parametrize("receive_maximum", [1, 4])
async def test_never_more_than_the_broker_takes_at_once(receive_maximum: int) -> None:
    """Whoever publishes over it: the outbox, states, answers to commands, a ward that answers many hubs."""
    async with strict(receive_maximum) as (broker, where), asyncio.timeout(60):
        answered: list[int] = []
        last = asyncio.Event()

        def on_puback(mid: int, _code: int) -> None:
            answered.append(mid)
            if len(answered) == 12:
                last.set()

        link = Link(where, "many", on_message=lambda _topic, _payload: None, on_puback=on_puback)
        await link.open()
        mids = [link.publish(f"t/{n}", b"x") for n in range(12)]
        link.closed.add_done_callback(lambda _: last.set())
        await last.wait()
        assert not broker.exceeded
        assert answered == mids
        assert broker.taken == [f"t/{n}" for n in range(12)], "in their order"
        link.close()


async def test_too_small_packets_are_the_brokers_fault_and_cost_no_message(
    tmp_path: Path, store: Store, sending: Running, serving: RunningWard, events: list[Event], told: Told, hurried: None
) -> None:
    """What fits is delivered; what does not waits until the broker takes more, and is not set aside."""
    small = Mosquitto(tmp_path / "broker", extra="max_packet_size 1000")
    for n in range(300):
        store.put_reading(reading(n), arrival_s=1.0)
    await store.put_event(event(1))
    await store.put_alert(alert(1))
    large = Mosquitto(tmp_path / "larger")
    large.port = small.port
    large_settings = tmp_path / "larger" / "mosquitto.conf"
    small.start()
    async with serving(small.settings()), sending(small.settings()) as sender, asyncio.timeout(60):
        await told.until(lambda: "takes 1000 bytes in one packet" in sender.view().problem)
        await settled(store, 300)
        assert sender.view().counts.parked == 0
        assert [e.code for e in events] == ["broker-packets-too-small"]
        small.stop()
        text = large_settings.read_text(encoding="utf-8")
        first = next(line for line in text.splitlines() if line.startswith("listener "))
        large_settings.write_text(text.replace(first, f"listener {small.port} {HOST}"), encoding="utf-8")
        large.start()
        await sender.wait_drained()
        assert (sender.view().counts.at_ward, sender.view().counts.parked) == (302, 0)
    large.stop()


async def settled(store: Store, waiting: int) -> None:
    """Until no more than so many wait."""
    changed = asyncio.Event()
    store.listen(changed.set)
    while store.outbox_counts().waiting > waiting:
        changed.clear()
        await changed.wait()


async def _refuse_events(ward: Peer, store: Store, done: asyncio.Event) -> None:
    """A ward that wants no events: it refuses each, and takes the rest."""
    while True:
        await ward.until(lambda: bool(ward.messages))
        while ward.messages:
            topic, payload = ward.messages.pop(0)
            seq = msgspec.json.decode(payload)["seq"]
            refused = (Refusal(seq=seq, reason="no events, please"),) if topic.endswith("/event") else ()
            taken = () if refused else (seq,)
            ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=0, selective=taken, refused=refused))
            if topic.endswith("/reading"):
                done.set()


async def test_a_ward_that_refuses_all_events_is_told_of_each_once(mosquitto: Mosquitto, store: Store) -> None:
    """That a message was set aside is an event, too. To tell of that one in the same way would have no end."""
    where, done = mosquitto.settings(), asyncio.Event()
    await store.put_event(event(1))
    subscriptions = [topics.up("hub-1", what) for what in ("reading", "event")]
    async with peer(where, *subscriptions) as ward, asyncio.timeout(60):
        sender = Sender(where, "hub-1", store, SystemClock(), store.put_event, version="0.1.0")
        async with (
            task_of(asyncio.create_task(_refuse_events(ward, store, done))),
            task_of(asyncio.create_task(sender.run())),
        ):
            await sender.wait_drained()
            for n in range(3):  # time enough to tell more
                done.clear()
                await store.put_reading(reading(n), arrival_s=1.0)
                await done.wait()
                await sender.wait_drained()
    assert [row.seq for row in store.read.waiting.parked_rows(100)] == [2, 1], "the event, and that it was set aside"
    assert not store.next_rows(Lane.EVENT, 0, 10)
