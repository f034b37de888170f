"""The oximeters and the broadcasting scale, through bleak and a real line."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Iterator
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakGATTProtocolError
from bleak.uuids import normalize_uuid_16

from tests.sim.conftest import NOON, Hub, Start
from wardgate_sim.encode import nonin
from wardgate_sim.encode.civil import Civil, current_time
from wardgate_sim.firmware import nonin_3230
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_9560 import Nonin9560
from wardgate_sim.firmware.plx_oximeter import PlxOximeter
from wardgate_sim.firmware.xiaomi_scale import XiaomiScale
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:02"
SPOT, CONTINUOUS, RACP = (normalize_uuid_16(u) for u in (0x2A5E, 0x2A5F, 0x2A52))
VALUES = {"spo2": 94.0, "pulse": 72.0}


async def test_nonin_3230_streams_until_told_complete(hub: Hub, link: Link, clock: DeviceClock, start: Start) -> None:
    device = nonin_3230.Nonin3230(link, ADDRESS, clock, frame_period_s=0.1)
    await start(device)
    taken = await device.take(VALUES)
    frames: list[bytes] = []
    good = asyncio.Event()
    gone = asyncio.Event()

    def on_frame(_: object, value: bytearray) -> None:
        frames.append(bytes(value))
        if value[1] & nonin.Status19.SMARTPOINT:
            good.set()

    found = await hub.find(ADDRESS)
    assert found.name == "Nonin3230_502000001"
    async with hub.client(found, gone=lambda _: gone.set()) as client:
        await client.start_notify(nonin_3230.OXIMETRY, on_frame)
        await asyncio.wait_for(good.wait(), 30)
        assert device.book.acknowledged == []
        await client.write_gatt_char(nonin_3230.CONTROL_POINT, nonin_3230.COMPLETE, response=True)
        await asyncio.wait_for(gone.wait(), 30)
    await device.asleep()
    assert device.book.acknowledged == [taken]
    good_frames = [f for f in frames if f[1] & nonin.Status19.SMARTPOINT]
    assert {(f[7], int.from_bytes(f[8:10], "big")) for f in good_frames} == {(94, 72)}
    assert not frames[0][1] & nonin.Status19.SMARTPOINT
    with pytest.raises(AssertionError, match="not on the air"):
        await hub.find(ADDRESS, timeout=0.3)


async def test_nonin_3230_goes_when_the_finger_leaves(hub: Hub, link: Link, clock: DeviceClock, start: Start) -> None:
    device = nonin_3230.Nonin3230(link, ADDRESS, clock, frame_period_s=0.01, finger_s=2.0)
    await start(device)
    await device.take(VALUES)
    last: list[bytes] = [b""]
    gone = asyncio.Event()
    async with hub.client(await hub.find(ADDRESS), gone=lambda _: gone.set()) as client:
        await client.start_notify(nonin_3230.OXIMETRY, lambda _, value: last.__setitem__(0, bytes(value)))
        await asyncio.wait_for(gone.wait(), 30)
    assert last[0][1] == 0
    assert last[0][7:] == bytes([127, 1, 0xFF])
    assert device.book.acknowledged == []


@pytest.fixture
async def spot_checker(link: Link, clock: DeviceClock, start: Start) -> PlxOximeter:
    device = PlxOximeter(link, ADDRESS, clock, idle_s=2.0)
    await start(device)
    return device


class Records:
    """A host that talks to the Record Access Control Point."""

    def __init__(self, client: BleakClient) -> None:
        self.client = client
        self.measurements: list[bytes] = []
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def subscribe(self) -> None:
        await self.client.start_notify(RACP, lambda _, value: self._answers.put_nowait(bytes(value)))
        await self.client.start_notify(SPOT, lambda _, value: self.measurements.append(bytes(value)))

    async def ask(self, request: str) -> str:
        await self.client.write_gatt_char(RACP, bytes.fromhex(request), response=True)
        return (await asyncio.wait_for(self._answers.get(), 30)).hex()


async def test_plx_records_are_reported_and_deleted_only_on_request(hub: Hub, spot_checker: PlxOximeter) -> None:
    stored = [spot_checker.store(VALUES, NOON._replace(hour=h)) for h in (8, 9, 10)]
    live = await spot_checker.take(VALUES, NOON)
    async with hub.client(await hub.find(ADDRESS)) as client:
        records = Records(client)
        await records.subscribe()
        assert await records.ask("0401") == "05000300"
        assert await records.ask("0101") == "06000101"
        assert [m.hex() for m in records.measurements] == [
            "035e004800ea070b150c00000001",
            "035e004800ea070b150800000002",
            "035e004800ea070b150900000002",
            "035e004800ea070b150a00000002",
        ]
        assert spot_checker.book.acknowledged == [live]
        assert await records.ask("0201") == "06000201"
        assert spot_checker.book.acknowledged == [live, *stored]
        assert await records.ask("0101") == "06000106"
        assert await records.ask("0105") == "06000104"
        assert await records.ask("0901") == "06000902"
        assert await records.ask("0300") == "06000301"


async def test_plx_wants_its_control_point_subscribed(hub: Hub, spot_checker: PlxOximeter) -> None:
    await spot_checker.take(VALUES)
    async with hub.client(await hub.find(ADDRESS)) as client:
        with pytest.raises(BleakGATTProtocolError) as error:
            await client.write_gatt_char(RACP, bytes.fromhex("0101"), response=True)
        assert error.value.code == 0xFD


async def test_plx_clock_is_read_and_set(hub: Hub, spot_checker: PlxOximeter) -> None:
    spot_checker.clock.offset_s = -3600
    await spot_checker.take(VALUES)
    time = normalize_uuid_16(0x2A2B)
    async with hub.client(await hub.find(ADDRESS)) as client:
        assert len(await client.read_gatt_char(time)) == 10
        await client.write_gatt_char(time, current_time(NOON), response=True)
    assert abs(spot_checker.clock.now().civil_s - NOON.civil_s) <= 2


async def test_plx_keeps_a_live_measurement_that_nobody_fetched(hub: Hub, spot_checker: PlxOximeter) -> None:
    first = await spot_checker.take(VALUES)
    await spot_checker.take(VALUES)
    assert spot_checker.stored == [first]


async def test_plx_loses_and_doubles_nothing_when_a_finger_comes_while_it_sends(
    hub: Hub, spot_checker: PlxOximeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    indicate, later = spot_checker.indicate, NOON._replace(minute=1)

    async def with_another_finger(*what: Any) -> None:
        monkeypatch.undo()
        await spot_checker.take(VALUES, later)
        await indicate(*what)

    monkeypatch.setattr(spot_checker, "indicate", with_another_finger)
    gone = asyncio.Event()
    first = await spot_checker.take(VALUES, NOON)
    async with hub.client(await hub.find(ADDRESS), gone=lambda _: gone.set()) as client:
        await Records(client).subscribe()
        await asyncio.wait_for(gone.wait(), 30)
    spot_checker.sleep_now()
    await spot_checker.asleep()
    assert spot_checker.book.acknowledged == [first]
    assert [taken.device_time for taken in spot_checker.stored] == [later]


async def test_plx_streams(hub: Hub, link: Link, clock: DeviceClock, start: Start) -> None:
    device = PlxOximeter(link, ADDRESS, clock, streams=True, frame_period_s=0.01, air_s=3.0)
    await start(device)
    await device.take(VALUES)
    frames: asyncio.Queue[bytes] = asyncio.Queue()
    async with hub.client(await hub.find(ADDRESS)) as client:
        await client.start_notify(CONTINUOUS, lambda _, value: frames.put_nowait(bytes(value)))
        got = [(await asyncio.wait_for(frames.get(), 30)).hex() for _ in range(4)]
    assert got == ["045e0048006000"] * 3 + ["045e0048002001"]


@pytest.mark.parametrize(
    ("generation", "uuid", "settled"),
    [(1, 0x181D, "228638ea070b150c0000"), (2, 0x181B, "0226ea070b150c0000f7018638")],
)
async def test_xiaomi_broadcasts_and_repeats(
    generation: int, uuid: int, settled: str, hub: Hub, link: Link, clock: DeviceClock, start: Start
) -> None:
    scale = XiaomiScale(link, ADDRESS, clock, generation=generation, repeat_s=1.5, moving_s=0.8)
    await start(scale)
    heard: list[str] = []

    def on_advertisement(device: BLEDevice, data: AdvertisementData) -> None:
        if device.address == ADDRESS:
            heard.append(data.service_data[normalize_uuid_16(uuid)].hex())

    async with BleakScanner(on_advertisement, backend=hub.scanner):
        await scale.take({"weight": 72.35, "impedance": 503}, NOON)
        await scale.asleep()
    assert heard.count(settled) >= 2, "it repeats"
    before, after = heard[: heard.index(settled)], heard[heard.index(settled) :]
    control = 0 if generation == 1 else 1
    assert before
    assert all(not bytes.fromhex(f)[control] & 0x20 for f in before), "it moves before it stands"
    assert bytes.fromhex(after[-1])[control] & 0x80, "the load was taken off"


class Line:
    """The hub's end of a serial line."""

    def __init__(self, port: str) -> None:
        self.fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)

    async def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        data = b""
        async with asyncio.timeout(30):
            while len(data) < size:
                try:
                    data += os.read(self.fd, size - len(data))
                except BlockingIOError:
                    await asyncio.sleep(0.005)
        return data

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)


