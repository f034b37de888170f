"""bleak's client on a bumble host.

Two things differ from BlueZ. It does not pair by itself when a device asks for encryption: the hub has to. And the
ATT confirmation of an indication is held back until the awaitable that the notification callback returned is done, so
that a device keeps what the hub could not store; BlueZ confirms before anybody has seen the value.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, cast

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDBusError, BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import att, core, hci
from bumble.device import Connection, Peer
from bumble.gatt_client import CharacteristicProxy

from wardgate_sim.bluetooth_host import HubHost, uuid_text

log: Final = logging.getLogger(__name__)

_PROPERTIES: Final[tuple[tuple[int, CharacteristicPropertyName], ...]] = (
    (0x01, "broadcast"),
    (0x02, "read"),
    (0x04, "write-without-response"),
    (0x08, "write"),
    (0x10, "notify"),
    (0x20, "indicate"),
)


class BumbleClient(BaseBleakClient):
    """bleak's client on a bumble host."""

    def __init__(
        self,
        host: HubHost,
        address_or_ble_device: BLEDevice | str,
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **_: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        self._host = host
        self._details = address_or_ble_device.details if isinstance(address_or_ble_device, BLEDevice) else None
        self._name = address_or_ble_device.name if isinstance(address_or_ble_device, BLEDevice) else None
        self._wanted_services = services
        self._connection: Connection | None = None
        self._peer: Peer | None = None
        self._subscribers: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        """The device's name, else its address."""
        return self._name or self.address

    @property
    def mtu_size(self) -> int:
        """ATT MTU in bytes."""
        return self._connection.att_mtu if self._connection else 23

    @property
    def is_connected(self) -> bool:
        """Whether the link is up, as far as is known."""
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """Connect, encrypt with the bond there is (or make one, when `pair`), discover.

        Raises:
            BleakDeviceNotFoundError: the address is no address.
            BleakDBusError: AuthenticationFailed, as BlueZ names it: the device refused, or has lost its bond.
            BleakError: the link was lost meanwhile.
            TimeoutError: it did not come on the air in time.
        """
        if self._connection:
            raise BleakError("Client is already connected")
        try:
            async with asyncio.timeout(kwargs.get("timeout", self._timeout)):
                self._connection = await self._host.connect(self._hci_address())
                self._connection.on(Connection.EVENT_DISCONNECTION, self._gone)
                with self._errors_as_bleak():
                    await self._secure(pair)
                    await self._discover()
        except BaseException:
            await asyncio.shield(self._hang_up())
            raise

    def _hci_address(self) -> hci.Address:
        if isinstance(self._details, hci.Address):
            return self._details
        try:
            return hci.Address(self.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        except (ValueError, core.InvalidArgumentError) as error:
            raise BleakDeviceNotFoundError(self.address, f"{self.address} is no address.") from error

    async def _secure(self, pair: bool) -> None:
        connection = self._need()
        if not await self._host.bonded(self.address):
            if pair:
                await self.pair()
            return
        try:
            await connection.encrypt()
        except hci.HCI_Error as error:
            # The device has no key for us: it was paired with another host, or its battery was out.
            raise _authentication_failed() from error

    async def _discover(self) -> None:
        peer = Peer(self._need())
        self._peer = peer
        await cast(Callable[[], Awaitable[None]], peer.discover_all)()
        collection = BleakGATTServiceCollection()
        for found in peer.services:
            uuid = uuid_text(found.uuid)
            if self._wanted_services and uuid not in self._wanted_services:
                continue
            service = BleakGATTService(found, found.handle, uuid)
            collection.add_service(service)
            for proxy in found.characteristics:
                characteristic = self._characteristic(proxy, service)
                collection.add_characteristic(characteristic)
                for d in proxy.descriptors:
                    collection.add_descriptor(BleakGATTDescriptor(d, d.handle, uuid_text(d.type), characteristic))
        self.services = collection

    def _characteristic(self, proxy: CharacteristicProxy[bytes], service: BleakGATTService) -> BleakGATTCharacteristic:
        properties = [name for bit, name in _PROPERTIES if proxy.properties & bit]
        uuid = uuid_text(proxy.uuid)
        return BleakGATTCharacteristic(proxy, proxy.handle, uuid, properties, lambda: self.mtu_size - 3, service)

    def _gone(self, _reason: int) -> None:
        self._connection = None
        self._peer = None
        self.services = None
        self._subscribers = {}
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        """Hang up; nothing when the link is down already."""
        await self._hang_up()

    async def _hang_up(self) -> None:
        if connection := self._connection:
            with contextlib.suppress(core.BaseBumbleError, asyncio.CancelledError):
                await connection.disconnect()

    async def pair(self, *_args: Any, **_kwargs: Any) -> None:
        """Make a bond; nothing when there is one already.

        Raises:
            BleakDBusError: AuthenticationFailed, as BlueZ names it: the device refused.
        """
        connection = self._need()
        if await self._host.bonded(self.address):
            return
        try:
            with self._errors_as_bleak():
                await connection.pair()
        except core.ProtocolError as error:
            raise _authentication_failed() from error

    async def unpair(self) -> None:
        """Remove the bond on this side; ends the connection, as BlueZ does."""
        await self._hang_up()
        await self._host.forget(self.address)

    def _need(self) -> Connection:
        if self._connection is None:
            raise BleakError("Not connected")
        return self._connection

    @contextlib.contextmanager
    def _errors_as_bleak(self) -> Iterator[None]:
        try:
            yield
        except att.ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error
        except core.TimeoutError as error:
            raise TimeoutError("The device did not answer.") from error
        except asyncio.CancelledError as error:
            # bumble cancels what waits for a peer whose link went down; somebody else's cancellation goes on.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise BleakError("The connection was lost.") from error

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        """Read a characteristic. Raises BleakGATTProtocolError when the device answers with an error."""
        return await self._read(characteristic.obj)

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        """Read a descriptor."""
        return await self._read(descriptor.obj)

    async def _read(self, proxy: Any) -> bytearray:
        self._need()
        with self._errors_as_bleak():
            return bytearray(await cast(Awaitable[bytes], proxy.read_value()))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        """Write a characteristic."""
        await self._write(characteristic.obj, data, response)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        """Write a descriptor."""
        await self._write(descriptor.obj, data, True)

    async def _write(self, proxy: Any, data: SizedBuffer, response: bool) -> None:
        self._need()
        with self._errors_as_bleak():
            await cast(Awaitable[None], proxy.write_value(bytes(data), with_response=response))

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any) -> None:
        """Subscribe. An awaitable that `callback` returns holds back the confirmation of an indication until done."""
        connection = self._need()
        proxy = cast(CharacteristicProxy[bytes], characteristic.obj)
        told = cast(Callable[[bytearray], object], callback)

        def subscriber(value: bytes) -> None:
            outcome = told(bytearray(value))
            if inspect.isawaitable(outcome):
                held.take(outcome, hold="notify" not in characteristic.properties)

        held = self._confirmations(connection)
        self._subscribers[proxy.handle] = subscriber
        with self._errors_as_bleak():
            await connection.gatt_client.subscribe(proxy, subscriber)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        connection = self._need()
        subscriber = self._subscribers.pop(characteristic.handle, None)
        with self._errors_as_bleak():
            await connection.gatt_client.unsubscribe(cast(CharacteristicProxy[bytes], characteristic.obj), subscriber)

    def _confirmations(self, connection: Connection) -> _HeldConfirmations:
        client = connection.gatt_client
        current = getattr(client.send_confirmation, "__self__", None)
        if isinstance(current, _HeldConfirmations):
            return current
        held = _HeldConfirmations(client.send_confirmation)
        client.__dict__["send_confirmation"] = held.send
        connection.on(Connection.EVENT_DISCONNECTION, held.drop)
        return held


class _HeldConfirmations:
    """Stands before a GATT client's `send_confirmation`: waits for what the subscribers have asked for."""

    def __init__(self, send: Callable[[att.ATT_Handle_Value_Confirmation], None]) -> None:
        self._send = send
        self._running: set[asyncio.Future[object]] = set()
        self._wanted: list[asyncio.Future[object]] = []
        self._task: asyncio.Task[None] | None = None

    def take(self, awaitable: Awaitable[object], *, hold: bool) -> None:
        """Let this run; with `hold`, the next confirmation waits for it."""
        future = asyncio.ensure_future(awaitable)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        if hold:
            self._wanted.append(future)

    def send(self, confirmation: att.ATT_Handle_Value_Confirmation) -> None:
        """Confirm now, or once everything held is done. What failed is never confirmed: the device keeps its value."""
        wanted, self._wanted = self._wanted, []
        if not wanted:
            self._send(confirmation)
            return
        self._task = asyncio.create_task(self._send_after(wanted, confirmation))

    async def _send_after(
        self, wanted: list[asyncio.Future[object]], confirmation: att.ATT_Handle_Value_Confirmation
    ) -> None:
        # `wait`, not `gather`: a lost link must not cancel a commit.
        await asyncio.wait(wanted)
        failed = [f for f in wanted if f.cancelled() or f.exception() is not None]
        if failed:
            log.warning("an indication stays unconfirmed: what was to store it failed")
        else:
            self._send(confirmation)

    def drop(self, _reason: int) -> None:
        """The link is down: nobody waits for a confirmation any more."""
        if self._task is not None:
            self._task.cancel()


def _authentication_failed() -> BleakDBusError:
    return BleakDBusError("org.bluez.Error.AuthenticationFailed", ["Authentication Failed"])
