"""The hub's side of BlueZ's D-Bus interface, over a real message bus with a small stand-in for bluetoothd on it.

The stand-in shows what bluetoothd would have been told; the real one is in the radio lab.
"""

from __future__ import annotations

import asyncio
import logging

import pytest
from dbus_fast import Message, MessageType, Variant

from tests.support.bluez_stand_in import CUFF, CUFF_PATH, Adapter, Bluetoothd, Bus, Device, Watched
from wardgate.capture.agent import AGENT_PATH

STRANGER_PATH = "/org/bluez/hci0/dev_F0_00_00_00_00_99"


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


async def test_a_code_that_bluez_no_longer_waits_for(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    await daemon.ask_agent(await agent_of(daemon), "Cancel")
    await asyncio.wait_for(watched.cancelled.wait(), 10)


async def test_a_hub_that_is_stopped_while_it_waits_for_a_code_tells_bluez_so(
    bus: Bus, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    watched.passkeys[CUFF] = None
    asking = asyncio.create_task(daemon.ask_agent(await agent_of(daemon), "RequestPasskey", CUFF_PATH))
    await watched.asked.wait()
    await watched.stop()
    assert (await asking).error_name == "org.bluez.Error.Canceled"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_battery_that_bluez_reads_itself(bus: Bus, watched: Watched) -> None:
    """It shows no device's Battery Service: the level comes as an interface beside the device, then as its changes."""
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    for path in (STRANGER_PATH, CUFF_PATH):
        told = {"org.bluez.Battery1": {"Percentage": Variant("y", 66)}}
        await daemon.signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", [path, told])
    for path in (STRANGER_PATH, CUFF_PATH):
        changed = ["org.bluez.Battery1", {"Percentage": Variant("y", 33)}, []]
        await daemon.signal(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", changed)
    async with asyncio.timeout(10):
        assert [await watched.batteries.get() for _ in range(2)] == [(CUFF, 66), (CUFF, 33)]


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


async def test_a_link_that_something_makes_is_noticed(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    ours, stranger = Device(), Device()
    daemon.bus.export(CUFF_PATH, ours)
    daemon.bus.export(STRANGER_PATH, stranger)
    await watched.until("on")
    stranger.signal(Connected=True)
    ours.connected = False
    ours.signal(Connected=False)
    ours.connected = True
    ours.signal(Connected=True)
    async with asyncio.timeout(10):
        assert await watched.connected.get() == CUFF
    assert watched.connected.empty()
