"""A whole hub beside simulated devices, in one process and on a real store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.mosquitto import free_port
from wardgate import config
from wardgate.contract.messages import Reading
from wardgate.hub import Hub
from wardgate_sim.backend import open_hub
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_9560 import Nonin9560
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.radio import Link

PATIENCE_S = 60.0
"""A test that waits so long for the hub has failed."""
Firmware = Peripheral | Nonin9560
Start = Callable[[Firmware], Awaitable[None]]


def a_config(directory: Path, *devices: config.Device) -> config.Config:
    """A hub whose broker is away."""
    return config.Config(
        hub=config.Hub(
            id="hub-1",
            patient="Copper Heron 93",
            assignment="a-1",
            data_dir=str(directory / "data"),
            control_socket=str(directory / "control.sock"),
        ),
        broker=config.Broker(host="127.0.0.1", port=free_port(), tls=False),
        device=devices,
    )


class Bench:
    """A hub, and the few questions the tests ask it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._committed = asyncio.Event()
        hub.store.listen(self._committed.set)

    def readings(self, device: str | None = None) -> list[Reading]:
        """What is stored, in the order in which it was taken."""
        found = self.hub.store.readings(None, self.hub.clock.utc().replace(year=1970))
        return [r for r in found if device in (None, r.device.id)]

    def events(self, code: str) -> list[str | None]:
        """The devices of the events of a code, oldest first."""
        return [e.device for e in reversed(self.hub.store.events(1000)) if e.code == code]

    def counts(self, device: str) -> dict[str, int]:
        """What is counted about a device."""
        row = self.hub.store.device(device)
        return {} if row is None else row.counts

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for commits until this holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._committed.clear()
                await self._committed.wait()


Open = Callable[..., AsyncIterator[Bench]]


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> LeapClock:
    return LeapClock()


@pytest.fixture
def device_clock(clock: LeapClock) -> DeviceClock:
    return DeviceClock(lambda: clock.utc().timestamp())


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts devices, and stops them after the test."""
    started: list[Firmware] = []

    async def go(device: Firmware) -> None:
        await device.start()
        started.append(device)

    yield go
    for device in started:
        await device.stop()


@asynccontextmanager
async def bench(settings: config.Config, link: Link, clock: LeapClock, keys: Path) -> AsyncIterator[Bench]:
    """A running hub on a link, stopped cleanly at the end."""
    async with open_hub(link, keys=keys) as backend:
        hub = Hub(settings, clock=clock, backend=backend)
        await hub.start()
        try:
            yield Bench(hub)
        finally:
            await hub.stop()


def true_time() -> float:
    """Seconds since 1970."""
    return time.time()
