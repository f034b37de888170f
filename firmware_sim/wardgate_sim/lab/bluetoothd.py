"""BlueZ's daemon in the guest, to be started, stopped and killed, and the guest's clock."""

from __future__ import annotations

import asyncio
import ctypes
import signal
from pathlib import Path
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from wardgate.clock import Timex, adjtimex

PROGRAM: Final = "/usr/libexec/bluetooth/bluetoothd"
_PATIENCE_S: Final = 60.0


class Bluetoothd:
    """The daemon, at most one at a time."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it owns its name on the bus."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(PROGRAM, "-n", stdout=log, stderr=log)
        async with asyncio.timeout(_PATIENCE_S):
            await _owned("org.bluez")

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it with this signal and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(number)
            await self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It is there, and does nothing any more."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    async def restart(self, number: signal.Signals) -> None:
        """End it with this signal and start another."""
        await self.stop(number)
        await self.start()


async def bluez_bonds() -> list[str]:
    """The addresses BlueZ holds keys for."""
    return sorted(address for address, device in (await bluez_devices()).items() if device["Bonded"])


async def bluez_devices() -> dict[str, dict[str, bool]]:
    """The devices that BlueZ knows by address, each with whether it is Paired, Bonded and Connected."""
    found = await bluez_known()
    return {d["Address"].value: {name: d[name].value for name in ("Paired", "Bonded", "Connected")} for d in found}


async def bluez_known() -> list[dict[str, Any]]:
    """What BlueZ tells of each device that it knows: those of this home, and whoever passed by.

    Raises:
        RuntimeError: it did not answer, with what the bus says about it.
    """
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        reply = await bus.call(
            Message("org.bluez", "/", "org.freedesktop.DBus.ObjectManager", member="GetManagedObjects")
        )
    finally:
        bus.disconnect()
    if reply.message_type is not MessageType.METHOD_RETURN:
        raise RuntimeError(f"BlueZ tells nothing: {reply.error_name} {reply.body}")
    return [i["org.bluez.Device1"] for i in reply.body[0].values() if "org.bluez.Device1" in i]


async def _owned(name: str) -> None:
    """Done once somebody owns this name on the system bus."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    changed = asyncio.Event()
    bus.add_message_handler(lambda message: changed.set() if message.member == "NameOwnerChanged" else None)
    try:
        rule = f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{name}'"
        await _ask(bus, "AddMatch", rule)
        if not await _ask(bus, "NameHasOwner", name):
            await changed.wait()
    finally:
        bus.disconnect()


async def _ask(bus: MessageBus, member: str, word: str) -> bool:
    reply = await bus.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member=member,
            signature="s",
            body=[word],
        )
    )
    return bool(reply.body and reply.body[0])


def call_clock_synchronised() -> None:
    """Tell the guest's kernel that its clock is right: it runs on the host's, and no time server is in the guest.

    See adjtimex(2): ADJ_MAXERROR and ADJ_STATUS, with no STA_UNSYNC.
    """
    if adjtimex()(ctypes.byref(Timex(modes=0x0004 | 0x0010))) < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
