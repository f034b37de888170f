"""Networks that go wrong without saying so."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.deliver.conftest import Running, RunningWard
from tests.faults.conftest import Told, committed
from tests.support.certificates import Certificates
from tests.support.messages import alert, reading
from tests.support.mosquitto import Mosquitto
from tests.support.proxy import Proxy, Way, proxy
from wardgate.config import Broker
from wardgate.contract.messages import Event
from wardgate.mqtt import Link, LinkError
from wardgate.store import Store
from wardgate.ward import Ward


def _through(broker: Mosquitto, network: Proxy) -> Broker:
    return msgspec.structs.replace(broker.settings(), port=network.port)


async def _backlog(store: Store, n: int) -> None:
    await asyncio.gather(*[store.put_reading(reading(k), arrival_s=1.0) for k in range(1, n + 1)])


async def test_a_half_open_connection_is_found_and_replaced(
    mosquitto: Mosquitto, store: Store, sending: Running, serving: RunningWard, told: Told, hurried: None
) -> None:
    """The other side is gone and nobody says so: what is written seems to go out. The keep-alive finds it."""
    async with (
        proxy(mosquitto.port) as network,
        serving(mosquitto.settings()),
        sending(_through(mosquitto, network)) as sender,
        asyncio.timeout(60),
    ):
        await network.connected.wait()
        await told.until(lambda: sender.view().connected)
        network.half_open()
        network.lost.clear()
        await store.put_alert(alert(1))
        await told.until(lambda: "nothing has been heard of the broker" in sender.view().problem)
        await network.lost.wait()
        network.heal()
        await sender.wait_drained()
        assert network.connections >= 2


@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_stalled_network_is_left_for_a_new_connection(
    way: Way, mosquitto: Mosquitto, store: Store, sending: Running, serving: RunningWard, told: Told, hurried: None
) -> None:
    await _backlog(store, 500)
    async with (
        proxy(mosquitto.port) as network,
        serving(mosquitto.settings()),
        sending(_through(mosquitto, network)) as sender,
        asyncio.timeout(60),
    ):
        await network.moved.wait()
        network.lost.clear()
        network.stall(way)
        await network.lost.wait()
        network.heal()
        await sender.wait_drained()


async def test_a_connection_that_is_cut_in_every_packet_still_brings_all(
    mosquitto: Mosquitto, store: Store, sending: Running, serving: RunningWard, tmp_path: Path, hurried: None
) -> None:
    """Twenty times in the middle of a burst, with a reset and politely."""
    await _backlog(store, 3000)
    async with (
        proxy(mosquitto.port) as network,
        serving(mosquitto.settings()) as ward,
        sending(_through(mosquitto, network)) as sender,
        asyncio.timeout(60),
    ):
        for n in range(20):
            network.moved.clear()
            await network.moved.wait()
            network.cut(reset=n % 2 == 0)
        await sender.wait_drained()
        assert ward.counts.refused == 0
    with closing(sqlite3.connect(tmp_path / "ward.db")) as kept:
        assert kept.execute("SELECT count(*), count(DISTINCT id) FROM readings").fetchone() == (3000, 3000)


async def test_a_slow_network_is_only_slow(
    mosquitto: Mosquitto, store: Store, sending: Running, serving: RunningWard, events: list[Event]
) -> None:
    await _backlog(store, 30)
    async with (
        proxy(mosquitto.port) as network,
        serving(mosquitto.settings()),
        asyncio.timeout(60),
    ):
        network.slow("up", pause_s=0.002, piece_bytes=97)
        network.slow("down", pause_s=0.002, piece_bytes=3)
        async with sending(_through(mosquitto, network)) as sender:
            await sender.wait_drained()
            assert network.connections == 1
    assert not events


@pytest.fixture
def over_tls(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "tls", certificates=Certificates(tmp_path / "authority"))
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_damaged_stream_is_left_and_no_damaged_message_is_believed(
    way: Way, over_tls: Mosquitto, store: Store, sending: Running, serving: RunningWard, tmp_path: Path, hurried: None
) -> None:
    """TLS is what notices. Every message at the ward is, byte for byte, as the hub stored it."""
    await _backlog(store, 1500)
    async with (
        proxy(over_tls.port, random.Random(7)) as network,
        serving(over_tls.settings()) as ward,
        sending(_through(over_tls, network)) as sender,
        asyncio.timeout(240),  # damage in a handshake is found when that has lasted too long
    ):
        for _ in range(8):
            network.lost.clear()
            network.damaged.clear()
            network.corrupt(way)
            await store.put_alert(alert(store.last_seq))
            await network.damaged.wait()
            await network.lost.wait()
        await sender.wait_drained()
        assert (ward.counts.refused, ward.counts.foreign, sender.view().counts.parked) == (0, 0, 0)
    with closing(sqlite3.connect(tmp_path / "ward.db")) as kept, closing(sqlite3.connect(store.path)) as hub:
        stored = {payload for (payload,) in hub.execute("SELECT payload FROM messages WHERE kind IN (1, 2)")}
        there = {p for (p,) in kept.execute("SELECT payload FROM readings UNION ALL SELECT payload FROM alerts")}
        assert there == stored


async def test_what_is_no_mqtt_ends_the_connection_whatever_it_is(hurried: None) -> None:
    """A CONNACK, and then bytes drawn at random: the link says that it is closed, and raises nothing anywhere."""
    rng = random.Random(8)
    raised: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        kind = rng.choice([0x20, 0x30, 0x32, 0x34, 0x40, 0x50, 0x60, 0x90, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0x00])
        body = rng.randbytes(rng.randrange(0, 60))
        writer.write(b"\x20\x03\x00\x00\x00" + bytes([kind, len(body)]) + body + b"\xff\xff\xff\xff\xff")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for protocol in ("5", "3.1.1"):
        for n in range(300):
            broker = msgspec.convert({"host": "127.0.0.1", "port": port, "tls": False, "protocol": protocol}, Broker)
            link = Link(broker, f"garbage-{n}", on_message=lambda _topic, _payload: None)
            try:
                async with asyncio.timeout(60):
                    await link.open()
                    link.subscribe("x")
                    await link.closed
            except LinkError:
                pass
            link.close()
    server.close()
    assert not raised


async def test_a_length_that_claims_megabytes_does_not_swallow_what_follows() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"\x20\x03\x00\x00\x00\x30\xff\xff\xff\x7f" + bytes(100_000))
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    broker = Broker(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls=False)
    link = Link(broker, "long", on_message=lambda _topic, _payload: None)
    async with asyncio.timeout(60):
        await link.open()
        assert await link.closed == "the broker sent what is no MQTT"
    server.close()


@pytest.mark.parametrize("persistent", [True, False])
async def test_a_broker_killed_and_restarted_with_and_without_its_memory(
    persistent: bool, store: Store, sending: Running, serving: RunningWard, tmp_path: Path, hurried: None
) -> None:
    broker = Mosquitto(tmp_path / "forgetful", persistent=persistent)
    broker.start()
    await _backlog(store, 6000)
    async with serving(broker.settings()) as ward, sending(broker.settings()) as sender, asyncio.timeout(60):
        for share, end in ((400, broker.kill), (1200, broker.stop), (2400, broker.kill)):
            await _has(store, ward, share)
            await asyncio.to_thread(end)
            assert not store.drained()
            await asyncio.to_thread(broker.start)
        await sender.wait_drained()
    broker.stop()
    with closing(sqlite3.connect(tmp_path / "ward.db")) as kept:
        assert kept.execute("SELECT count(*), count(DISTINCT id) FROM readings").fetchone() == (6000, 6000)


async def _has(store: Store, ward: Ward, n: int) -> None:
    await committed(store, lambda: ward.counts.new >= n)
