"""A hub renews its certificate while it delivers, against the shipped broker and the ward's endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.authority import LONG, Ward
from tests.support.living import RebootingClock
from tests.support.messages import reading
from tests.support.shipped_broker import ShippedBroker
from wardgate.capture.journal import Journal
from wardgate.clock import SystemClock
from wardgate.config import Config, parse
from wardgate.contract.messages import Event
from wardgate.deliver import Sender
from wardgate.enrol.est import Endpoint
from wardgate.enrol.identity import Identity, directory
from wardgate.enrol.renewal import Renewal
from wardgate.enrol.validity import validity
from wardgate.store import Store

HUB = "kitchen-7"


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path / "ward")


@pytest.fixture
def broker(tmp_path: Path, ward: Ward) -> Iterator[ShippedBroker]:
    one = ShippedBroker(tmp_path / "broker", ward)
    one.start()
    yield one
    one.stop()


@dataclass
class Room:
    """A hub's delivery and its renewal, wired as the hub wires them."""

    config: Config
    store: Store
    sender: Sender
    renewal: Renewal
    clock: RebootingClock
    events: list[Event] = field(default_factory=list)

    @property
    def serial(self) -> str:
        return validity(directory(self.config.data_dir) / "current" / "hub.pem").serial

    async def delivers(self, n: int) -> None:
        await self.store.put_reading(reading(n), arrival_s=1.0)
        await self.sender.wait_drained()


@pytest.fixture
async def room(tmp_path: Path, ward: Ward, broker: ShippedBroker) -> AsyncIterator[Room]:
    async with ward.endpoint() as port:
        text = f"""
hub = {{id = "{HUB}", patient = "P-1", assignment = "a-1", data_dir = "{tmp_path}/data"}}
broker = {{host = "localhost", port = {broker.port}, ca_file = "{ward.ca}", confirm = "broker"}}
enrol = {{url = "https://localhost:{port}"}}
"""
        config = parse(text, tmp_path / "wardgate.toml")
        store = Store.open(config.database, SystemClock())
        identity = Identity(directory(config.data_dir))
        await asyncio.to_thread(
            Endpoint(f"https://localhost:{port}", str(ward.ca)).claim, identity, HUB, ward.code(HUB)
        )
        identity.take()
        clock, events = RebootingClock(now=datetime.now(UTC)), list[Event]()

        def put(event: Event) -> asyncio.Future[int]:
            events.append(event)
            return store.put_event(event)

        journal = Journal(HUB, clock, put, lambda _: None)
        sender = Sender(config.broker, HUB, store, SystemClock(), journal.keep, version="1")
        renewal = Renewal(config, clock, journal, sender.try_with)
        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(60):
            yield Room(config, store, sender, renewal, clock, events)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await store.close()


async def test_a_renewal_while_it_delivers(room: Room, ward: Ward, broker: ShippedBroker) -> None:
    await room.delivers(1)
    first = room.serial
    room.clock.now += LONG * 0.75
    assert await room.renewal.check()
    assert room.serial != first
    await room.delivers(2)
    assert [e.code for e in room.events] == ["certificate-renewed"], "no connection was told as lost"
    ward.authority.revoke(HUB, serial=first)
    broker.reload()
    broker.stop()
    broker.start()
    await room.delivers(3)
    assert not any(e.code.startswith("certificate-re") and e.severity == "problem" for e in room.events)


async def test_a_new_one_that_the_broker_does_not_want(room: Room, tmp_path: Path) -> None:
    """It is of an authority that this broker does not know (yet)."""
    await room.delivers(1)
    first = room.serial
    stranger = Ward(tmp_path / "stranger").hub(HUB)
    identity = Identity(directory(room.config.data_dir))
    _offer(identity, stranger)
    assert not await room.renewal.check()
    assert room.serial == first
    assert not identity.has_next()
    await room.delivers(2)
    assert [e.code for e in room.events] == ["certificate-refused"]
    assert "does not know the authority" in str(room.events[0].detail["why"])
    room.clock.now += LONG * 0.75
    assert await room.renewal.check(), "the next one is asked for, and works"
    assert room.serial != first
    await room.delivers(3)


def _offer(identity: Identity, pair: dict[str, str]) -> None:
    identity.ask_with(Path(pair["key_file"]).read_bytes())
    identity.received(Path(pair["cert_file"]).read_bytes())
    identity.offer()


async def test_a_broker_that_is_away_during_the_trial(room: Room, broker: ShippedBroker) -> None:
    await room.delivers(1)
    first = room.serial
    broker.stop()
    room.clock.now += LONG * 0.75
    assert not await room.renewal.check()
    assert room.serial == first
    broker.start()
    assert await room.renewal.check(), "the same pair is tried again"
    assert room.serial != first
    await room.delivers(2)


async def test_a_hub_whose_pair_is_gone_says_what_to_do(room: Room) -> None:
    """And goes on collecting: delivery waits, the certificate's task does not fall."""
    shutil.rmtree(directory(room.config.data_dir))
    error = await room.sender.try_with(room.config.broker)
    assert error is not None
    assert error.key == "not-enrolled"
    assert "wardgate enrol --code" in error.what_to_do
    assert await room.renewal.check()
    assert room.renewal.state() is None
