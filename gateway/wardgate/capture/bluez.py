"""BlueZ on the system bus: whether it is there, whether its adapter is on, and our agent registered with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection
from typing import Any, Final, Literal, Protocol

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from wardgate.capture.agent import AGENT_PATH, CAPABILITY, PairingAgent

log: Final = logging.getLogger(__name__)

HostState = Literal["on", "no-bluetoothd", "no-adapter", "off"]
CALL_S: Final = 10.0
"""bluetoothd answers within milliseconds; one that needs longer is stuck."""
LOOK_AGAIN_S: Final = 15.0
"""Between two looks when nothing was signalled."""
RETRY_S: Final = 3.0
BLUEZ: Final = "org.bluez"
_ADAPTER: Final = "org.bluez.Adapter1"
_DEVICE: Final = "org.bluez.Device1"
_BATTERY: Final = "org.bluez.Battery1"
"""BlueZ keeps the Battery Service of every device to itself: it is in no list of services, its level stands here."""
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_RULES: Final = (
    "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.bluez'",
    "type='signal',sender='org.bluez',interface='org.freedesktop.DBus.ObjectManager',path='/'",
    "type='signal',sender='org.bluez',interface='org.freedesktop.DBus.Properties',arg0='org.bluez.Adapter1'",
)
_DEVICE_RULES: Final = tuple(
    f"type='signal',sender='org.bluez',interface='{_PROPERTIES}',path='{{}}',arg0='{interface}'"
    for interface in (_DEVICE, _BATTERY)
)
SENTENCES: Final[dict[HostState, str]] = {
    "on": "Bluetooth is on.",
    "no-bluetoothd": "The Bluetooth service is not running. Start it: sudo systemctl enable --now bluetooth",
    "no-adapter": "There is no Bluetooth adapter. Plug one in, or restart the hub.",
    "off": "Bluetooth is switched off or blocked. Run: sudo rfkill unblock bluetooth",
}


class RadioHost(Protocol):
    """What stands behind the radio: BlueZ, or a simulation of it."""

    state: HostState
    generation: int
    """Counts up whenever everything that was scanning or connected is gone."""
    on_change: Callable[[], None]
    on_connected: Callable[[str], None]
    """Called with the address when one of our devices has been connected to, by whomever."""

    async def run(self) -> None: ...

    async def power_cycle(self) -> None: ...

    async def listening(self) -> bool: ...

    async def bonded(self, address: str) -> bool: ...

    async def forget(self, address: str) -> None: ...

    async def hang_up(self, address: str) -> None: ...


class Bluez:
    """Keeps an eye on BlueZ for the hub's whole life, and on the links of these addresses.

    Args:
        on_battery: called with address and percentage whenever BlueZ has read a battery of theirs.
    """

    def __init__(
        self,
        adapter: str,
        agent: PairingAgent,
        addresses: Collection[str] = (),
        on_battery: Callable[[str, int], None] = lambda _address, _percent: None,
    ) -> None:
        self.state: HostState = "no-bluetoothd"
        self.generation = 0
        self.on_change: Callable[[], None] = lambda: None
        self.on_connected: Callable[[str], None] = lambda _: None
        self._adapter = f"/org/bluez/{adapter}"
        self._ours = {self._device(address): address for address in addresses}
        self._agent = agent
        self._on_battery = on_battery
        self._bus: MessageBus | None = None
        self._something = asyncio.Event()
        self._registered = False

    async def run(self) -> None:
        """Never returns. Whatever happens to the bus, to bluetoothd and to the adapter: it is found again."""
        while True:
            try:
                await self._watch()
            except (DBusFastError, OSError, EOFError, TimeoutError, ValueError) as error:
                log.info("no word from BlueZ: %s", error or type(error).__name__)
            self._registered = False
            self._enter("no-bluetoothd")
            await asyncio.sleep(RETRY_S)

    async def bonded(self, address: str) -> bool:
        """Whether BlueZ holds keys for this device.

        Raises:
            DBusError, TimeoutError: BlueZ did not say.
        """
        path = self._device(address)
        try:
            properties = await self._get_all(path, _DEVICE)
        except DBusError as error:
            if error.type.endswith(("UnknownObject", "UnknownMethod", "DoesNotExist")):
                return False
            raise
        # `Bonded` is younger than `Paired` (BlueZ 5.66) and the truer of the two.
        return bool(properties.get("Bonded", properties.get("Paired", False)))

    async def forget(self, address: str) -> None:
        """Remove a device with its bond. Only ever on a person's word."""
        with contextlib.suppress(DBusError):
            await self._call(self._adapter, _ADAPTER, "RemoveDevice", "o", [self._device(address)])

    async def hang_up(self, address: str) -> None:
        """Take down a link that is not this hub's: a device that is connected does not advertise."""
        path = self._device(address)
        with contextlib.suppress(DBusError):
            if (await self._get_all(path, _DEVICE)).get("Connected", False):
                log.info("hanging up on %s, which something else was connected to", address)
                await self._call(path, _DEVICE, "Disconnect", "", [])

    async def power_cycle(self) -> None:
        """Switch the adapter off and on: links are lost, bonds are not."""
        await self._power(False)
        await self._power(True)

    async def listening(self) -> bool:
        """Whether the adapter says of itself that it is on and searches: the question that silence asks.

        Raises:
            DBusError, TimeoutError: BlueZ did not say.
        """
        properties = await self._get_all(self._adapter, _ADAPTER)
        return bool(properties.get("Powered", False) and properties.get("Discovering", False))

    def _device(self, address: str) -> str:
        return f"{self._adapter}/dev_{address.replace(':', '_')}"

    async def _watch(self) -> None:
        bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            async with asyncio.timeout(CALL_S):
                await bus.connect()
            self._bus = bus
            bus.add_message_handler(self._heard)
            for rule in (*_RULES, *(rule.format(path) for rule in _DEVICE_RULES for path in self._ours)):
                await self._call(
                    "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [rule], to="org.freedesktop.DBus"
                )
            bus.export(AGENT_PATH, self._agent)
            while bus.connected:
                self._something.clear()
                self._enter(await self._look())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S if self.state == "on" else RETRY_S):
                        await self._something.wait()
        finally:
            self._bus = None
            await self._agent.end()
            bus.disconnect()

    def _heard(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.member == "NameOwnerChanged" and message.body[0] == BLUEZ:
            log.info("bluetoothd %s", "is here" if message.body[2] else "has gone")
            self._registered = False
            self.generation += 1
            self._enter("no-bluetoothd")
        if (told := _battery_of(message)) is not None and told[0] in self._ours:
            self._on_battery(self._ours[told[0]], told[1])
        if message.member == "PropertiesChanged" and message.body[0] == _BATTERY:
            return
        if message.member == "PropertiesChanged" and message.body[0] == _DEVICE:
            connected = message.body[1].get("Connected")
            if connected is not None and connected.value and message.path in self._ours:
                self.on_connected(self._ours[message.path])
            return  # a device that is heard says nothing about the adapter
        self._something.set()

    async def _look(self) -> HostState:
        try:
            if not self._registered:
                await self._register()
        except DBusError as error:
            log.debug("agent not registered: %s", error)
            return "no-bluetoothd"
        try:
            properties = await self._get_all(self._adapter, _ADAPTER)
        except DBusError:
            return "no-adapter"
        if not properties.get("Powered", False):
            try:
                await self._power(True)
            except DBusError as error:
                log.warning("the adapter cannot be switched on: %s", error)
                return "off"
        return "on"

    async def _register(self) -> None:
        manager = "org.bluez.AgentManager1"
        try:
            await self._call("/org/bluez", manager, "RegisterAgent", "os", [AGENT_PATH, CAPABILITY])
        except DBusError as error:
            if not error.type.endswith("AlreadyExists"):
                raise
        await self._call("/org/bluez", manager, "RequestDefaultAgent", "o", [AGENT_PATH])
        self._registered = True
        log.info("pairing agent registered")

    async def _power(self, on: bool) -> None:
        await self._call(self._adapter, _PROPERTIES, "Set", "ssv", [_ADAPTER, "Powered", Variant("b", on)])

    async def _get_all(self, path: str, interface: str) -> dict[str, Any]:
        (properties,) = await self._call(path, _PROPERTIES, "GetAll", "s", [interface])
        return {name: variant.value for name, variant in properties.items()}

    async def _call(
        self, path: str, interface: str, member: str, signature: str, body: list[Any], *, to: str = BLUEZ
    ) -> list[Any]:
        if self._bus is None:
            raise DBusError("org.freedesktop.DBus.Error.Disconnected", "not connected to the system bus")
        async with asyncio.timeout(CALL_S):
            reply = await self._bus.call(
                Message(destination=to, path=path, interface=interface, member=member, signature=signature, body=body)
            )
        if reply.message_type is MessageType.ERROR:
            raise DBusError(reply.error_name or "error", str(reply.body[0]) if reply.body else "", reply)
        return list(reply.body)

    def _enter(self, state: HostState) -> None:
        if state != self.state:
            log.info("Bluetooth: %s", SENTENCES[state])
            self.state = state
            self.on_change()


def _battery_of(message: Message) -> tuple[str, int] | None:
    """The D-Bus path of a device and what is left in its battery, where BlueZ tells that."""
    properties: dict[str, Variant] = {}
    path = message.path or ""
    if message.member == "InterfacesAdded":
        path, properties = message.body[0], message.body[1].get(_BATTERY, {})
    elif message.member == "PropertiesChanged" and message.body[0] == _BATTERY:
        properties = message.body[1]
    percent = properties.get("Percentage")
    return None if percent is None else (path, int(percent.value))
