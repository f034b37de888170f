"""A start: the radio listens before the other rooms are loaded, and nothing goes on if they cannot be."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

from tests.hub.conftest import PATIENCE_S, a_config
from wardgate import config
from wardgate.capture.radio import RadioBackend
from wardgate.hub import Hub
from wardgate.store.store import Store
from wardgate_sim.clock import LeapClock

CUFF_ADDRESS = "F0:00:00:00:00:01"
CUFF = config.Device(id="cuff", model="and-ua-651ble", address=CUFF_ADDRESS)


class Radio:
    """Whether somebody scans now, and whether somebody has called a device."""

    def __init__(self) -> None:
        self.scans = asyncio.Event()
        self.called = asyncio.Event()
        self._scanner: BaseBleakScanner | None = None

    def shout(self, address: str) -> None:
        """A device is on the air."""
        scanner = self._scanner
        assert scanner is not None
        data = AdvertisementData(None, {}, {}, [], None, -60, ())
        scanner.call_detection_callbacks(scanner.create_or_update_device(address, address, None, None, data), data)

    def backend(self) -> RadioBackend:
        """For a hub."""
        radio, scans = self, self.scans

        class Scanner(BaseBleakScanner):
            def __init__(self, callback: Any, uuids: Any, mode: Any, **_: Any) -> None:
                super().__init__(callback, uuids)

            async def start(self) -> None:
                self.seen_devices = {}
                radio._scanner = self
                scans.set()

            async def stop(self) -> None:
                scans.clear()

        async def bonded(_: str) -> bool:
            radio.called.set()
            return True

        return RadioBackend(Scanner, bluez=False, bonded=bonded)


async def test_the_radio_listens_before_the_other_rooms_are_loaded(tmp_path: Path, clock: LeapClock) -> None:
    radio = Radio()

    class Patient(Hub):
        async def _furnish(self) -> None:
            async with asyncio.timeout(PATIENCE_S):
                await radio.scans.wait()
            radio.shout(CUFF_ADDRESS)
            for _ in range(20):  # turns of the loop, in which it would have been called
                await asyncio.sleep(0)
            assert not radio.called.is_set()
            await super()._furnish()

    hub = Patient(a_config(tmp_path, CUFF), clock=clock, backend=radio.backend())
    await hub.start()
    async with asyncio.timeout(PATIENCE_S):
        await radio.called.wait()
    await hub.stop()


async def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path, clock: LeapClock) -> None:
    radio, settings = Radio(), a_config(tmp_path, CUFF)

    class Bare(Hub):
        async def _furnish(self) -> None:
            await radio.scans.wait()
            raise OSError("no room")

    hub = Bare(settings, clock=clock, backend=radio.backend())
    before = asyncio.all_tasks()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(OSError, match="no room"):
            await hub.start()
    assert not radio.scans.is_set()
    assert asyncio.all_tasks() == before
    await Store.open(settings.database, clock).close()  # nobody holds it any more


def test_what_hears_the_devices_loads_neither_detectors_nor_delivery() -> None:
    """They are most of what a start has to load: the radio does not wait for them."""
    look = "import sys, wardgate.hub; print(*sorted({'numpy', 'paho', 'wardgate_signal'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