@pytest.fixture
async def serial(clock: DeviceClock, start: Start) -> Nonin9560:
    device = Nonin9560(clock, repeat_s=0.1)
    await start(device)
    return device


@pytest.fixture
def line(serial: Nonin9560) -> Iterator[Line]:
    opened = Line(serial.port)
    yield opened
    os.close(opened.fd)


async def test_nonin_9560_repeats_until_acknowledged(serial: Nonin9560, line: Line) -> None:
    stored = serial.store({"spo2": 97.0, "pulse": 72.0}, Civil(2026, 11, 20, 8, 30, 5))
    live = await serial.take({"spo2": 96.0, "pulse": 70.0}, Civil(2026, 11, 21, 8, 30, 5))
    first = await line.read(22)
    assert first.hex() == "0002000d000e20261120083005000210004800616f03"
    assert await line.read(22) == first
    assert serial.book.acknowledged == []
    line.write(nonin.ACK)
    second = await line.read(22)
    while second == first:
        second = await line.read(22)
    assert serial.book.acknowledged == [stored]
    assert second.hex() == "0002000d000e202611210830050002000046 0060 5d 03".replace(" ", "")
    line.write(nonin.ACK)
    await asyncio.wait_for(serial.asleep(), 30)
    assert serial.book.acknowledged == [stored, live]


