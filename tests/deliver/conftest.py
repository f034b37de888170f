"""A hub's store, its sender, a broker and a ward: everything real."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from wardgate.clock import SystemClock
from wardgate.config import Broker
from wardgate.contract.messages import Event
from wardgate.deliver import Sender
from wardgate.store import Store
from wardgate.ward import Ward

Running = Callable[..., AbstractAsyncContextManager[Sender]]
RunningWard = Callable[..., AbstractAsyncContextManager[Ward]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path / "hub" / "wardgate.db", SystemClock())
    yield opened
    await opened.close()


@pytest.fixture
def events() -> list[Event]:
    """What the sender told."""
    return []


@contextlib.asynccontextmanager
async def task_of(coroutine: asyncio.Future[None] | asyncio.Task[None]) -> AsyncIterator[None]:
    """Run something beside; what it raised comes out at the end."""
    try:
        yield
    finally:
        coroutine.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await coroutine


@pytest.fixture
def sending(store: Store, events: list[Event]) -> Running:
    """A running sender for some [broker] settings."""

    @contextlib.asynccontextmanager
    async def run(broker: Broker, hub: str = "hub-1") -> AsyncIterator[Sender]:
        sender = Sender(broker, hub, store, SystemClock(), events.append, version="0.1.0")
        async with task_of(asyncio.create_task(sender.run())):
            yield sender

    return run


@pytest.fixture
def serving(tmp_path: Path) -> RunningWard:
    """A running ward, connected."""

    @contextlib.asynccontextmanager
    async def run(broker: Broker, name: str = "ward") -> AsyncIterator[Ward]:
        ward = Ward(broker, tmp_path / f"{name}.db", name=name)
        async with task_of(asyncio.create_task(ward.run())):
            async with asyncio.timeout(60):
                await ward.connected.wait()
            yield ward

    return run
