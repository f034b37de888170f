"""Giving up pairings where no device is listened to: when a hub leaves a patient."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from wardgate.capture.radio import RadioBackend
from wardgate.capture.stand_in import StandIn

DEADLINE_S: Final = 10.0
_GONE: Final = ("DoesNotExist", "UnknownObject", "UnknownMethod")
"""BlueZ does not know the device, or has no such adapter: there is no pairing with it."""


class NotForgotten(Exception):
    """A pairing may still be there."""


async def forget_bonds(backend: RadioBackend, adapter: str, addresses: Iterable[str]) -> None:
    """Remove devices with their bonds. One that is not known is none.

    Raises:
        NotForgotten: Bluetooth did not answer; what was removed stays removed.
    """
    wanted = list(addresses)
    try:
        async with asyncio.timeout(DEADLINE_S):
            if not backend.bluez:
                for address in wanted:
                    await StandIn(backend).forget(address)
            elif wanted:
                await _forget(adapter, wanted)
    except (OSError, EOFError) as error:  # a TimeoutError is one
        raise NotForgotten(f"Bluetooth does not answer: {str(error) or 'too late'}.") from error


async def _forget(adapter: str, addresses: list[str]) -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        for address in addresses:
            path = f"/org/bluez/{adapter}"
            reply = await bus.call(
                Message(
                    destination="org.bluez",
                    path=path,
                    interface="org.bluez.Adapter1",
                    member="RemoveDevice",
                    signature="o",
                    body=[f"{path}/dev_{address.replace(':', '_')}"],
                )
            )
            if reply.message_type is MessageType.ERROR and not (reply.error_name or "").endswith(_GONE):
                raise NotForgotten(f"Bluetooth refuses to forget a device: {reply.error_name}.")
    finally:
        bus.disconnect()
