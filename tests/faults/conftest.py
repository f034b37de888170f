"""A hub's store and sender, a ward, real brokers, and a network between them that goes wrong on command."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deliver.conftest import events, sending, serving, store
from tests.support.mosquitto import Mosquitto
from tests.support.rabbitmq import RabbitMQ
from wardgate.deliver import Sender
from wardgate.mqtt import Backoff
from wardgate.store import Store

__all__ = ["events", "sending", "serving", "store"]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """One for all tests: it takes its time to start. Use hub names of your own."""
    one = RabbitMQ()
    try:
        one.start()
        yield one
    finally:
        one.remove()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the product does after seconds and minutes it does after fractions of a second."""
    quick = functools.partial(Backoff, 0.05, 0.4)
    for name, value in {
        "wardgate.mqtt.link.KEEPALIVE_S": 2,
        "wardgate.mqtt.link.CONNECT_TIMEOUT_S": 8.0,
        "wardgate.mqtt.link._MISC_S": 0.1,
        "wardgate.deliver.session.FLUSH_S": 0.1,
        "wardgate.deliver.session.PUBACK_DEADLINE_S": 4.0,
        "wardgate.deliver.session.REFUSED_FIRST_S": 0.1,
        "wardgate.deliver.window.RESEND_FIRST_S": 0.4,
        "wardgate.deliver.window.RESEND_LONGEST_S": 8.0,
        "wardgate.deliver.window.RESUME_S": 0.1,
        "wardgate.deliver.sender.Backoff": quick,
        "wardgate.ward.ward.Backoff": quick,
    }.items():
        monkeypatch.setattr(name, value)


class Told:
    """Notices whenever the sender of the test changes its mind, or something is told."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool], deadline_s: float = 60.0) -> None:
        """Until something holds."""
        async with asyncio.timeout(deadline_s):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the sender tells can be waited for."""
    one = Told()
    for name in ("trouble", "_event"):
        really = getattr(Sender, name)

        def noted(self: Sender, *arguments: object, really: Callable[..., None] = really, **named: object) -> None:
            really(self, *arguments, **named)
            one.changed.set()

        monkeypatch.setattr(Sender, name, noted)
    return one


async def committed(store: Store, condition: Callable[[], bool]) -> None:
    """Until something holds, looked at after every commit of the hub: what the ward answers becomes one."""
    changed = asyncio.Event()
    store.listen(changed.set)
    while not condition():
        changed.clear()
        await changed.wait()
