"""A small stand-in for bluetoothd, on a real message bus of its own, and the hub's side of it at work."""
# No deferred annotations: dbus-fast reads D-Bus signatures from them.

import asyncio
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from dbus_fast import DBusError, Message, MessageType, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from wardgate.capture.agent import AGENT_PATH, PairingAgent
from wardgate.capture.bluez import Bluez

CUFF = "F0:00:00:00:00:01"
CUFF_PATH = "/org/bluez/hci0/dev_F0_00_00_00_00_01"
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


class AgentManager(ServiceInterface):
    """Notes who registers."""

    def __init__(self) -> None:
        super().__init__("org.bluez.AgentManager1")
        self.told: list[str] = []

    @dbus_method(name="RegisterAgent")
    def register(self, agent: DBusObjectPath, capability: DBusStr) -> None:
        self.told.append(f"{agent} {capability}")

    @dbus_method(name="RequestDefaultAgent")
    def default(self, agent: DBusObjectPath) -> None:
        self.told.append(f"default {agent}")


class Adapter(ServiceInterface):
    """An adapter that is off, and perhaps blocked."""

    def __init__(self, *, blocked: bool = False) -> None:
        super().__init__("org.bluez.Adapter1")
        self.on = False
        self.blocked = blocked
        self.searching = False
        self.switched: list[bool] = []

    @dbus_property(access=PropertyAccess.READWRITE, name="Powered")
    def powered(self) -> DBusBool:
        return self.on

    @powered.setter  # type: ignore[no-redef]  # mypy knows the setters of `property` alone
    def powered(self, value: DBusBool) -> None:
        if self.blocked:
            raise DBusError("org.bluez.Error.Failed", "blocked through rfkill")
        self.on = value
        self.switched.append(value)

    @dbus_property(access=PropertyAccess.READ, name="Discovering")
    def discovering(self) -> DBusBool:
        return self.searching


class Device(ServiceInterface):
    """A device that is bonded, and connected to by a hub that was killed."""

    def __init__(self) -> None:
        super().__init__("org.bluez.Device1")
        self.connected = True

    @dbus_property(access=PropertyAccess.READ, name="Connected")
    def is_connected(self) -> DBusBool:
        return self.connected

    @dbus_method(name="Disconnect")
    def disconnect(self) -> None:
        self.connected = False

    def signal(self, **properties: bool | int) -> None:
        """Tell everybody of a change, as bluetoothd does."""
        self.emit_properties_changed(dict(properties))

    @dbus_property(access=PropertyAccess.READ, name="Bonded")
    def bonded(self) -> DBusBool:
        return True


class Bluetoothd:
    """Owns org.bluez on the bus."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        self.manager = AgentManager()
        bus.export("/org/bluez", self.manager)

    async def ask_agent(self, to: str, member: str, *path: str) -> Message:
        """As bluetoothd asks during a pairing; `Cancel` is about no device."""
        message = Message(
            destination=to,
            path=AGENT_PATH,
            interface="org.bluez.Agent1",
            member=member,
            signature="o" * len(path),
            body=list(path),
        )
        reply = await self.bus.call(message)
        assert reply is not None
        return reply

    async def signal(self, path: str, interface: str, member: str, signature: str, body: Sequence[object]) -> None:
        """Tell everybody."""
        await self.bus.send(Message.new_signal(path, interface, member, signature, list(body)))


class Bus:
    """A message bus of our own, to be had as the system's."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix:path={path}"
        self._open: list[MessageBus] = []

    async def connect(self) -> MessageBus:
        bus = await MessageBus(bus_address=self.address).connect()
        self._open.append(bus)
        return bus

    async def one_that_hangs(self) -> MessageBus:
        """It has bluetoothd's name and never answers."""
        bus = await self.connect()
        bus.add_message_handler(lambda message: message.message_type is MessageType.METHOD_CALL)
        await bus.request_name("org.bluez")
        return bus

    async def bluetoothd(self) -> Bluetoothd:
        daemon = Bluetoothd(await self.connect())
        await daemon.bus.request_name("org.bluez")
        return daemon

    def close(self) -> None:
        for bus in self._open:
            bus.disconnect()


@asynccontextmanager
async def open_bus(tmp_path: Path) -> AsyncIterator[Bus]:
    """A bus in this directory."""
    config, path = tmp_path / "bus.conf", tmp_path / "bus"
    await asyncio.to_thread(config.write_text, CONFIG.format(path=path))
    daemon = subprocess.Popen(  # noqa: ASYNC220 - it starts in milliseconds, and `print-address` tells when
        ["dbus-daemon", "--nofork", "--print-address", f"--config-file={config}"], stdout=subprocess.PIPE
    )
    assert daemon.stdout is not None
    await asyncio.to_thread(daemon.stdout.readline)
    bus = Bus(path)
    yield bus
    bus.close()
    daemon.terminate()
    await asyncio.to_thread(daemon.wait)
    daemon.stdout.close()


class Watched:
    """A `Bluez` at work, and every state it goes through."""

    def __init__(self) -> None:
        self.passkeys: dict[str, int | None] = {}
        """By address; None while somebody looks for it."""
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()
        agent = PairingAgent(lambda address: address == CUFF, self._passkey, self.cancelled.set)
        self.batteries: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self.host = Bluez("hci0", agent, [CUFF], lambda *told: self.batteries.put_nowait(told))
        self.host.on_change = self._note
        self.connected: asyncio.Queue[str] = asyncio.Queue()
        self.host.on_connected = self.connected.put_nowait
        self._changed = asyncio.Event()
        self.running: asyncio.Future[None]

    async def _passkey(self, address: str) -> int:
        self.asked.set()
        if address not in self.passkeys:
            raise TimeoutError
        passkey = self.passkeys[address]
        return passkey if passkey is not None else await asyncio.get_running_loop().create_future()

    async def stop(self) -> None:
        """The hub goes."""
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running

    def _note(self) -> None:
        self._changed.set()

    async def until(self, state: str) -> None:
        async with asyncio.timeout(60):
            while self.host.state != state:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def open_watched() -> AsyncIterator[Watched]:
    """It runs as long as this."""
    watched = Watched()
    watched.running = asyncio.ensure_future(watched.host.run())
    yield watched
    await watched.stop()
