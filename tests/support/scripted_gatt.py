"""A GATT device behind bleak that does exactly what a test says: for what no simulated radio can be made to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from bleak import BleakClient
from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError

from wardgate_drivers.uuids import sig

Answer = bytes | Exception | None
"""What a read gives; None: nothing, ever."""


class ScriptedDevice:
    """Its characteristics, what reading them gives, what writing does, and a log of what was done to it."""

    def __init__(self, *uuids: str) -> None:
        self.uuids = uuids
        self.values: dict[str, Answer] = {}
        self.on_write: dict[str, Callable[[bytes], object]] = {}
        self.refusals: dict[str, Exception | None] = {}
        """What subscribing to or writing one of them runs into; None: no answer, ever."""
        self.log: list[str] = []
        self.written: list[bytes] = []
        self.subscribed = asyncio.Event()
        self.connected = False
        self._callbacks: dict[str, NotifyCallback] = {}

    def send(self, uuid: str, value: bytes) -> Awaitable[None] | None:
        """Notify or indicate; what the host's callback returned."""
        return cast(Callable[[bytearray], Awaitable[None] | None], self._callbacks[uuid])(bytearray(value))

    def hang_up(self) -> None:
        """Close the link."""
        self.connected = False

    async def client(self) -> BleakClient:
        """A client that is connected to it."""
        client = BleakClient(BLEDevice("AA:BB:CC:DD:EE:FF", "scripted", self), backend=_Backend)
        await client.connect()
        return client

    async def meet(self, uuid: str, doing: str) -> None:
        """Run into what is scripted for this characteristic."""
        self.log.append(f"{doing} {uuid[4:8]}")
        if not self.connected:
            raise BleakError("Not connected")
        if uuid in self.refusals:
            await _give(self.refusals[uuid])

    def listen(self, uuid: str, callback: NotifyCallback) -> None:
        """A host has subscribed."""
        self._callbacks[uuid] = callback
        self.subscribed.set()


async def _give(answer: Answer) -> bytes:
    if answer is None:
        await asyncio.get_running_loop().create_future()
    if isinstance(answer, Exception):
        raise answer
    return answer or b""


class _Backend(BaseBleakClient):
    def __init__(self, address_or_ble_device: BLEDevice, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=None, timeout=30)
        self._device: ScriptedDevice = address_or_ble_device.details

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return self._device.connected

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        self._device.connected = True
        properties: list[CharacteristicPropertyName] = ["read", "write", "indicate"]
        self.services = BleakGATTServiceCollection()
        service = BleakGATTService(None, 1, sig(0x1800))
        self.services.add_service(service)
        for handle, uuid in enumerate(self._device.uuids, 2):
            self.services.add_characteristic(
                BleakGATTCharacteristic(None, handle, uuid, properties, lambda: 20, service)
            )

    async def disconnect(self) -> None:
        self._device.connected = False

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:
        await self._device.meet(characteristic.uuid, "read")
        return bytearray(await _give(self._device.values.get(characteristic.uuid, b"")))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        await self._device.meet(characteristic.uuid, "write")
        self._device.written.append(bytes(data))
        if action := self._device.on_write.get(characteristic.uuid):
            asyncio.get_running_loop().call_soon(action, bytes(data))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        await self._device.meet(characteristic.uuid, "subscribe")
        self._device.listen(characteristic.uuid, callback)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        raise NotImplementedError

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        raise NotImplementedError
