"""From the outbox to the ward's database, over real brokers."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.deliver.conftest import Running, RunningWard
from tests.support.messages import alert, event, reading
from tests.support.mosquitto import Iotcore, Mosquitto
from tests.support.peer import peer
from wardgate.contract.messages import Ack, Event, State
from wardgate.mqtt import Link
from wardgate.store import Lane, Store


@pytest.fixture(params=["mosquitto", "iotcore"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto | Iotcore]:
    """Both brokers; what holds has to hold on each."""
    one = Mosquitto(tmp_path / "broker") if request.param == "mosquitto" else Iotcore(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


async def _backlog(store: Store, n: int) -> None:
    await asyncio.gather(*[store.put_reading(reading(k), arrival_s=1.0) for k in range(1, n + 1)])


def _rows(database: Path, table: str) -> list[str]:
    connection = sqlite3.connect(database)
    rows = [row[0] for row in connection.execute(f"SELECT id FROM {table}")]
    connection.close()
    return rows


async def settled(store: Store) -> None:
    """Until the store has committed something."""
    changed = asyncio.Event()
    store.listen(changed.set)
    await changed.wait()


def codes(events: list[Event]) -> list[str]:
    return [e.code for e in events]


async def test_everything_reaches_the_ward_once_and_the_outbox_is_empty(
    broker: Mosquitto | Iotcore, store: Store, sending: Running, serving: RunningWard, tmp_path: Path
) -> None:
    await _backlog(store, 2500)
    await store.put_alert(alert(1))
    await store.put_event(event(1))
    async with serving(broker.settings()) as ward, sending(broker.settings()) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        view = sender.view()
        assert (view.connected, view.problem, view.counts.at_ward) == (True, "", 2502)
        assert view.last_ward_answer is not None
        assert ward.counts.refused == 0
    assert sorted(_rows(tmp_path / "ward.db", "readings")) == sorted(reading(k).id for k in range(1, 2501))
    assert _rows(tmp_path / "ward.db", "alerts") == ["alert-1"]
    way = store.way(reading(1).id)
    assert way is not None
    assert way.broker is not None
    assert way.ward is not None
    assert way.stored <= way.broker <= way.ward


async def test_a_new_reading_goes_at_once_by_its_commit_alone(
    broker: Mosquitto | Iotcore, store: Store, sending: Running, serving: RunningWard
) -> None:
    async with serving(broker.settings()) as ward, sending(broker.settings()) as sender, asyncio.timeout(60):
        for n in range(1, 6):
            await store.put_reading(reading(n, backfill=False), arrival_s=1.0)
            await sender.wait_drained()
        assert ward.counts.new >= 5


async def test_an_alert_overtakes_the_backlog(mosquitto: Mosquitto, store: Store, sending: Running) -> None:
    """H23. Nobody acknowledges: the window fills with old readings, and the alert still goes out."""
    await _backlog(store, 3000)
    async with peer(mosquitto.settings(), "wardgate/1/+/up/+") as ward, sending(mosquitto.settings()):
        await ward.until(lambda: len(ward.seqs("reading")) >= 1000)
        assert len(ward.seqs("reading")) == 1000, "no more is sent than the ward may owe an answer for"
        seq = await store.put_alert(alert(1))
        await ward.until(lambda: ward.seqs("alert") == [seq])
        assert len(ward.seqs("reading")) == 1000


async def test_an_alert_in_the_middle_of_a_drain_passes_what_was_not_sent_yet(
    broker: Mosquitto | Iotcore, store: Store, sending: Running, serving: RunningWard
) -> None:
    await _backlog(store, 5000)
    async with peer(broker.settings(), "wardgate/1/+/up/+") as wire:
        async with serving(broker.settings()), sending(broker.settings()) as sender, asyncio.timeout(60):
            await wire.until(lambda: len(wire.seqs("reading")) >= 500)
            await store.put_alert(alert(1))
            await sender.wait_drained()
        kinds = [topic.rpartition("/")[2] for topic, _ in wire.messages]
        assert kinds.index("alert") < len(kinds) - 500


async def test_a_killed_broker_loses_nothing_and_doubles_nothing(
    mosquitto: Mosquitto, store: Store, sending: Running, serving: RunningWard, tmp_path: Path
) -> None:
    """A broker's PUBACK is not durability: kill -9 forgets what it has not written."""
    await _backlog(store, 6000)
    async with (
        serving(mosquitto.settings()) as ward,
        sending(mosquitto.settings()) as sender,
        asyncio.timeout(60),
    ):
        for share in (500, 2500):
            while ward.counts.new < share:
                await settled(store)
            await asyncio.to_thread(mosquitto.kill)
            assert not store.drained()
            await asyncio.to_thread(mosquitto.start)
            await ward.connected.wait()
        await sender.wait_drained()
    assert sorted(_rows(tmp_path / "ward.db", "readings")) == sorted(reading(k).id for k in range(1, 6001))


