"""Stored records are deleted on a device only when every one of them is safe."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.support.ear import Ear
from tests.support.scripted_gatt import ScriptedDevice
from wardgate_drivers import uuids
from wardgate_drivers.link import records
from wardgate_drivers.link.errors import LinkLostError, NotKeptError
from wardgate_drivers.link.gatt import SessionEnd, run_session
from wardgate_drivers.model.declaration import Gatt
from wardgate_drivers.model.plx import PLX_OXIMETER

SPOT, CONTROL = uuids.PLX_SPOT_CHECK, uuids.RECORD_ACCESS_CONTROL_POINT
STORED = bytes.fromhex("0360004b00ea070b141600000002")
REPORT, DELETE, COUNT = b"\x01\x01", b"\x02\x01", b"\x04\x01"
REPORTED, DELETED = bytes.fromhex("06000101"), bytes.fromhex("06000201")
NO_RECORDS = bytes.fromhex("06000106")


def oximeter(*stored: bytes, counts: int | None = None) -> ScriptedDevice:
    """A device with records; `counts` is what it says when asked how many."""
    device = ScriptedDevice(SPOT, CONTROL)
    many = len(stored) if counts is None else counts

    def control(request: bytes) -> None:
        if request == REPORT:
            for record in stored:
                device.send(SPOT, record)
            device.send(CONTROL, REPORTED if stored else NO_RECORDS)
        elif request == COUNT:
            device.send(CONTROL, bytes((5, 0, many, 0)))
        else:
            device.send(CONTROL, DELETED)

    device.on_write[CONTROL] = control
    return device


async def session(device: ScriptedDevice, ear: Ear) -> SessionEnd:
    assert isinstance(PLX_OXIMETER.link, Gatt)
    model = replace(PLX_OXIMETER, link=replace(PLX_OXIMETER.link, quiet_s=0.01, patience_s=0.01))
    return await run_session(model, await device.client(), ear)


async def test_all_reported_all_safe_then_deleted(ear: Ear) -> None:
    device = oximeter(STORED, STORED, STORED)
    assert (await session(device, ear)).measurements == 3
    assert device.written == [REPORT, COUNT, DELETE]


async def test_nothing_is_deleted_before_it_is_safe(ear: Ear) -> None:
    ear.hold = True
    device = oximeter(STORED)
    running = asyncio.create_task(session(device, ear))
    await ear.heard.wait()
    await asyncio.sleep(0.05)
    assert device.written == [REPORT]
    ear.commits[0].set_result(None)
    await running
    assert device.written == [REPORT, COUNT, DELETE]


async def test_nothing_is_deleted_when_it_could_not_be_stored(ear: Ear) -> None:
    ear.hold = True
    device = oximeter(STORED, STORED)
    running = asyncio.create_task(session(device, ear))
    await ear.heard.wait()
    await asyncio.sleep(0)
    ear.commits[0].set_result(None)
    ear.commits[1].set_exception(OSError("disk full"))
    with pytest.raises(NotKeptError, match="1 of 2"):
        await running
    assert device.written == [REPORT]


async def test_nothing_is_deleted_when_one_was_refused(ear: Ear) -> None:
    device = oximeter(STORED, STORED[:4], counts=1)
    end = await session(device, ear)
    assert (end.measurements, end.rejected) == (1, 1)
    assert DELETE not in device.written


@pytest.mark.parametrize("counts", [1, 3])
async def test_nothing_is_deleted_when_the_device_counts_otherwise(ear: Ear, counts: int) -> None:
    # One did not arrive, or one was added since.
    device = oximeter(STORED, STORED, counts=counts)
    assert (await session(device, ear)).measurements == 2
    assert device.written == [REPORT, COUNT]


async def test_empty_memory_is_left_alone(ear: Ear) -> None:
    device = oximeter()
    assert (await session(device, ear)).measurements == 0
    assert device.written == [REPORT]


async def test_silent_control_point_costs_no_live_measurement(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "ANSWER_S", 0.01)
    device = ScriptedDevice(SPOT, CONTROL)
    device.on_write[CONTROL] = lambda _: device.send(SPOT, STORED)
    assert (await session(device, ear)).measurements == 1


async def test_garbled_answer_is_no_answer(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "ANSWER_S", 0.01)
    device = ScriptedDevice(SPOT, CONTROL)
    device.on_write[CONTROL] = lambda _: device.send(CONTROL, b"\x06\x00\x01")
    assert (await session(device, ear)).measurements == 0
    assert device.written == [REPORT]


async def test_hang_up_in_the_middle_is_noticed_at_once(ear: Ear) -> None:
    device = ScriptedDevice(SPOT, CONTROL)
    device.on_write[CONTROL] = lambda _: device.hang_up()
    async with asyncio.timeout(records.ANSWER_S / 2):
        with pytest.raises(LinkLostError):
            await session(device, ear)


async def test_device_without_control_point_is_just_listened_to(ear: Ear) -> None:
    device = ScriptedDevice(SPOT)
    running = asyncio.create_task(session(device, ear))
    await device.subscribed.wait()
    device.send(SPOT, STORED)
    assert (await running).measurements == 1


async def test_stream_is_subscribed_to_only_without_spot_checks(ear: Ear) -> None:
    both = ScriptedDevice(SPOT, uuids.PLX_CONTINUOUS)
    await session(both, ear)
    assert both.log == ["subscribe 2a5e"]
    streamer = ScriptedDevice(uuids.PLX_CONTINUOUS)
    await session(streamer, ear)
    assert streamer.log == ["subscribe 2a5f"]
