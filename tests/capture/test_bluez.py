"""The hub's side of BlueZ's D-Bus interface, over a real message bus with a small stand-in for bluetoothd on it.

The stand-in shows what bluetoothd would have been told; the real one is in the radio lab.
"""
# No deferred annotations: dbus-fast reads D-Bus signatures from them.

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from dbus_fast import DBusError, Message, MessageType, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from wardgate.capture import bluez
from wardgate.capture.agent import AGENT_PATH, PairingAgent
from wardgate.capture.bluez import Bluez

CUFF = "F0:00:00:00:00:01"
CUFF_PATH = "/org/bluez/hci0/dev_F0_00_00_00_00_01"
STRANGER_PATH = "/org/bluez/hci0/dev_F0_00_00_00_00_99"
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

    @dbus_property(access=PropertyAccess.READWRITE, name="Powered")
    def powered(self) -> DBusBool:
        return self.on

    @powered.setter  # type: ignore[no-redef]  # mypy knows the setters of `property` alone
    def powered(self, value: DBusBool) -> None:
        if self.blocked:
            raise DBusError("org.bluez.Error.Failed", "blocked through rfkill")
        self.on = value


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

    @dbus_property(access=PropertyAccess.READ, name="Bonded")
    def bonded(self) -> DBusBool:
        return True


class Bluetoothd:
    """Owns org.bluez on the bus."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        self.manager = AgentManager()
        bus.export("/org/bluez", self.manager)

    async def ask_agent(self, to: str, member: str, path: str) -> Message:
        """As bluetoothd asks during a pairing."""
        message = Message(
            destination=to, path=AGENT_PATH, interface="org.bluez.Agent1", member=member, signature="o", body=[path]
        )
        reply = await self.bus.call(message)
        assert reply is not None
        return reply


class Bus:
    """A message bus of our own, to be had as the system's."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix:path={path}"
        self._open: list[MessageBus] = []

    async def connect(self) -> MessageBus:
        bus = await MessageBus(bus_address=self.address).connect()
        self._open.append(bus)
        return bus

    async def bluetoothd(self) -> Bluetoothd:
        daemon = Bluetoothd(await self.connect())
        await daemon.bus.request_name("org.bluez")
        return daemon

    def close(self) -> None:
        for bus in self._open:
            bus.disconnect()


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
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
        self.passkeys: dict[str, int] = {}
        self.host = Bluez("hci0", PairingAgent(lambda address: address == CUFF, self._passkey))
        self.host.on_change = self._note
        self._changed = asyncio.Event()

    async def _passkey(self, address: str) -> int:
        if address not in self.passkeys:
            raise TimeoutError
        return self.passkeys[address]

    def _note(self) -> None:
        self._changed.set()

    async def until(self, state: str) -> None:
        async with asyncio.timeout(10):
            while self.host.state != state:
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
    monkeypatch.setattr(bluez, "RETRY_S", 0.05)
    watched = Watched()
    running = asyncio.ensure_future(watched.host.run())
    yield watched
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def agent_of(daemon: Bluetoothd) -> str:
    """The bus name under which the agent is to be reached: everybody's, one after the other."""
    reply = await daemon.bus.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="ListNames",
        )
    )
    assert reply is not None
    for name in reply.body[0]:
        if name.startswith(":") and name != daemon.bus.unique_name:
            answer = await daemon.ask_agent(name, "Nonsense", CUFF_PATH)
            if answer.error_name == "org.freedesktop.DBus.Error.UnknownMethod" and "Agent1" in str(answer.body):
                return str(name)
    raise AssertionError("no agent on the bus")


async def test_a_bus_that_comes_later(watched: Watched, bus: Bus) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")


async def test_from_nothing_to_an_adapter_that_is_on(bus: Bus, watched: Watched) -> None:
    assert watched.host.state == "no-bluetoothd"
    daemon = await bus.bluetoothd()
    await watched.until("no-adapter")
    assert daemon.manager.told == [f"{AGENT_PATH} KeyboardDisplay", f"default {AGENT_PATH}"]
    adapter = Adapter()
    daemon.bus.export("/org/bluez/hci0", adapter)
    await watched.until("on")
    assert adapter.on


async def test_a_blocked_adapter(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    adapter = Adapter(blocked=True)
    daemon.bus.export("/org/bluez/hci0", adapter)
    await watched.until("off")
    adapter.blocked = False
    await watched.until("on")


async def test_after_a_restart_of_bluetoothd_the_agent_is_registered_again(bus: Bus, watched: Watched) -> None:
    first = await bus.bluetoothd()
    first.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    generation = watched.host.generation
    first.bus.disconnect()
    await watched.until("no-bluetoothd")
    assert watched.host.generation > generation
    second = await bus.bluetoothd()
    adapter = Adapter()
    second.bus.export("/org/bluez/hci0", adapter)
    await watched.until("on")
    assert len(second.manager.told) == 2
    assert adapter.on


async def test_only_a_device_of_this_home_may_pair(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    agent = await agent_of(daemon)
    watched.passkeys[CUFF] = 482913
    for member in ("RequestAuthorization", "RequestPasskey"):
        refused = await daemon.ask_agent(agent, member, STRANGER_PATH)
        assert refused.message_type is MessageType.ERROR
        assert refused.error_name == "org.bluez.Error.Rejected"
        allowed = await daemon.ask_agent(agent, member, CUFF_PATH)
        assert allowed.message_type is MessageType.METHOD_RETURN
    assert allowed.body == [482913]


async def test_a_code_that_nobody_types(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    cancelled = await daemon.ask_agent(await agent_of(daemon), "RequestPasskey", CUFF_PATH)
    assert cancelled.error_name == "org.bluez.Error.Canceled"


async def test_bonds(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    assert not await watched.host.bonded(CUFF)
    daemon.bus.export(CUFF_PATH, Device())
    assert await watched.host.bonded(CUFF)


async def test_a_link_that_a_killed_hub_left_behind_is_taken_down(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    device = Device()
    daemon.bus.export(CUFF_PATH, device)
    await watched.until("on")
    await watched.host.hang_up(CUFF)
    assert not device.connected
    await watched.host.hang_up("F0:00:00:00:00:77")  # unknown to BlueZ: nothing to do
