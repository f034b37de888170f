"""The host behind a radio that is not BlueZ: always there, always on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from bleak import BleakClient

from wardgate.capture.bluez import HostState
from wardgate.capture.radio import RadioBackend

FORGET_S: Final = 10.0


class StandIn:
    """A `RadioHost` for a backend that stands in for BlueZ."""

    def __init__(self, backend: RadioBackend) -> None:
        self.state: HostState = "on"
        self.generation = 0
        self.on_change: Callable[[], None] = lambda: None
        self.on_connected: Callable[[str], None] = lambda _: None
        self._backend = backend

    async def run(self) -> None:
        """Nothing ever happens to it."""
        await asyncio.Event().wait()

    async def power_cycle(self) -> None:
        """It has no power switch."""

    async def listening(self) -> bool:
        """It does what it is told."""
        return True

    async def bonded(self, address: str) -> bool:
        """Whether the backend holds keys for this device."""
        return self._backend.bonded is not None and await self._backend.bonded(address)

    async def hang_up(self, address: str) -> None:
        """Its links end with the hub they belong to."""

    async def forget(self, address: str) -> None:
        """Remove a bond."""
        async with asyncio.timeout(FORGET_S):
            await BleakClient(address, backend=self._backend.client).unpair()
