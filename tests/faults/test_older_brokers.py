"""MQTT 3.1.1: the promise is the same, the broker says less. On a real RabbitMQ 3.10, which knows nothing newer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.deliver.conftest import Running, RunningWard
from tests.faults.conftest import Told, committed
from tests.support import ward_side
from tests.support.messages import alert, event, reading
from tests.support.mosquitto import Iotcore, Mosquitto
from tests.support.peer import peer
from tests.support.proxy import proxy
from tests.support.rabbitmq import RabbitMQ
from tests.support.somebodys_fleet import against
from wardgate.config import Broker
from wardgate.contract.messages import Event, State
from wardgate.mqtt import Link, LinkError
from wardgate.store import Store


@pytest.fixture(params=["rabbitmq", "mosquitto"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """The [broker] section for a broker that is spoken to in 3.1.1."""
    if request.param == "rabbitmq":
        rabbitmq: RabbitMQ = request.getfixturevalue("rabbitmq")
        yield rabbitmq.settings()
        return
    mosquitto = Mosquitto(tmp_path / "broker")
    mosquitto.start()
    yield mosquitto.settings(protocol="3.1.1")
    mosquitto.stop()


async def test_everything_reaches_the_ward_once(
    older: Broker, store: Store, sending: Running, serving: RunningWard, tmp_path: Path
) -> None:
    await asyncio.gather(*[store.put_reading(reading(n, hub="old-1"), arrival_s=1.0) for n in range(1, 801)])
    await store.put_alert(alert(1, hub="old-1"))
    await store.put_event(event(1, hub="old-1"))
    async with serving(older, "ward-old-1"), sending(older, "old-1") as sender, asyncio.timeout(60):
        await sender.wait_drained()
        counts = sender.view().counts
        assert (counts.at_ward, counts.parked, sender.view().problem) == (802, 0, "")
    kept = [r.id for r in ward_side.readings(tmp_path / "ward-old-1.db")]
    assert kept == [reading(n).id for n in range(1, 801)], "each once, and in the order they were sent"
    assert [a.id for a in ward_side.alerts(tmp_path / "ward-old-1.db")] == ["alert-1"]


async def test_what_was_said_while_a_ward_was_away_is_kept_for_it(
    older: Broker, store: Store, sending: Running, serving: RunningWard
) -> None:
    """The session outlives the connection, as `clean_session` false promises."""
    async with serving(older, "ward-old-2"):
        pass
    await store.put_alert(alert(1, hub="old-2"))
    async with sending(older, "old-2") as sender:
        async with asyncio.timeout(60):
            await committed(store, lambda: sender.view().counts.at_broker == 1)
        assert sender.view().counts.waiting == 1, "the broker has it, and that is not the ward"
        async with serving(older, "ward-old-2") as ward, asyncio.timeout(60):
            await sender.wait_drained()
            assert ward.counts.refused == 0


async def test_the_last_will_is_sent_in_3_1_1_too(older: Broker, store: Store, sending: Running) -> None:
    def online() -> list[bool]:
        return [msgspec.json.decode(payload, type=State).online for _, payload in ear.messages]

    async with (
        proxy(older.port) as network,
        peer(older, "wardgate/1/old-3/up/state", name="peer-old-3") as ear,
        sending(msgspec.structs.replace(older, port=network.port), "old-3"),
    ):
        await ear.until(lambda: online() == [True])
        network.refuse()
        network.cut()
        await ear.until(lambda: online() == [True, False])


async def test_a_broker_without_mqtt_5_is_named_with_the_setting_that_helps(rabbitmq: RabbitMQ) -> None:
    link = Link(rabbitmq.settings(protocol="5"), "too-new", on_message=lambda _topic, _payload: None)
    with pytest.raises(LinkError) as refused:
        await link.open()
    assert "broker.protocol" in refused.value.what_to_do


async def test_a_broker_without_mqtt_3_1_1_is_named_too(tmp_path: Path) -> None:
    """iotcore's one listener speaks version 5."""
    broker = Iotcore(tmp_path / "broker")
    broker.start()
    link = Link(broker.settings(protocol="3.1.1"), "too-old", on_message=lambda _topic, _payload: None)
    with pytest.raises(LinkError) as refused:
        await link.open()
    assert "broker.protocol" in refused.value.what_to_do
    broker.stop()


async def test_rabbitmq_killed_in_the_middle_loses_nothing(
    rabbitmq: RabbitMQ,
    store: Store,
    sending: Running,
    serving: RunningWard,
    events: list[Event],
    tmp_path: Path,
    hurried: None,
) -> None:
    hub = "old-killed"
    await asyncio.gather(*[store.put_reading(reading(n, hub=hub), arrival_s=1.0) for n in range(1, 2001)])
    async with serving(rabbitmq.settings(), "ward-killed") as ward, sending(rabbitmq.settings(), hub) as sender:
        async with asyncio.timeout(120):
            await committed(store, lambda: ward.counts.new >= 300)
            await asyncio.to_thread(rabbitmq.kill)
            assert not store.drained()
            await store.put_alert(alert(1, hub=hub))
            await asyncio.to_thread(rabbitmq.start)
            await sender.wait_drained()
    kept = [r.id for r in ward_side.readings(tmp_path / "ward-killed.db")]
    assert sorted(kept) == sorted(reading(n).id for n in range(1, 2001))
    assert [a.id for a in ward_side.alerts(tmp_path / "ward-killed.db")] == ["alert-1"]
    assert "broker-lost" in [e.code for e in events]


async def test_a_broker_that_hangs_up_at_a_message_is_told_of_once(
    tmp_path: Path, store: Store, sending: Running, serving: RunningWard, events: list[Event], told: Told, hurried: None
) -> None:
    """It cannot say how much it takes. The hub tries what ended the connection again until it knows which it was."""
    older = Mosquitto(tmp_path / "older", extra="max_packet_size 3000")
    older.start()
    for n in range(1, 41):
        frame = "00" * 3000 if n in (10, 30) else "00"
        await store.put_reading(msgspec.structs.replace(reading(n), frame=frame), arrival_s=1.0)
    where = older.settings(protocol="3.1.1")
    async with serving(older.settings()), sending(where) as sender, asyncio.timeout(60):
        await sender.wait_drained()
        assert (sender.view().counts.at_ward, sender.view().counts.parked) == (38, 2)
        await told.until(lambda: any(e.code == "delivery-restored" for e in events))
    older.stop()
    assert [e.code for e in events] == ["broker-lost", "message-parked", "message-parked", "delivery-restored"]


async def test_a_fleet_on_rabbitmq(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    report = await against(rabbitmq.settings(), rabbitmq.settings(), tmp_path)
    assert report.well
    assert report.connects >= 12
