"""Several wards on one database: nothing is lost, nothing is doubled, and no answer takes anything back."""

from __future__ import annotations

import asyncio
import functools
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tests.support.messages import alert, event, reading
from tests.support.mosquitto import Mosquitto
from tests.support.peer import Peer, peer
from tests.support.postgres import Postgres
from tests.support.programs import Program
from wardgate.clock import SystemClock
from wardgate.contract.messages import Ack, Alert, Event, Reading
from wardgate.deliver import Sender
from wardgate.deliver.window import RESEND_FIRST_S
from wardgate.store import Store
from wardgate.ward import progress, tables
from wardgate.ward.database import Transaction
from wardgate.ward.received import Received
from wardgate.ward.store import WardStore

SEED = 20261122
PATIENCE_S = 90.0
HUBS = ("hub-1", "hub-2")
READINGS = 1500


def said(seq: int, hub: str) -> Received:
    kinds: tuple[Reading | Alert | Event, ...] = (
        reading(seq, hub=hub),
        msgspec.structs.replace(alert(seq), hub=hub),
        event(seq, hub=hub),
    )
    message = msgspec.structs.replace(kinds[seq % 3], seq=seq, epoch="one")
    return Received(message, msgspec.json.encode(message))


async def test_three_at_once_over_the_same_hubs(where: Path | str) -> None:
    """Each gets a random part of the numbers of two hubs, some of them twice, in random order, in batches."""
    rng = random.Random(SEED)
    stores = [WardStore(where) for _ in range(3)]
    last = 300
    shares: list[list[Received]] = [[], [], []]
    for hub in HUBS:
        for seq in range(1, last + 1):
            for share in rng.sample(shares, rng.choice([1, 1, 2])):
                share.append(said(seq, hub))
    answers: list[list[Ack]] = [[], [], []]
    new: Counter[tuple[str, int]] = Counter()

    async def serve(store: WardStore, share: list[Received], told: list[Ack]) -> None:
        rng.shuffle(share)
        while share:
            batch, share = share[:5], share[5:]
            done = await store.commit(batch, [])
            told += done.acks
            new.update((m.hub, m.seq) for m in done.new if isinstance(m, Reading | Alert | Event))

    await asyncio.gather(*[serve(*one) for one in zip(stores, shares, answers, strict=True)])

    assert new == dict.fromkeys([(hub, seq) for hub in HUBS for seq in range(1, last + 1)], 1)
    for told in answers:
        for hub in HUBS:
            figures = [a.cumulative for a in told if a.hub == hub]
            assert figures == sorted(figures), "an answer took something back"
    for hub in HUBS:
        (done,) = (await stores[0].commit([said(1, hub)], [])).acks
        assert done.cumulative == last
    for store in stores:
        await store.close()


async def test_one_hub_is_served_by_one_transaction_at_a_time(postgres: Postgres) -> None:
    """The second sees what the first has counted, floor and all, though it began before the first had ended."""
    url = postgres.database("one_at_a_time")
    first, second = WardStore(url), WardStore(url)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Transaction) -> None:
        await tables.hold(tx, ["hub-1"])
        await progress.advance(tx, "hub-1", "one", [], floor=100)
        inside.set()
        await go_on.wait()

    async def waiting(tx: Transaction) -> int:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        found: int = (await tx.rows(sql))[0][0]
        return found

    slow = asyncio.create_task(first.database.run(slowly))
    await inside.wait()
    quick = asyncio.create_task(second.commit([said(101, "hub-1")], []))
    while not quick.done() and not await first.database.run(waiting):
        pass
    go_on.set()
    await slow
    assert (await quick).acks[0].cumulative == 101
    await first.close()
    await second.close()


async def _ids(store: WardStore, table: str) -> list[tuple[str, str]]:
    async def rows(tx: Transaction) -> list[tuple[str, str]]:
        return [(hub, id_) for hub, id_ in await tx.rows(f"SELECT hub, id FROM {table} ORDER BY hub, id")]

    return await store.database.run(rows)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "broker", max_inflight=1000)
    broker.start()
    yield broker
    broker.stop()


def a_ward(directory: Path, mosquitto: Mosquitto, where: Path | str, name: str) -> Program:
    broker = ("--host", "127.0.0.1", "--port", str(mosquitto.port), "--no-tls", "--name", name)
    return Program(directory / f"{name}.log", "ward", *broker, "--group", "g", "--database", str(where))


