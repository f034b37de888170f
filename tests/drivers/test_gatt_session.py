"""What a session does when a device, a link or a disk misbehaves. What devices do is tested on the radio."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest
from bleak.exc import BleakError, BleakGATTProtocolError

from tests.support.ear import Ear
from tests.support.scripted_gatt import ScriptedDevice
from wardgate_drivers import uuids
from wardgate_drivers.link import clock, gatt, gatt_client
from wardgate_drivers.link.errors import (
    LinkLostError,
    NotKeptError,
    NotSupportedError,
    RefusedError,
    SessionError,
    TimedOutError,
)
from wardgate_drivers.link.gatt import Ending, SessionEnd, run_session
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.model.and_medical import UA_651BLE
from wardgate_drivers.model.declaration import Gatt, Model
from wardgate_drivers.model.nonin import COMPLETE, NONIN_3230
from wardgate_drivers.model.plx import PLX_OXIMETER
from wardgate_drivers.model.xiaomi import XIAOMI_SCALE

CUFF = (uuids.BLOOD_PRESSURE_MEASUREMENT, uuids.DATE_TIME, uuids.BATTERY_LEVEL, uuids.SERIAL_NUMBER)
PRESSURE = bytes.fromhex("16870052006300ea070b15081e0548000000")
SHOWN = bytes.fromhex("ea070b150b3b00")
TARGET = bytes.fromhex("ea070b150c0000")
SMARTPOINT = bytes.fromhex("0a141e01f40007610048")
NO_FINGER = bytes.fromhex("0a001e000000207f01ff")
UNMARKED = bytes.fromhex("0a101e01f40007610048")
INSUFFICIENT_ENCRYPTION = 0x0F


def cuff() -> ScriptedDevice:
    device = ScriptedDevice(*CUFF)
    device.values = {uuids.DATE_TIME: SHOWN, uuids.BATTERY_LEVEL: b"\x42", uuids.SERIAL_NUMBER: b"5170300001\0"}
    return device


def in_a_hurry(*, quiet_s: float = 5, patience_s: float = 60, deadline_s: float = 60) -> Model:
    """The cuff, with other times."""
    assert isinstance(UA_651BLE.link, Gatt)
    link = replace(UA_651BLE.link, quiet_s=quiet_s, patience_s=patience_s, deadline_s=deadline_s)
    return replace(UA_651BLE, link=link)


async def begin(device: ScriptedDevice, ear: Ear, model: Model = UA_651BLE) -> asyncio.Task[SessionEnd]:
    """A session that has subscribed and done all that it does unasked."""
    session = asyncio.create_task(run_session(model, await device.client(), ear))
    await device.subscribed.wait()
    return session


async def test_what_comes_with_the_subscription_is_dated_by_the_clock_read_before(ear: Ear) -> None:
    """An oximeter sends its measurement at once, and waits for no time."""
    device = ScriptedDevice(uuids.PLX_SPOT_CHECK, uuids.CURRENT_TIME)
    device.values = {uuids.CURRENT_TIME: bytes.fromhex("ea070b150b3b00060000")}
    device.on_write[uuids.CURRENT_TIME] = lambda _: device.hang_up()
    with contextlib.suppress(SessionError):
        await (await begin(device, ear, PLX_OXIMETER))
    assert device.log[:3] == ["read 2a2b", "subscribe 2a5e", "write 2a2b"]
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 11, 59, 0)]


async def test_what_was_stored_before_is_thanked_for_and_not_told_again(ear: Ear) -> None:
    device = ScriptedDevice(uuids.NONIN_CONTINUOUS_OXIMETRY, uuids.NONIN_CONTROL_POINT)
    device.on_write[uuids.NONIN_CONTROL_POINT] = lambda _: device.hang_up()
    session = asyncio.create_task(run_session(NONIN_3230, await device.client(), ear, is_repeat=lambda _: True))
    await device.subscribed.wait()
    device.send(uuids.NONIN_CONTINUOUS_OXIMETRY, SMARTPOINT)
    end = await session
    assert (device.written, ear.measurements) == ([COMPLETE], [])
    assert end.thanked


async def test_a_clock_whose_setting_was_not_answered_counts_as_set(ear: Ear) -> None:
    """The device took the time, and the link broke before it said so: its old offset is over."""

    class BreaksOff(ScriptedDevice):
        async def meet(self, uuid: str, doing: str) -> None:
            await super().meet(uuid, doing)
            if doing == "write":
                self.hang_up()
                raise BleakError("Not connected")

    device = BreaksOff(*CUFF)
    device.values = cuff().values
    with pytest.raises(LinkLostError):
        await run_session(UA_651BLE, await device.client(), ear)
    assert ear.clocks_set == [DeviceTime.of(2026, 11, 21, 12, 0, 0)]


async def test_order_subscription_clock_details(ear: Ear) -> None:
    device = cuff()
    device.on_write[uuids.DATE_TIME] = lambda _: device.hang_up()
    await (await begin(device, ear))
    assert device.log == ["subscribe 2a35", "read 2a08", "write 2a08", "read 2a19", "read 2a25"]
    assert ear.calls == ["clock", "clock_set", "battery", "identity"]


async def test_everything_a_device_tells(ear: Ear) -> None:
    device = cuff()
    device.on_write[uuids.DATE_TIME] = lambda _: device.send(CUFF[0], PRESSURE)
    end = await run_session(in_a_hurry(quiet_s=0.01), await device.client(), ear)
    assert end == SessionEnd(Ending.QUIET, measurements=1, rejected=0)
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 11, 59, 0)]
    assert ear.clocks_set == [DeviceTime.of(2026, 11, 21, 12, 0, 0)]
    assert device.written == [TARGET]
    assert (ear.batteries, ear.identities) == ([66], {"serial": "5170300001"})


async def test_clock_that_is_not_told_is_written_in_time(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "CLOCK_READ_S", 0.01)
    device = cuff()
    device.values[uuids.DATE_TIME] = None
    device.on_write[uuids.DATE_TIME] = lambda _: device.hang_up()
    async with asyncio.timeout(30):
        await (await begin(device, ear))
    assert (device.written, ear.clocks) == ([TARGET], [])


async def test_clock_that_makes_no_sense_is_written_all_the_same(ear: Ear) -> None:
    device = cuff()
    device.values[uuids.DATE_TIME] = bytes(7)[:5]
    device.on_write[uuids.DATE_TIME] = lambda _: device.hang_up()
    await (await begin(device, ear))
    assert (device.written, ear.clocks) == ([TARGET], [])


async def test_hub_without_time_gives_the_device_its_own_back(ear: Ear) -> None:
    ear.target = None
    device = cuff()
    device.on_write[uuids.DATE_TIME] = lambda _: device.hang_up()
    await (await begin(device, ear))
    assert (device.written, ear.clocks_set) == ([SHOWN], [])


async def test_clock_that_cannot_be_set_costs_no_measurement(ear: Ear) -> None:
    device = cuff()
    device.refusals[uuids.DATE_TIME] = BleakError("Write not permitted")
    session = await begin(device, ear, in_a_hurry(quiet_s=0.01))
    device.send(CUFF[0], PRESSURE)
    assert (await session).measurements == 1
    assert ear.clocks_set == []


async def test_another_model_is_told_from_its_characteristics(ear: Ear) -> None:
    with pytest.raises(NotSupportedError, match=r"2a35.*Check the model"):
        await run_session(UA_651BLE, await ScriptedDevice(uuids.DATE_TIME).client(), ear)


async def test_a_model_that_only_shouts_is_not_connected_to(ear: Ear) -> None:
    with pytest.raises(NotSupportedError):
        await run_session(XIAOMI_SCALE, await ScriptedDevice().client(), ear)


async def test_lost_bond_says_to_pair_again(ear: Ear) -> None:
    device = cuff()
    device.refusals[CUFF[0]] = BleakGATTProtocolError(INSUFFICIENT_ENCRYPTION)
    with pytest.raises(RefusedError, match="Pair it again"):
        await run_session(UA_651BLE, await device.client(), ear)


@pytest.mark.parametrize("error", [BleakError("Not connected"), EOFError(), BrokenPipeError()])
async def test_link_lost_before_anything_came(ear: Ear, error: Exception) -> None:
    device = cuff()
    device.refusals[CUFF[0]] = error
    client = await device.client()
    device.hang_up()
    with pytest.raises((LinkLostError, SessionError), match="Wait until it wakes"):
        await run_session(UA_651BLE, client, ear)


async def test_silent_device_does_not_hold_the_session(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gatt_client, "OPERATION_S", 0.01)
    device = cuff()
    device.refusals[CUFF[0]] = None
    with pytest.raises(TimedOutError, match="did not answer"):
        await run_session(UA_651BLE, await device.client(), ear)


async def test_slow_details_do_not_delay_frames(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gatt, "DETAIL_READ_S", 0.01)
    device = cuff()
    device.values[uuids.BATTERY_LEVEL] = None
    device.on_write[uuids.DATE_TIME] = lambda _: device.send(CUFF[0], PRESSURE)
    end = await run_session(in_a_hurry(quiet_s=0.01), await device.client(), ear)
    assert end.measurements == 1
    assert ear.identities == {}


async def test_confirmation_waits_for_the_commit_and_cannot_cancel_it(ear: Ear) -> None:
    ear.hold = True
    device = cuff()
    session = await begin(device, ear)
    confirmation = device.send(CUFF[0], PRESSURE)
    other = device.send(CUFF[0], PRESSURE)
    assert isinstance(confirmation, asyncio.Future)
    assert isinstance(other, asyncio.Future)
    other.cancel()
    assert not confirmation.done()
    for commit in ear.commits:
        assert not commit.cancelled()
        commit.set_result(None)
    await confirmation
    device.hang_up()
    assert await session == SessionEnd(Ending.HUNG_UP, measurements=2, rejected=0)


async def test_session_ends_only_when_all_is_safe(ear: Ear) -> None:
    ear.hold = True
    device = cuff()
    session = await begin(device, ear)
    device.send(CUFF[0], PRESSURE)
    device.hang_up()
    await asyncio.sleep(gatt_client.LOOK_S * 2)
    assert not session.done()
    ear.commits[0].set_result(None)
    assert (await session).ending is Ending.HUNG_UP


async def test_full_disk_confirms_nothing(ear: Ear) -> None:
    ear.hold = True
    device = cuff()
    session = await begin(device, ear)
    confirmation = device.send(CUFF[0], PRESSURE)
    ear.commits[0].set_exception(OSError("disk full"))
    device.hang_up()
    with pytest.raises(NotKeptError, match=r"1 of 1 .*disk full.*Nothing was erased"):
        await session
    assert confirmation is not None
    with pytest.raises(OSError, match="disk full"):
        await confirmation


async def test_refused_frame_is_handed_over_with_its_bytes(ear: Ear) -> None:
    device = cuff()
    session = await begin(device, ear)
    assert device.send(CUFF[0], PRESSURE[:5]) is None
    device.send(CUFF[0], PRESSURE)
    device.hang_up()
    assert await session == SessionEnd(Ending.HUNG_UP, measurements=1, rejected=1)
    assert ear.rejections[0][1] == PRESSURE[:5]


async def test_device_that_says_nothing_is_left_after_a_while(ear: Ear) -> None:
    end = await run_session(in_a_hurry(patience_s=0.01), await cuff().client(), ear)
    assert end == SessionEnd(Ending.QUIET, measurements=0, rejected=0)


async def test_session_has_a_deadline(ear: Ear) -> None:
    end = await run_session(in_a_hurry(deadline_s=0.05), await cuff().client(), ear)
    assert end.ending is Ending.DEADLINE


async def test_deadline_does_not_leave_a_commit_behind(ear: Ear) -> None:
    ear.hold = True
    device = cuff()
    session = await begin(device, ear, in_a_hurry(deadline_s=1.0))
    device.send(CUFF[0], PRESSURE)
    await asyncio.sleep(1.2)
    assert not session.done()
    ear.commits[0].set_result(None)
    assert await session == SessionEnd(Ending.DEADLINE, measurements=1, rejected=0)


async def test_oximeter_is_thanked_once_and_only_when_its_measurement_is_safe(ear: Ear) -> None:
    ear.hold = True
    device = ScriptedDevice(uuids.NONIN_CONTINUOUS_OXIMETRY, uuids.NONIN_CONTROL_POINT)
    told = asyncio.Event()
    device.on_write[uuids.NONIN_CONTROL_POINT] = lambda _: told.set()
    session = await begin(device, ear, NONIN_3230)
    for frame in (UNMARKED, SMARTPOINT, SMARTPOINT, SMARTPOINT):
        device.send(uuids.NONIN_CONTINUOUS_OXIMETRY, frame)
    await ear.heard.wait()
    await asyncio.sleep(gatt_client.LOOK_S * 2)
    assert device.written == []
    ear.commits[0].set_result(None)
    await told.wait()
    device.hang_up()
    assert await session == SessionEnd(Ending.HUNG_UP, measurements=1, rejected=0)
    assert device.written == [COMPLETE]


async def test_oximeter_without_a_good_measurement_is_not_thanked(ear: Ear) -> None:
    device = ScriptedDevice(uuids.NONIN_CONTINUOUS_OXIMETRY, uuids.NONIN_CONTROL_POINT)
    session = await begin(device, ear, NONIN_3230)
    for frame in (UNMARKED, NO_FINGER, NO_FINGER, NO_FINGER):
        device.send(uuids.NONIN_CONTINUOUS_OXIMETRY, frame)
    await asyncio.sleep(gatt_client.LOOK_S * 2)
    device.hang_up()
    assert (await session).measurements == 1
    assert ear.measurements[0].outcome == "no-reading"
    assert device.written == []
