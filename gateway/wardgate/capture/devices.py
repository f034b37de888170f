"""The configured devices, and what is remembered about each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from wardgate import config
from wardgate.store.rows import DeviceRow
from wardgate.store.store import Store
from wardgate_drivers.model.declaration import Model
from wardgate_drivers.model.lookup import by_id

log: Final = logging.getLogger(__name__)

_AT_ONCE: Final = frozenset({"clock_offset_s", "clock_set_at", "bonded"})


@dataclass(frozen=True, slots=True)
class Known:
    """A configured device with its model's declaration."""

    device: config.Device
    model: Model

    @property
    def id(self) -> str:
        """Its name in this home."""
        return self.device.id

    @property
    def identity(self) -> str:
        """The physical device: its address. A serial line has none, so its model and name have to do."""
        return self.device.address or f"{self.model.id}/{self.device.id}"


def known_devices(devices: tuple[config.Device, ...]) -> tuple[Known, ...]:
    """The configured devices whose model is in the catalogue (a checked configuration has no others)."""
    pairs = ((device, by_id(device.model)) for device in devices)
    return tuple(Known(device, model) for device, model in pairs if model is not None)


class Devices:
    """The rows of the configured devices: in memory, written behind."""

    def __init__(self, store: Store, known: tuple[Known, ...], changed: Callable[[str], None]) -> None:
        self.known: Final = known
        self._store = store
        self._changed = changed
        self._rows = {k.id: store.device(k.id) or DeviceRow(id=k.id) for k in known}
        self._unsaved: set[str] = set()

    @property
    def store(self) -> Store:
        """Where the rows are kept."""
        return self._store

    def row(self, device: str) -> DeviceRow:
        """What is remembered about a configured device."""
        return self._rows[device]

    def change(self, device: str, *, save: bool = True, **changes: Any) -> None:
        """Remember something. What is only heard in passing is saved with what is not, or by the next `flush`."""
        self._rows[device] = msgspec.structs.replace(self._rows[device], **changes)
        self._unsaved.add(device)
        if save:
            # What a device's clock was before it was set is known nowhere else; the rest it says again.
            self._save(device, lazy=not changes.keys() & _AT_ONCE)
            self._changed("devices")

    def forget(self, device: str) -> asyncio.Future[None]:
        """Another physical device may get this name: nothing of this one is remembered. Done when it is durable."""
        self._rows[device] = DeviceRow(id=device)
        self._unsaved.discard(device)
        return self._store.set_device(self._rows[device])

    def flush(self) -> None:
        """Save what has not been saved."""
        for device in tuple(self._unsaved):
            self._save(device, lazy=True)

    def count(self, device: str, what: str) -> asyncio.Future[None]:
        """Count something about a device, durably."""
        future = self._store.count(device, what)
        future.add_done_callback(_log_failure)
        self._changed("devices")
        return future

    def _save(self, device: str, *, lazy: bool) -> None:
        self._unsaved.discard(device)
        self._store.set_device(self._rows[device], lazy=lazy).add_done_callback(_log_failure)


def _log_failure(future: asyncio.Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("what is known about a device was not stored: %s", error)
