"""A radio with a hub on it, and sessions with one device."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from bleak import BleakClient, BleakScanner

from tests.support.ear import Ear
from wardgate.capture.radio import RadioBackend
from wardgate_drivers.link.gatt import SessionEnd, run_session
from wardgate_drivers.model import microlife, omron, viatom_cuff, yonker
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
NOON = Civil(2026, 11, 21, 12, 0, 0)
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "pulse": 72.0}
MODELS = {
    model.id: model
    for model in (
        omron.HEM_7361T,
        omron.HEM_7600T,
        omron.HEM_7142T2,
        microlife.BP_A6_BT,
        yonker.YK_IBPA1,
        viatom_cuff.BP2,
    )
}

Start = Callable[[Peripheral], Awaitable[None]]


class Radio:
    """What these tests do with a hub's radio."""

    def __init__(self, backend: RadioBackend) -> None:
        self._backend = backend

    async def connect(self, device: Peripheral, *, pair: bool = False) -> BleakClient:
        """A connected client, once the device is heard."""
        assert self._backend.scanner is not None
        found = await BleakScanner.find_device_by_address(device.address, timeout=30, backend=self._backend.scanner)
        assert found is not None
        client = BleakClient(found, pair=pair, timeout=30, backend=self._backend.client)
        await client.connect()
        return client

    async def talk(self, device: Peripheral, ear: Ear, *, pair: bool = False) -> SessionEnd:
        """One session, hung up at its end."""
        client = await self.connect(device, pair=pair)
        try:
            return await run_session(MODELS[device.MODEL], client, ear)
        finally:
            await client.disconnect()
            await device.asleep()


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> DeviceClock:
    return DeviceClock(lambda: NOON.civil_s, offset_s=-90.0)


@pytest.fixture
async def radio(link: Link) -> AsyncIterator[Radio]:
    async with open_hub(link) as backend:
        yield Radio(backend)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts devices, and stops them after the test."""
    started: list[Peripheral] = []

    async def go(device: Peripheral) -> None:
        await device.start()
        started.append(device)

    yield go
    for device in started:
        await device.stop()


def told(ear: Ear) -> list[dict[str, float]]:
    """The quantities of all that came."""
    return [{q.name: q.value for q in m.quantities} for m in ear.measurements]