async def test_nothing_is_done_while_only_the_broker_has_it(
    broker: Mosquitto | Iotcore, store: Store, sending: Running, serving: RunningWard
) -> None:
    """H13. A broker without a ward takes everything, and everything stays in the outbox until a ward has it."""
    await _backlog(store, 150)
    async with peer(broker.settings(), "wardgate/1/+/up/+") as wire, sending(broker.settings()) as sender:
        await wire.until(lambda: len(wire.seqs("reading")) == 150)
        assert sender.view().counts.waiting == 150
        assert sender.view().counts.at_ward == 0
    async with serving(broker.settings()) as ward, sending(broker.settings()) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        assert ward.counts.new >= 150


async def test_what_the_ward_does_not_answer_is_sent_again(
    mosquitto: Mosquitto, store: Store, sending: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a moment is assumed: what was sent before the answer came is followed by an event, and that by 2 alone."""
    monkeypatch.setattr("wardgate.deliver.window.RESEND_FIRST_S", 0.3)
    await _backlog(store, 3)
    async with peer(mosquitto.settings(), "wardgate/1/+/up/+") as ward, sending(mosquitto.settings()):
        await ward.until(lambda: ward.seqs("reading")[:3] == [1, 2, 3])
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=1, selective=(3,)))
        while store.outbox_counts().at_ward < 2:
            await settled(store)
        await store.put_event(event(1))
        await ward.until(lambda: bool(ward.seqs("event")))
        before = len(ward.seqs("reading"))
        await ward.until(lambda: len(ward.seqs("reading")) >= before + 2)
        assert set(ward.seqs("reading")[before:]) == {2}


async def test_answers_that_are_late_double_or_of_another_database_do_no_harm(
    mosquitto: Mosquitto, store: Store, sending: Running, events: list[Event]
) -> None:
    await _backlog(store, 10)
    async with (
        peer(mosquitto.settings(), "wardgate/1/+/up/+") as ward,
        sending(mosquitto.settings()) as sender,
        asyncio.timeout(60),
    ):
        await ward.until(lambda: len(ward.seqs("reading")) == 10)
        ward.ack(Ack(hub="hub-1", epoch="another", cumulative=10))
        ward.ack(Ack(hub="hub-2", epoch=store.epoch, cumulative=10))
        ward.publish(
            "wardgate/1/hub-1/down/ack", msgspec.json.encode(Ack(hub="hub-2", epoch=store.epoch, cumulative=9))
        )
        ward.publish("wardgate/1/hub-1/down/ack", b"[" * 100_000)
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=2, selective=(5,)))
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=1, selective=(5,)))
        while store.outbox_counts().at_ward < 3:
            await settled(store)
        assert [row.seq for row in store.next_rows(Lane.BACKFILL, 0, 20)] == [3, 4, 6, 7, 8, 9, 10]
        assert codes(events) == ["ack-unreadable", "delivery-restored"]
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=10))
        await sender.wait_drained()


async def test_a_ward_that_refuses_a_message_has_it_set_aside_and_told(
    mosquitto: Mosquitto, store: Store, sending: Running, serving: RunningWard, events: list[Event]
) -> None:
    await _backlog(store, 3)
    (payload,) = [row.payload for row in store.next_rows(Lane.BACKFILL, 1, 1)]
    wrong = payload.replace(b'"channel":"weight"', b'"channel":"height"')
    await store.write(lambda c: c.execute("UPDATE messages SET payload = ?, crc = NULL WHERE seq = 2", (wrong,)))
    async with (
        serving(mosquitto.settings()) as ward,
        peer(mosquitto.settings(), "wardgate/1/hub-1/down/ack") as wire,
        sending(mosquitto.settings()) as sender,
        asyncio.timeout(60),
    ):
        await sender.wait_drained()
        counts = sender.view().counts
        assert (counts.at_ward, counts.parked, ward.counts.refused) == (2, 1, 1)
        # The floor lets the ward pass the gap.
        await wire.until(lambda: any(msgspec.json.decode(p)["cumulative"] == 3 for _, p in wire.messages))
    assert codes(events) == ["message-parked"]
    assert "the ward refuses it" in events[0].sentence
    assert events[0].detail == {"seq": 2}


async def test_a_broker_as_the_only_witness_is_the_weaker_promise(
    mosquitto: Mosquitto, store: Store, sending: Running
) -> None:
    await _backlog(store, 200)
    async with sending(mosquitto.settings(confirm="broker")) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        counts = sender.view().counts
        assert (sender.view().confirm, counts.at_broker, counts.at_ward) == ("broker", 200, 0)


async def test_birth_heartbeat_goodbye_and_last_will(
    broker: Mosquitto | Iotcore, store: Store, sending: Running, tmp_path: Path
) -> None:
    """H14. Who comes later still learns how it stands, for the state is retained."""
    await _backlog(store, 2)

    def states(messages: list[tuple[str, bytes]]) -> list[State]:
        return [msgspec.json.decode(p, type=State) for t, p in messages if t.endswith("/state")]

    async with (
        sending(broker.settings(heartbeat_s=1)) as sender,
        peer(broker.settings(), "wardgate/1/+/up/state") as one,
    ):
        await one.until(lambda: len({s.heartbeat for s in states(one.messages)}) >= 3)
        seen = states(one.messages)
        assert all(s.online and s.epoch == store.epoch and s.floor == 0 and s.waiting == 2 for s in seen)
        # A broker may send the state of the moment twice, as retained and as it comes.
        assert [s.heartbeat for s in seen] == sorted(s.heartbeat for s in seen)
        assert sender.view().counts.waiting == 2
    async with peer(broker.settings(), "wardgate/1/+/up/state", name="later") as one:
        # On another connection than the goodbye: the broker may not have read that yet.
        await one.until(lambda: any(not s.online for s in states(one.messages)))
        assert not states(one.messages)[-1].online


async def test_a_ward_that_was_away_gets_what_it_missed_at_once(
    broker: Mosquitto | Iotcore,
    store: Store,
    sending: Running,
    serving: RunningWard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wardgate.deliver.window.RESEND_FIRST_S", 3600.0)
    await _backlog(store, 50)
    async with peer(broker.settings(), "wardgate/1/+/up/reading") as wire, sending(broker.settings()) as sender:
        await wire.until(lambda: len(wire.seqs("reading")) == 50)
        async with serving(broker.settings()), asyncio.timeout(60):
            await sender.wait_drained()


async def test_a_hub_that_is_gone_without_a_word_is_told_by_the_broker(
    broker: Mosquitto | Iotcore, store: Store, sending: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    link: list[Link] = []
    opened = Link.open

    async def remember(self: Link) -> None:
        await opened(self)
        link.append(self)

    monkeypatch.setattr(Link, "open", remember)
    async with peer(broker.settings(), "wardgate/1/+/up/state") as one, sending(broker.settings()):
        await one.until(lambda: bool(one.messages))
        sock = link[-1]._client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        will = State(hub="hub-1", online=False, epoch=store.epoch, version="0.1.0")
        # The sender connects anew meanwhile: its next sign of life may come in the same piece.
        await one.until(lambda: will in [msgspec.json.decode(p, type=State) for _, p in one.messages])
