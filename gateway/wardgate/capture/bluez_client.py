"""bleak's client of BlueZ, without its race between two D-Bus connections."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from bleak.backends.bluezdbus.client import BleakClientBlueZDBus
from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.backends.service import BleakGATTServiceCollection

SEEN_S: Final = 1.0
"""The news is under way already: what is not there by then will not come, because the device has gone again."""


class BluezClient(BleakClientBlueZDBus):
    """Looks for services only once it was heard that the device is connected.

    bleak (3.1) asks BlueZ to connect over one D-Bus connection, and hears over another what became of it. Where the
    answer is read first, it takes a device that has just connected for one that has gone, and hangs up on it.
    """

    async def _get_services(self, dangerous_use_bleak_cache: bool = False, **kwargs: Any) -> BleakGATTServiceCollection:
        if self._device_path is not None:
            await _connected(self._device_path)
        return await super()._get_services(dangerous_use_bleak_cache, **kwargs)


async def _connected(device_path: str) -> None:
    manager = await get_global_bluez_manager()
    heard = asyncio.Event()

    def hear(connected: bool) -> None:
        if connected:
            heard.set()

    watcher = manager.add_device_watcher(device_path, hear, lambda _path, _value: None)
    try:
        if not manager.is_connected(device_path):
            with suppress(TimeoutError):
                async with asyncio.timeout(SEEN_S):
                    await heard.wait()
    finally:
        manager.remove_device_watcher(watcher)
