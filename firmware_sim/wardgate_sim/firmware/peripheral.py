"""A device with a Bluetooth radio: advertising, one host at a time, pairing when it allows it, hanging up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar, Final, TypeVar, cast

from bumble import core
from bumble.att import ATT_Error, Attribute, ErrorCode
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR as CCCD
from bumble.gatt import Characteristic, CharacteristicValue, Descriptor, Service
from bumble.hci import HCI_ErrorCode
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate

from wardgate_sim.firmware.device import Book, DeviceClock
from wardgate_sim.hci_host import make_device
from wardgate_sim.radio import Link, Radio

log: Final = logging.getLogger(__name__)
T = TypeVar("T")

Properties = Characteristic.Properties
Permissions = Attribute.Permissions


class LinkLost(Exception):
    """The host went away in the middle of something."""


class _Delegate(PairingDelegate):
    """While the device lets itself be paired: Just Works, or with a code on its display."""

    def __init__(self, allowed: Callable[[], bool], show: Callable[[int], None] | None) -> None:
        super().__init__(PairingDelegate.DISPLAY_OUTPUT_ONLY if show else PairingDelegate.NO_OUTPUT_NO_INPUT)
        self._allowed = allowed
        self._show = show

    async def accept(self) -> bool:
        return self._allowed()

    async def display_number(self, number: int, digits: int) -> None:
        if self._show is not None:
            self._show(number)


class Peripheral:
    """Base of the Bluetooth firmware. It is off the air until something wakes it."""

    MODEL: ClassVar[str]
    """Id in the hub's catalogue."""
    encrypted: bool = False
    """Whether its characteristics want a bonded host."""
    shows_passkey: bool = False
    """Whether it shows six digits when it is paired, and wants them typed at the host."""

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        name: str,
        maker: str,
        serial: str = "0000001",
        firmware: str = "1.0.0",
        battery_percent: int = 100,
        advertising_interval_ms: int = 100,
    ) -> None:
        self.address: Final = address
        self.name: Final = name
        self.clock: Final = clock
        self.book: Final = Book(address)
        self.battery_percent = battery_percent
        self.pairing_open = False
        self._passkeys: asyncio.Queue[int] = asyncio.Queue()
        self.link: Final = link
        self.connection: Connection | None = None
        self.hung_up_on = False
        """Whether the last host ended the link, which else was lost."""
        self._radio: Final = Radio(name, link)
        self._gone: asyncio.Future[None] | None = None
        self._session: asyncio.Task[None] | None = None
        self._awake: asyncio.Task[None] | None = None
        self._air_until_s = 0.0
        self._poked: Final = asyncio.Event()
        self._wanted = False
        self._came = False
        self.gatt: Final = self._make_device(advertising_interval_ms)
        self.gatt.add_services([*self.services(), *self._common_services(maker, serial, firmware)])

    def _make_device(self, interval_ms: int) -> Device:
        radio: Any = self._radio
        device = make_device(
            self.name,
            self.address,
            MemoryKeyStore(),
            radio,
            radio,
            advertising_interval_min=interval_ms,
            advertising_interval_max=interval_ms,
        )
        device.pairing_config_factory = lambda _: PairingConfig(
            sc=True,
            mitm=self.shows_passkey,
            bonding=True,
            delegate=_Delegate(self.may_pair, self._passkeys.put_nowait if self.shows_passkey else None),
            identity_address_type=PairingConfig.AddressType.RANDOM,
        )
        device.on(Device.EVENT_CONNECTION, self._on_connection)
        return device

    async def passkey_shown(self) -> int:
        """The next code on its display, once it is there."""
        return await self._passkeys.get()

    async def forget_passkeys(self) -> None:
        """Codes that were shown, and that nobody has read off the display."""
        while not self._passkeys.empty():
            self._passkeys.get_nowait()

    # What a model says about itself.

    def may_pair(self) -> bool:
        """Whether it lets itself be paired now."""
        return self.pairing_open

    def services(self) -> list[Service]:
        """The model's own services."""
        raise NotImplementedError

    def advertising_data(self) -> bytes:
        """What it shouts."""
        raise NotImplementedError

    async def session(self, connection: Connection) -> None:
        """What it does with a host. When this returns, the device hangs up."""
        raise NotImplementedError

    # The life of the radio.

    async def start(self) -> None:
        """Put batteries in. The radio stays off the air."""
        await self.gatt.power_on()

    async def stop(self) -> None:
        """Take the batteries out."""
        self.sleep_now()
        if self._session is not None:
            self._session.cancel()
            await asyncio.wait([self._session])
        await self.asleep()
        self.link.remove(self._radio)

    async def forget_bonds(self) -> None:
        """Lose every key, as a device does that was paired with another host or reset."""
        self.gatt.keystore = MemoryKeyStore()

    def wake(self, air_s: float) -> None:
        """Go on the air for so long or until a host has been served; while one is being served, after that."""
        self._air_until_s = asyncio.get_running_loop().time() + air_s
        self._wanted = True
        self._poked.set()
        if self._awake is None or self._awake.done():
            self._awake = asyncio.create_task(self._stay_awake(), name=f"{self.name} awake")

    def sleep_now(self) -> None:
        """Go off the air; a session that is under way goes on."""
        self._air_until_s = 0.0
        self._wanted = False
        self._poked.set()

    async def asleep(self) -> None:
        """Done when the device is off the air again."""
        if self._awake is not None:
            await asyncio.wait([self._awake])

    async def _stay_awake(self) -> None:
        while self._wanted:
            if self._session is not None and not self._session.done():
                await asyncio.wait([self._session])
            self._came = False
            await self.advertise()
            await self._wait_for_host()
            await self.gatt.stop_advertising()
            if self._came and self._session is not None:
                await asyncio.wait([self._session])
            else:
                self._wanted = False
        self.pairing_open = False

    async def _wait_for_host(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._came and (left_s := self._air_until_s - loop.time()) > 0:
            self._poked.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._poked.wait()

    async def advertise(self) -> None:
        """Shout what `advertising_data` says now."""
        await self.gatt.start_advertising(
            advertising_data=self.advertising_data(),
            scan_response_data=_structure(0x09, self.name.encode()),
            auto_restart=False,
        )

    def _on_connection(self, connection: Connection) -> None:
        self.connection = connection
        self._gone = asyncio.get_running_loop().create_future()
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        self._session = asyncio.create_task(self._serve(connection), name=f"{self.name} session")
        self._came = True
        self._wanted = False
        self._poked.set()

    def _on_disconnection(self, reason: int) -> None:
        self.connection = None
        self.hung_up_on = reason == HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    async def _serve(self, connection: Connection) -> None:
        try:
            await self.session(connection)
        except LinkLost:
            self.book.errors.append("link")
        finally:
            if self.connection is connection:
                with contextlib.suppress(core.BaseBumbleError, asyncio.CancelledError):
                    await connection.disconnect()

    # What sessions are made of.

    async def while_linked(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this as long as the host is there.

        Raises:
            LinkLost: it went away first.
        """
        gone = self._gone
        task = asyncio.create_task(work)
        try:
            if gone is None:
                raise LinkLost
            either: list[asyncio.Future[Any]] = [task, gone]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise LinkLost
            return await task
        finally:
            task.cancel()

    async def indicate(self, connection: Connection, characteristic: Characteristic[bytes], value: bytes) -> None:
        """Send and wait for the host's confirmation.

        Raises:
            LinkLost: the link went down before it came.
        """
        indicate = cast(Callable[..., Coroutine[Any, Any, None]], self.gatt.indicate_subscriber)
        await self.while_linked(indicate(connection, characteristic, value))

    async def notify(self, connection: Connection, characteristic: Characteristic[bytes], value: bytes) -> None:
        """Send without confirmation."""
        await cast(Callable[..., Awaitable[None]], self.gatt.notify_subscriber)(connection, characteristic, value)

    async def bonded_hosts(self) -> list[str]:
        """The addresses this device has keys for."""
        keystore = self.gatt.keystore
        return [name.partition("/")[0] for name, _ in await keystore.get_all()] if keystore else []

    def lose_link(self) -> None:
        """Walk out of range: both sides see a supervision timeout."""
        self.link.lose(self.address)

    def characteristic(
        self,
        uuid: int | str,
        properties: Characteristic.Properties,
        *,
        read: Callable[[], bytes] | None = None,
        write: Callable[[bytes], None] | None = None,
        open_to_all: bool = False,
    ) -> Characteristic[bytes]:
        """A characteristic; its value and its subscription want encryption when the model does."""
        locked = self.encrypted and not open_to_all
        permissions = Permissions.READABLE | Permissions.WRITEABLE
        if locked:
            permissions |= Permissions.READ_REQUIRES_ENCRYPTION | Permissions.WRITE_REQUIRES_ENCRYPTION
        if locked and self.shows_passkey:
            permissions |= Permissions.READ_REQUIRES_AUTHENTICATION | Permissions.WRITE_REQUIRES_AUTHENTICATION
        value: CharacteristicValue[bytes] = CharacteristicValue(
            read=(lambda _: read()) if read else (lambda _: b""),
            write=(lambda _, data: _refusing(write, bytes(data))) if write else None,
        )
        descriptors: list[Descriptor] = []
        made: Characteristic[bytes] = Characteristic(_uuid(uuid), properties, permissions, value, descriptors)
        if locked and properties & (Properties.NOTIFY | Properties.INDICATE):
            # bumble's own descriptor is open to everybody.
            subscription = self.gatt.gatt_server.make_descriptor_value(made)
            descriptors.append(Descriptor(CCCD, permissions, subscription))
        return made

    def service(self, uuid: int | str, *characteristics: Characteristic[bytes]) -> Service:
        """A primary service."""
        return Service(_uuid(uuid), list(characteristics))

    def _common_services(self, maker: str, serial: str, firmware: str) -> list[Service]:
        texts = {0x2A29: maker, 0x2A24: self.name, 0x2A25: serial, 0x2A26: firmware}
        information = [
            self.characteristic(uuid, Properties.READ, read=text.encode, open_to_all=True)
            for uuid, text in texts.items()
        ]
        battery = self.characteristic(
            0x2A19, Properties.READ, read=lambda: bytes([self.battery_percent]), open_to_all=True
        )
        return [self.service(0x180A, *information), self.service(0x180F, battery)]


def advertisement(
    *,
    limited: bool = False,
    service_uuids: tuple[int | str, ...] = (),
    service_data: tuple[int, bytes] | None = None,
) -> bytes:
    """Flags, services, service data. The name is in the scan response."""
    mode = AdvertisingData.Flags.LE_LIMITED_DISCOVERABLE_MODE if limited else AdvertisingData.Flags(0)
    flags = mode or AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE
    parts: list[tuple[int, bytes]] = [(0x01, bytes([flags | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED]))]
    for uuid in service_uuids:
        raw = _uuid(uuid).to_pdu_bytes()
        parts.append((0x03 if len(raw) == 2 else 0x07, raw))
    if service_data is not None:
        uuid16, data = service_data
        parts.append((0x16, uuid16.to_bytes(2, "little") + data))
    return b"".join(_structure(kind, data) for kind, data in parts)


def _structure(kind: int, data: bytes) -> bytes:
    return bytes([len(data) + 1, kind]) + data


def _refusing(write: Callable[[bytes], None], data: bytes) -> None:
    try:
        write(data)
    except ValueError as error:
        raise ATT_Error(ErrorCode.VALUE_NOT_ALLOWED) from error


def _uuid(uuid: int | str) -> UUID:
    return UUID.from_16_bits(uuid) if isinstance(uuid, int) else UUID(uuid)
