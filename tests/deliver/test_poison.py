"""Messages that stand in the way (hazard H23): set aside after a few tries, kept, sent again on a person's word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.deliver.conftest import Running, RunningWard
from tests.support.messages import alert, event, reading
from tests.support.mosquitto import Mosquitto
from tests.support.scripted_broker import Script, scripted
from wardgate.config import Broker
from wardgate.contract.messages import Event
from wardgate.deliver.session import Session
from wardgate.mqtt import Backoff
from wardgate.store import Lane, Store

_LARGE = "00" * 3000


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tries follow each other at once."""
    monkeypatch.setattr("wardgate.deliver.sender.Backoff", lambda: Backoff(0.01, 0.02))
    monkeypatch.setattr("wardgate.deliver.session.REFUSED_FIRST_S", 0.01)
    monkeypatch.setattr("wardgate.deliver.session.FLUSH_S", 0.05)
    monkeypatch.setattr("wardgate.store.writer.LINGER_S", 0.0)


async def _some(store: Store, *, poison: int, n: int = 150) -> None:
    """Readings of which one is far larger than the others, an event, an alert."""
    for i in range(1, n + 1):
        frame = _LARGE if i == poison else "00"
        await store.put_reading(msgspec.structs.replace(reading(i), frame=frame), arrival_s=1.0)
    await store.put_event(event(1))
    await store.put_alert(alert(1))


async def test_a_message_that_ends_every_connection_is_found_set_aside_and_sent_again_on_a_persons_word(
    tmp_path: Path,
    store: Store,
    sending: Running,
    serving: RunningWard,
    events: list[Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broker hangs up when it comes, as one does that does not tell its largest packet beforehand."""
    monkeypatch.setattr(Session, "_is_too_big", lambda *_: False)
    strict = Mosquitto(tmp_path / "strict", extra="max_packet_size 3000")
    strict.start()
    await _some(store, poison=70)
    async with serving(strict.settings()) as ward, sending(strict.settings()) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        counts = sender.view().counts
        assert (counts.at_ward, counts.parked) == (151, 1)
        assert ward.counts.new >= 151
    strict.stop()
    (told,) = [e for e in events if e.code == "message-parked"]
    assert told.detail == {"seq": 70}
    assert "ends the connection each time" in told.sentence
    assert "wardgate parked retry 70" in told.what_to_do
    assert [(p.seq, p.kind, p.device) for p in store.read.waiting.parked_rows(100)] == [(70, "reading", "scale")]

    assert await store.send_parked_again(70)
    assert not await store.send_parked_again(70), "it waits again, and is not set aside any more"
    generous = Mosquitto(tmp_path / "generous")
    generous.start()
    async with serving(generous.settings()) as ward, sending(generous.settings()) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        assert ward.counts.new >= 1
        counts = sender.view().counts
        assert (counts.at_ward, counts.parked) == (152, 0)
    generous.stop()
    found = store.read.reading(reading(70).id)
    assert found is not None
    assert found.seq == 153


async def test_a_message_that_is_refused_without_a_reason_is_set_aside_when_others_are_taken(
    store: Store, sending: Running, events: list[Event]
) -> None:
    script = Script(puback=lambda _topic, payload: 0x83 if _LARGE.encode() in payload else 0x00)
    await _some(store, poison=20, n=40)
    async with scripted(script) as broker, sending(_by_broker(broker)) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        assert sender.view().counts.parked == 1
    assert [e.detail for e in events if e.code == "message-parked"] == [{"seq": 20}]


async def test_a_broker_that_refuses_everything_costs_no_message(store: Store, sending: Running) -> None:
    """It is the broker that is ill, not the messages: all of them wait for it."""
    refusing = True
    asked: list[str] = []

    def puback(topic: str, _payload: bytes) -> int:
        asked.append(topic)
        return 0x83 if refusing and not topic.endswith("/state") else 0x00

    script = Script(puback=puback)
    await _some(store, poison=0, n=5)
    async with scripted(script) as broker, sending(_by_broker(broker)) as sender, asyncio.timeout(60):
        while len(asked) < 8 * 7:
            script.changed.clear()
            await script.changed.wait()
        assert sender.view().counts.parked == 0
        refusing = False
        await sender.wait_drained()
        assert sender.view().counts.parked == 0


async def test_connections_that_are_lost_at_random_cost_no_message(store: Store, sending: Running) -> None:
    """Every connection ends after three messages, whichever they are."""
    sent = 0

    def goodbye(topic: str, _payload: bytes) -> int | None:
        nonlocal sent
        sent += not topic.endswith("/state")
        return 0x8B if sent % 4 == 3 and not topic.endswith("/state") else None

    script = Script(goodbye=goodbye)
    await _some(store, poison=0, n=30)
    async with scripted(script) as broker, sending(_by_broker(broker)) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        assert sender.view().counts.parked == 0


async def test_a_text_that_was_damaged_on_the_disk_is_not_sent_and_stops_no_other(
    tmp_path: Path, store: Store, sending: Running, serving: RunningWard, events: list[Event]
) -> None:
    """A flipped bit may make another number of a weight, which the ward would believe."""
    await _some(store, poison=0, n=5)
    (payload,) = [row.payload for row in store.next_rows(Lane.BACKFILL, 2, 1)]
    wrong = payload.replace(b"78.2", b"18.2")
    await store.write(lambda c: c.execute("UPDATE messages SET payload = ? WHERE seq = 3", (wrong,)))
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    async with serving(broker.settings()) as ward, sending(broker.settings()) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        assert (sender.view().counts.at_ward, sender.view().counts.parked, ward.counts.refused) == (6, 1, 0)
    broker.stop()
    assert [e.detail for e in events] == [{"seq": 3}]
    assert "damaged on the hub's disk" in events[0].sentence
    assert not await store.send_parked_again(3)


def _by_broker(broker: Broker) -> Broker:
    return msgspec.structs.replace(broker, confirm="broker")
