"""A link, a hub's radio on it, and the few words the tests say to devices."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.uuids import normalize_uuid_16

from wardgate.capture.radio import RadioBackend
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil, date_time
from wardgate_sim.firmware.and_medical import AndDevice
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_9560 import Nonin9560
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.radio import Link

DATE_TIME = normalize_uuid_16(0x2A08)
NOON = Civil(2026, 11, 21, 12, 0, 0)


class Hub:
    """What a test does with a hub's radio."""

    def __init__(self, backend: RadioBackend) -> None:
        assert backend.scanner is not None
        self.scanner = backend.scanner
        self.backend = backend

    async def find(self, address: str, timeout: float = 30) -> BLEDevice:
        """The device, once it is heard."""
        found = await BleakScanner.find_device_by_address(address, timeout=timeout, backend=self.scanner)
        assert found is not None, f"{address} is not on the air"
        return found

    def client(
        self,
        device: BLEDevice,
        *,
        pair: bool = False,
        gone: Callable[[BleakClient], None] | None = None,
        timeout: float = 30,
    ) -> BleakClient:
        """A client for it."""
        return BleakClient(device, disconnected_callback=gone, pair=pair, timeout=timeout, backend=self.backend.client)

    async def pair(self, device: AndDevice) -> None:
        """Bond with a device, as a technician does."""
        await device.press_pairing_key()
        async with self.client(await self.find(device.address), pair=True):
            pass
        await device.asleep()

    async def bonded(self, address: str) -> bool:
        """Whether there is a bond."""
        assert self.backend.bonded is not None
        return await self.backend.bonded(address)


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
async def hub(link: Link) -> AsyncIterator[Hub]:
    async with open_hub(link) as backend:
        yield Hub(backend)


@pytest.fixture
def clock() -> DeviceClock:
    return DeviceClock(time.time)


Start = Callable[[Peripheral | Nonin9560], Awaitable[None]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts devices, and stops them after the test."""
    started: list[Peripheral | Nonin9560] = []

    async def go(device: Peripheral | Nonin9560) -> None:
        await device.start()
        started.append(device)

    yield go
    for device in started:
        await device.stop()


async def give_time(client: BleakClient, at: Civil = NOON) -> None:
    """What an A&D device wants on every connection."""
    await client.write_gatt_char(DATE_TIME, date_time(at), response=True)
