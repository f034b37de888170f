"""Bluetooth as BlueZ tells it over D-Bus: the daemon, the adapter, its power."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from dbus_fast import BusType, DBusError, Message, MessageType
from dbus_fast.aio import MessageBus

from wardgate.cli.checks.check import Check, problem, well

_NAME: Final = "bluetooth"
_PATIENCE_S: Final = 10.0
_ADAPTER: Final = "org.bluez.Adapter1"


async def bluetooth(adapter: str) -> Check:
    """Whether the adapter of that name is there and switched on."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    except (OSError, TimeoutError) as error:
        return problem(
            _NAME,
            f"The system's D-Bus cannot be reached: {str(error) or 'no answer'}.",
            "Run: sudo apt install dbus bluez; sudo systemctl start dbus bluetooth",
        )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return _judge(adapter, await _adapters(bus))
    except DBusError as error:
        return problem(
            _NAME,
            f"The Bluetooth service (bluetoothd) does not run: {error.text}.",
            "Run: sudo systemctl start bluetooth. If there is no such unit: sudo apt install bluez",
        )
    except TimeoutError:
        return problem(
            _NAME,
            f"The Bluetooth service (bluetoothd) did not answer within {_PATIENCE_S:.0f} s.",
            "Run: sudo systemctl restart bluetooth. Bonds survive that.",
        )
    finally:
        bus.disconnect()


async def _adapters(bus: MessageBus) -> dict[str, bool]:
    """Name of each adapter, and whether it is switched on.

    Raises:
        DBusError: nobody owns org.bluez.
    """
    reply = await bus.call(
        Message(
            destination="org.bluez",
            path="/",
            interface="org.freedesktop.DBus.ObjectManager",
            member="GetManagedObjects",
        )
    )
    if reply.message_type is MessageType.ERROR:
        raise DBusError(reply.error_name or "org.freedesktop.DBus.Error.Failed", str(reply.body[0]), reply)
    objects: dict[str, dict[str, dict[str, Any]]] = reply.body[0]
    return {
        path.rpartition("/")[2]: bool(interfaces[_ADAPTER]["Powered"].value)
        for path, interfaces in objects.items()
        if _ADAPTER in interfaces
    }


def _judge(adapter: str, adapters: dict[str, bool]) -> Check:
    if not adapters:
        return problem(
            _NAME,
            "There is no Bluetooth adapter.",
            "On a Raspberry Pi look for `disable-bt` in /boot/firmware/config.txt and remove it; else plug a Bluetooth "
            "adapter in. Then run: bluetoothctl list",
        )
    if adapter not in adapters:
        return problem(
            _NAME,
            f"There is no Bluetooth adapter {adapter}; there is {', '.join(sorted(adapters))}.",
            "Set radio.adapter in the configuration to one that is there.",
        )
    if not adapters[adapter]:
        return problem(
            _NAME,
            f"The Bluetooth adapter {adapter} is switched off.",
            "Run: sudo rfkill unblock bluetooth; bluetoothctl power on. A running hub switches it on by itself.",
        )
    return well(_NAME, f"The Bluetooth adapter {adapter} is there and switched on.")
