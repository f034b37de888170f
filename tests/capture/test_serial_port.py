"""A serial line over a real pty: nothing acknowledged before the commit, and the port comes and goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.capture.conftest import Ear, HandClock, Told
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.serial_port import SerialLine
from wardgate.config import Device
from wardgate.store.errors import StoreFull
from wardgate.store.store import Store
from wardgate_drivers.model.declaration import Serial
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_9560 import Nonin9560

OXYGEN = {"spo2": 95.0, "pulse": 71.0}


@asynccontextmanager
async def plugged(port: Path) -> AsyncIterator[Nonin9560]:
    """A device behind that path."""
    device = Nonin9560(DeviceClock(time.time), repeat_s=0.2)
    await asyncio.to_thread(port.symlink_to, device.port)
    await device.start()
    try:
        yield device
    finally:
        await asyncio.to_thread(port.unlink)
        await device.stop()


@pytest.fixture
async def line(tmp_path: Path, store: Store, clock: HandClock, told: Told, ear: Ear) -> AsyncIterator[SerialLine]:
    (known,) = known_devices((Device(id="ox", model="nonin-9560-serial", port=str(tmp_path / "port")),))
    devices = Devices(store, (known,), lambda _: None)
    assert isinstance(known.model.link, Serial)
    line = SerialLine(known, known.model.link, devices, told.journal, clock, lambda _: ear)
    running = asyncio.ensure_future(line.run())
    yield line
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.usefixtures("line")
async def test_a_port_that_is_not_there_is_told_once_and_found_when_it_comes(
    tmp_path: Path, told: Told, ear: Ear
) -> None:
    assert "Plug in" in (await told.until("serial-lost")).what_to_do
    async with plugged(tmp_path / "port") as device:
        await told.until("serial-lost-over")
        await device.take(OXYGEN)
        await asyncio.wait_for(device.asleep(), 30)
    assert len(ear.measurements) >= 1
    assert told.codes.count("serial-lost") in (1, 2)  # the plug was pulled again at the end


@pytest.mark.usefixtures("line")
async def test_pulled_out_and_plugged_in_again(tmp_path: Path, told: Told, ear: Ear) -> None:
    async with plugged(tmp_path / "port") as device:
        await device.take(OXYGEN)
        await asyncio.wait_for(device.asleep(), 30)
    lost = told.codes.count("serial-lost")
    await told.until("serial-lost", lost + 1 if lost == 0 else lost)
    async with plugged(tmp_path / "port") as device:
        await device.take({"spo2": 91.0, "pulse": 80.0})
        await asyncio.wait_for(device.asleep(), 30)
    assert {m.quantities[0].value for m in ear.measurements} == {95.0, 91.0}


@pytest.mark.usefixtures("line")
async def test_no_acknowledgement_before_the_commit(tmp_path: Path, ear: Ear) -> None:
    ear.held = asyncio.get_running_loop().create_future()
    async with plugged(tmp_path / "port") as device:
        taken = await device.take(OXYGEN)
        await asyncio.wait_for(ear.heard.wait(), 30)
        assert list(device.unsent) == [taken]
        assert device.book.acknowledged == []
        ear.held.set_result(None)
        await asyncio.wait_for(device.asleep(), 30)
        assert device.book.acknowledged == [taken]


@pytest.mark.usefixtures("line")
async def test_what_the_disk_refused_is_sent_again(tmp_path: Path, ear: Ear) -> None:
    ear.held = asyncio.get_running_loop().create_future()
    ear.held.set_exception(StoreFull("The disk is full."))
    async with plugged(tmp_path / "port") as device:
        taken = await device.take(OXYGEN)
        await asyncio.wait_for(ear.heard.wait(), 30)
        ear.held = None
        await asyncio.wait_for(device.asleep(), 30)
        assert device.book.acknowledged == [taken]
    assert len(ear.measurements) >= 2
