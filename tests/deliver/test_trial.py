"""Other settings are tried once: delivery goes on with them, or at once with the usual ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deliver.conftest import Running
from tests.support.messages import reading
from tests.support.mosquitto import Mosquitto, free_port, settings
from wardgate.contract.messages import Event
from wardgate.store import Store


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


async def test_a_trial_delivers_on(broker: Mosquitto, store: Store, sending: Running, events: list[Event]) -> None:
    async with sending(broker.settings(confirm="broker")) as sender, asyncio.timeout(60):
        for n in range(3):
            await store.put_reading(reading(n + 1), arrival_s=1.0)
            if n == 1:
                assert await sender.try_with(broker.settings(confirm="broker", heartbeat_s=61)) is None
            await sender.wait_drained()
    assert events == [], "nobody is told of a lost connection"
    assert broker.log().count("as hub-1") == 2


async def test_a_trial_that_fails_changes_nothing(
    broker: Mosquitto, store: Store, sending: Running, events: list[Event]
) -> None:
    async with sending(broker.settings(confirm="broker")) as sender, asyncio.timeout(60):
        await store.put_reading(reading(1), arrival_s=1.0)
        await sender.wait_drained()
        error = await sender.try_with(settings(free_port(), {}))
        assert error is not None
        assert error.key == "broker-down"
        await store.put_reading(reading(2), arrival_s=1.0)
        await sender.wait_drained()
    assert events == []


async def test_a_trial_does_not_wait_for_the_next_attempt(
    broker: Mosquitto, store: Store, sending: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub is between two attempts that are far apart."""
    monkeypatch.setattr("wardgate.deliver.sender.Backoff.next_s", lambda _: 3600.0)
    async with sending(settings(free_port(), {"confirm": "broker"})) as sender, asyncio.timeout(60):
        assert await sender.try_with(broker.settings(confirm="broker")) is None
        await store.put_reading(reading(1), arrival_s=1.0)
        await sender.wait_drained()
