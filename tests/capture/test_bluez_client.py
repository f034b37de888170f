"""A device that has just connected is not taken for one that has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bleak.backends.bluezdbus.client import BleakClientBlueZDBus
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTServiceCollection

from wardgate.capture import bluez_client
from wardgate.capture.bluez_client import BluezClient
from wardgate.capture.radio import BLUEZ

PATH = "/org/bluez/hci0/dev_F0_00_00_00_00_01"


class Manager:
    """What bleak has heard of the device."""

    def __init__(self) -> None:
        self.connected = False
        self.watchers: list[Callable[[bool], None]] = []

    def add_device_watcher(self, path: str, on_connected: Callable[[bool], None], _: object) -> Callable[[bool], None]:
        assert path == PATH
        self.watchers.append(on_connected)
        return on_connected

    def remove_device_watcher(self, watcher: Callable[[bool], None]) -> None:
        self.watchers.remove(watcher)

    def is_connected(self, _path: str) -> bool:
        return self.connected

    def tell(self, connected: bool) -> None:
        self.connected = connected
        for watcher in self.watchers:
            watcher(connected)


@pytest.fixture
async def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    """bleak's, and its own search for services tells whether it had heard of the connection by then."""
    manager = Manager()

    async def the_manager() -> Manager:
        return manager

    async def look(_self: object, *_: object, **__: object) -> Any:
        return manager.connected

    monkeypatch.setattr(bluez_client, "get_global_bluez_manager", the_manager)
    monkeypatch.setattr(BleakClientBlueZDBus, "_get_services", look)
    return manager


def look_for_services() -> asyncio.Task[BleakGATTServiceCollection]:
    """As bleak does it as soon as BlueZ has answered."""
    device = BLEDevice("F0:00:00:00:00:01", None, {"path": PATH})
    client = BluezClient(device, disconnected_callback=None, timeout=10.0, bluez={})
    return asyncio.ensure_future(client._get_services())


async def test_an_answer_that_overtakes_its_news_waits_for_it(manager: Manager) -> None:
    looking = look_for_services()
    for said in (None, False):  # nothing, then of an earlier link
        if said is not None:
            manager.tell(said)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not looking.done()
    manager.tell(True)
    assert await looking
    assert not manager.watchers


async def test_a_device_that_is_known_to_be_connected_is_asked_at_once(manager: Manager) -> None:
    manager.connected = True
    assert await look_for_services()


async def test_one_that_has_gone_again_is_not_waited_for(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluez_client, "SEEN_S", 0.01)
    assert not await look_for_services()
    assert not manager.watchers


def test_the_hub_connects_with_it_and_bleak_calls_it() -> None:
    assert BLUEZ.client is BluezClient
    assert "_get_services" in vars(BleakClientBlueZDBus)
