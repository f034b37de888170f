"""A simulated radio with a hub's client on it, and a session with a device."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner

from tests.support.ear import Ear
from wardgate.capture.radio import RadioBackend
from wardgate_drivers.link.gatt import SessionEnd, run_session
from wardgate_drivers.model.declaration import Model
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.radio import Link

NOON = Civil(2026, 11, 21, 12, 0, 0)
ADDRESS = "F0:00:00:00:00:01"
OXIMETRY = {"spo2": 93.0, "pulse": 131.0}
SECOND_S = 0.02
"""How long one of a device's seconds takes here."""

Talk = Callable[[Model, Peripheral], Coroutine[Any, Any, SessionEnd]]


@pytest.fixture
def ear() -> Ear:
    """A hub's ear."""
    return Ear()


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> DeviceClock:
    """One and a half minutes slow."""
    return DeviceClock(lambda: NOON.civil_s, offset_s=-90.0)


@pytest.fixture
async def radio(link: Link) -> AsyncIterator[RadioBackend]:
    async with open_hub(link) as backend:
        yield backend


@pytest.fixture
def connect(radio: RadioBackend) -> Callable[..., Awaitable[BleakClient]]:
    async def go(device: Peripheral, *, pair: bool = False) -> BleakClient:
        assert radio.scanner is not None
        found = await BleakScanner.find_device_by_address(device.address, timeout=30, backend=radio.scanner)
        assert found is not None
        client = BleakClient(found, pair=pair, timeout=30, backend=radio.client)
        await client.connect()
        return client

    return go


@pytest.fixture
def talk(connect: Callable[..., Awaitable[BleakClient]], ear: Ear) -> Talk:
    async def go(model: Model, device: Peripheral) -> SessionEnd:
        client = await connect(device)
        try:
            return await run_session(model, client, ear)
        finally:
            await client.disconnect()

    return go