async def test_a_killed_ward_of_a_group_costs_nothing(mosquitto: Mosquitto, where: Path | str, tmp_path: Path) -> None:
    """Two hubs with their real senders, two wards in processes of their own, one or the other killed four times."""
    rng = random.Random(SEED)
    wards = [a_ward(tmp_path, mosquitto, where, f"w{n}") for n in (1, 2)]
    watcher = WardStore(where)
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        wire = await stack.enter_async_context(peer(mosquitto.settings(), "wardgate/1/+/down/ack"))
        for ward in wards:
            await ward.start()
            stack.push_async_callback(ward.stop)
        for ward in wards:
            await ward.says("Connected")
        hubs = [await _hub(stack, mosquitto, tmp_path, name) for name in HUBS]
        for kill in range(4):
            share = (kill + 1) * len(HUBS) * READINGS // 6
            await wire.until(functools.partial(_acknowledged, wire, share), PATIENCE_S)
            victim = rng.choice(wards)
            await victim.kill()
            if kill % 2:
                await victim.start()
            else:
                wards.remove(victim)
                wards.append(a_ward(tmp_path, mosquitto, where, f"again{kill}"))
                await wards[-1].start()
                stack.push_async_callback(wards[-1].stop)
        for hub in hubs:
            await hub.sender.wait_drained()
    assert await _ids(watcher, "readings") == sorted((h, reading(n).id) for h in HUBS for n in range(READINGS))
    assert await _ids(watcher, "alerts") == [(h, "alert-1") for h in HUBS]
    await watcher.close()


async def test_a_database_that_crashes_is_waited_for(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """PostgreSQL is ended without a checkpoint in the middle of a drain; the ward goes on when it is back."""
    server = Postgres()
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        stack.callback(server.remove)
        await asyncio.to_thread(server.start)
        url = server.database("ward")
        wire = await stack.enter_async_context(peer(mosquitto.settings(), "wardgate/1/+/down/ack"))
        ward = a_ward(tmp_path, mosquitto, url, "only")
        await ward.start()
        stack.push_async_callback(ward.stop)
        await ward.says("Connected")
        hub = await _hub(stack, mosquitto, tmp_path, "hub-1")
        await wire.until(functools.partial(_acknowledged, wire, READINGS // 4), PATIENCE_S)
        await asyncio.to_thread(server.kill)
        more = range(READINGS, READINGS + 10)
        await asyncio.gather(*[hub.store.put_reading(reading(n), arrival_s=1.0) for n in more])
        await ward.says("The ward's database refuses")
        assert not hub.store.drained()
        await asyncio.to_thread(server.start)
        await hub.sender.wait_drained()
        store = WardStore(url)
        assert await _ids(store, "readings") == [("hub-1", reading(n).id) for n in range(READINGS + 10)]
        await store.close()


async def test_what_a_dead_ward_had_in_hand_goes_to_the_others(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """One takes its share and does nothing with it, then dies and is not started again: nobody waits a minute."""
    where = tmp_path / "ward.db"
    store = WardStore(where)
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        wire = await stack.enter_async_context(peer(mosquitto.settings(), "wardgate/1/+/down/ack"))
        dying, living = (a_ward(tmp_path, mosquitto, where, name) for name in ("dying", "living"))
        for ward in (dying, living):
            await ward.start()
            stack.push_async_callback(ward.stop)
            await ward.says("Connected")
        hub = await _hub(stack, mosquitto, tmp_path, "hub-1", readings=0)
        await hub.sender.wait_drained()
        dying.freeze()
        async with asyncio.timeout(RESEND_FIRST_S / 2):
            await asyncio.gather(*[hub.store.put_reading(reading(n), arrival_s=1.0) for n in range(20)])
            await wire.until(lambda: len(_selected(wire)) >= 9)
            assert not hub.store.drained()
            await dying.kill()
            await hub.sender.wait_drained()
    assert len(await _ids(store, "readings")) == 20
    await store.close()


def _selected(wire: Peer) -> set[int]:
    """What is acknowledged beyond a gap."""
    return {seq for _, payload in wire.messages for seq in msgspec.json.decode(payload, type=Ack).selective}


def _acknowledged(wire: Peer, share: int) -> bool:
    """Whether so many messages, of all hubs together, are acknowledged without a gap."""
    furthest = dict.fromkeys(HUBS, 0)
    for _, payload in wire.messages:
        ack = msgspec.json.decode(payload, type=Ack)
        furthest[ack.hub] = max(furthest[ack.hub], ack.cumulative)
    return sum(furthest.values()) >= share


@dataclass(frozen=True, slots=True)
class Hub:
    store: Store
    sender: Sender


async def _hub(
    stack: AsyncExitStack, mosquitto: Mosquitto, directory: Path, name: str, readings: int = READINGS
) -> Hub:
    """A hub's own store and sender, with a backlog."""
    store = Store.open(directory / f"{name}-hub.db", SystemClock())
    stack.push_async_callback(store.close)
    await asyncio.gather(*[store.put_reading(reading(n, hub=name), arrival_s=1.0) for n in range(readings)])
    await store.put_alert(msgspec.structs.replace(alert(1), hub=name))
    sender = Sender(mosquitto.settings(), name, store, SystemClock(), lambda _: None, version="1")
    task = asyncio.create_task(sender.run())

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return Hub(store, sender)
