"""A simulated radio, a wrong clock, and a session with one device on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine

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
Converse = Callable[[Model, Peripheral, Ear], Coroutine[None, None, SessionEnd]]


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> DeviceClock:
    return DeviceClock(lambda: NOON.civil_s, offset_s=-90.0)


@pytest.fixture
async def radio(link: Link) -> AsyncIterator[RadioBackend]:
    async with open_hub(link) as backend:
        yield backend


@pytest.fixture
def converse(radio: RadioBackend) -> Converse:
    """Connect to a device that is on the air and run its model's session."""

    async def run(model: Model, device: Peripheral, ear: Ear) -> SessionEnd:
        assert radio.scanner is not None
        found = await BleakScanner.find_device_by_address(device.address, timeout=30, backend=radio.scanner)
        assert found is not None
        client = BleakClient(found, timeout=30, backend=radio.client)
        await client.connect()
        try:
            return await run_session(model, client, ear)
        finally:
            await client.disconnect()

    return run