async def test_nonin_9560_waits_for_a_host(serial: Nonin9560) -> None:
    await serial.take(VALUES)
    await asyncio.sleep(0.3)
    opened = Line(serial.port)
    try:
        assert len(await opened.read(22)) == 22
    finally:
        os.close(opened.fd)


async def test_nonin_9560_spoils_a_record_once(serial: Nonin9560, line: Line) -> None:
    serial.garble_next = True
    await serial.take(VALUES, NOON)
    spoilt, sound = await line.read(22), await line.read(22)
    assert sum(spoilt[6:-2]) & 0xFF != spoilt[-2]
    assert sum(sound[6:-2]) & 0xFF == sound[-2]


async def test_nonin_9560_answers_commands(serial: Nonin9560, line: Line) -> None:
    line.write(bytes.fromhex("027004020d008303"))
    assert await line.read(1) == nonin.ACK
    line.write(bytes.fromhex("0270040202007803"))
    assert await line.read(1) == nonin.NAK
    line.write(bytes.fromhex("027402020203"))
    assert (await line.read(15)).hex() == "02f40b02353031303030303031b903"
    line.write(bytes.fromhex("0272061a0b150c000003"))
    assert await line.read(1) == nonin.ACK
    line.write(bytes.fromhex("02720003"))
    answer = await line.read(10)
    assert answer[:7].hex() == "02f2061a0b150c"
    assert abs(serial.clock.now().civil_s - NOON.civil_s) <= 5
