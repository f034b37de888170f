"""The A&D cuff and scale over the in-process radio, through bleak."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_16

from tests.sim.conftest import NOON, Hub, Start, give_time
from wardgate_sim.backend import open_hub
from wardgate_sim.firmware.and_medical import AndCuff, AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
PRESSURE = normalize_uuid_16(0x2A35)
WEIGHT = normalize_uuid_16(0x2A9D)
VALUES = {"systolic": 135.0, "diastolic": 82.0, "mean": 99.0, "pulse": 72.0}


@pytest.fixture
async def cuff(link: Link, clock: DeviceClock, start: Start) -> AndCuff:
    device = AndCuff(link, ADDRESS, clock, grace_s=4.0, air_s=60.0)
    await start(device)
    return device


async def read_out(hub: Hub, device: AndCuff | AndScale, characteristic: str = PRESSURE) -> list[bytes]:
    """Serve the device until it hangs up by itself."""
    frames: list[bytes] = []
    gone = asyncio.Event()
    async with hub.client(await hub.find(device.address), gone=lambda _: gone.set()) as client:
        await client.start_notify(characteristic, lambda _, value: frames.append(bytes(value)))
        await give_time(client)
        await asyncio.wait_for(gone.wait(), 30)
    return frames


async def test_a_paired_cuff_sends_what_is_unsent_and_hangs_up(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    first = cuff.store(VALUES, NOON)
    second = await cuff.take({**VALUES, "systolic": 140.0}, NOON._replace(hour=13))

    frames = await read_out(hub, cuff)

    assert [f.hex() for f in frames] == [
        "16870052006300ea070b150c000048000000",
        "168c0052006300ea070b150d000048000000",
    ]
    assert cuff.book.acknowledged == [first, second]
    assert not cuff.unsent
    assert cuff.book.errors == []


async def test_a_scale_speaks_in_steps_of_five_grams(hub: Hub, link: Link, clock: DeviceClock, start: Start) -> None:
    scale = AndScale(link, ADDRESS, clock)
    await start(scale)
    await hub.pair(scale)
    await scale.take({"weight": 72.35}, NOON)

    assert [f.hex() for f in await read_out(hub, scale, WEIGHT)] == ["028638ea070b150c0000"]


async def test_it_is_silent_unless_woken(hub: Hub, cuff: AndCuff) -> None:
    cuff.store(VALUES)
    with pytest.raises(AssertionError, match="not on the air"):
        await hub.find(ADDRESS, timeout=0.5)


async def test_the_clock_it_was_given_is_the_clock_it_has(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    cuff.clock.offset_s = -86400 * 400
    await cuff.take(VALUES)
    await read_out(hub, cuff)
    assert abs(cuff.clock.now().civil_s - NOON.civil_s) <= 2


async def test_without_the_time_it_shows_an_error_and_keeps_the_reading(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    taken = await cuff.take(VALUES)
    gone = asyncio.Event()
    async with hub.client(await hub.find(ADDRESS), gone=lambda _: gone.set()) as client:
        await client.start_notify(PRESSURE, lambda _, __: None)
        await asyncio.wait_for(gone.wait(), 30)
    await cuff.asleep()
    assert cuff.book.errors == ["time"]
    assert list(cuff.unsent) == [taken]
    assert cuff.book.acknowledged == []


async def test_nothing_is_acknowledged_before_the_host_has_stored_it(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    cuff.store(VALUES)
    await cuff.take(VALUES)
    commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    def on_frame(_: object, value: bytearray) -> asyncio.Future[None]:
        arrived.put_nowait(bytes(value))
        return commit

    gone = asyncio.Event()
    async with hub.client(await hub.find(ADDRESS), gone=lambda _: gone.set()) as client:
        await client.start_notify(PRESSURE, on_frame)
        await give_time(client)
        await asyncio.wait_for(arrived.get(), 30)
        await client.read_gatt_char(normalize_uuid_16(0x2A08))
        assert cuff.book.acknowledged == []
        assert arrived.empty()
        commit.set_result(None)
        await asyncio.wait_for(gone.wait(), 30)
    assert len(cuff.book.acknowledged) == 2


async def test_a_failed_commit_is_never_confirmed(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    taken = await cuff.take(VALUES)
    failed = asyncio.Event()

    async def commit() -> None:
        failed.set()
        raise OSError("disk full")

    async with hub.client(await hub.find(ADDRESS)) as client:
        await client.start_notify(PRESSURE, lambda _, __: commit())
        await give_time(client)
        await asyncio.wait_for(failed.wait(), 30)
        await client.read_gatt_char(normalize_uuid_16(0x2A08))
    await cuff.asleep()
    assert list(cuff.unsent) == [taken]
    assert cuff.book.acknowledged == []


async def test_a_link_lost_mid_transfer_keeps_what_was_not_confirmed(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    stored = [cuff.store(VALUES) for _ in range(4)]
    await cuff.take(VALUES)
    cuff.faults.lose_link_after = 2
    await read_out(hub, cuff)
    await cuff.asleep()
    assert cuff.book.acknowledged[:2] == stored[:2]
    assert len(cuff.book.acknowledged) + len(cuff.unsent) == 5
    assert cuff.unsent
    assert cuff.book.errors == ["link"]

    await cuff.take(VALUES)
    await read_out(hub, cuff)
    await cuff.asleep()
    assert len(cuff.book.acknowledged) == 6
    assert not cuff.unsent


async def test_a_duplicate_dump_sends_what_was_acknowledged_before(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    await cuff.take(VALUES)
    once = await read_out(hub, cuff)
    await cuff.asleep()
    cuff.faults.resend_all = True
    await cuff.take({**VALUES, "pulse": 80.0})
    again = await read_out(hub, cuff)
    assert again[: len(once)] == once
    assert len(again) == 2


async def test_a_bond_outlives_the_hub(link: Link, cuff: AndCuff, tmp_path: Path) -> None:
    keys = tmp_path / "bonds.json"
    async with open_hub(link, keys=keys) as backend:
        await Hub(backend).pair(cuff)
    async with open_hub(link, keys=keys) as backend:
        hub = Hub(backend)
        assert await hub.bonded(ADDRESS)
        await cuff.take(VALUES)
        assert len(await read_out(hub, cuff)) == 1


async def test_a_device_that_forgot_its_bond_fails_authentication_and_can_be_paired_anew(
    hub: Hub, cuff: AndCuff
) -> None:
    await hub.pair(cuff)
    await cuff.forget_bonds()
    taken = await cuff.take(VALUES)
    client = hub.client(await hub.find(ADDRESS))
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await client.connect()
    assert not client.is_connected
    assert await hub.bonded(ADDRESS), "the hub never drops a bond by itself"
    await cuff.asleep()
    assert list(cuff.unsent) == [taken]

    await client.unpair()
    assert not await hub.bonded(ADDRESS)
    await hub.pair(cuff)
    await cuff.take(VALUES)
    assert len(await read_out(hub, cuff)) == 2


async def test_a_second_host_is_refused(link: Link, hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    await cuff.take(VALUES)
    async with open_hub(link, address="C0:FF:EE:00:00:02") as backend:
        other = Hub(backend)
        with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
            await other.client(await other.find(ADDRESS), pair=True).connect()
    await cuff.asleep()
    assert cuff.book.errors == ["host"]

    await cuff.take(VALUES)
    assert len(await read_out(hub, cuff)) == 2


async def test_pairing_with_a_second_host_ends_the_bond_with_the_first(link: Link, hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    async with open_hub(link, address="C0:FF:EE:00:00:02") as backend:
        await Hub(backend).pair(cuff)
        assert await cuff.bonded_hosts() == ["C0:FF:EE:00:00:02"]
    await cuff.take(VALUES)
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await hub.client(await hub.find(ADDRESS)).connect()


async def test_nothing_opens_without_a_bond(hub: Hub, cuff: AndCuff) -> None:
    await cuff.take(VALUES)
    async with hub.client(await hub.find(ADDRESS)) as client:
        with pytest.raises(BleakGATTProtocolError):
            await client.start_notify(PRESSURE, lambda _, __: None)
        with pytest.raises(BleakGATTProtocolError):
            await give_time(client)
        assert bytes(await client.read_gatt_char(normalize_uuid_16(0x2A19))) == bytes([100])


async def test_an_impossible_time_is_refused(hub: Hub, cuff: AndCuff) -> None:
    await hub.pair(cuff)
    await cuff.take(VALUES)
    async with hub.client(await hub.find(ADDRESS)) as client:
        with pytest.raises(BleakGATTProtocolError):
            await client.write_gatt_char(normalize_uuid_16(0x2A08), bytes.fromhex("ea070d200c0000"), response=True)


async def test_a_connection_that_does_not_come_times_out_and_leaves_nothing_behind(hub: Hub, cuff: AndCuff) -> None:
    await cuff.press_pairing_key()
    device = await hub.find(ADDRESS)
    cuff.sleep_now()
    await cuff.asleep()
    with pytest.raises(TimeoutError):
        await hub.client(device, timeout=0.3).connect()
    await hub.pair(cuff)


async def test_a_lost_link_fails_what_waits_and_is_told_once(hub: Hub, cuff: AndCuff) -> None:
    told: list[BleakClient] = []
    await cuff.press_pairing_key()
    async with hub.client(await hub.find(ADDRESS), pair=True, gone=told.append) as client:
        reading = asyncio.create_task(client.read_gatt_char(normalize_uuid_16(0x2A08)))
        await asyncio.sleep(0)
        cuff.lose_link()
        with pytest.raises(BleakError):
            await asyncio.wait_for(reading, 30)
        assert not client.is_connected
    assert len(told) == 1


async def test_of_two_hosts_that_come_at_once_one_gets_the_device(link: Link, hub: Hub, cuff: AndCuff) -> None:
    async with open_hub(link, address="C0:FF:EE:00:00:02") as backend:
        other = Hub(backend)
        await cuff.press_pairing_key()
        clients = [hub.client(await hub.find(ADDRESS)), other.client(await other.find(ADDRESS))]
        outcomes = await asyncio.gather(*(c.connect() for c in clients), return_exceptions=True)
        assert sorted(isinstance(o, BleakError) for o in outcomes) == [False, True]
        assert sorted(c.is_connected for c in clients) == [False, True]
        for client in clients:
            await client.disconnect()


async def test_pairing_mode_ends_when_nobody_came(hub: Hub, cuff: AndCuff) -> None:
    await cuff.press_pairing_key()
    cuff.sleep_now()
    await cuff.asleep()
    await cuff.take(VALUES)
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await hub.client(await hub.find(ADDRESS), pair=True).connect()


@pytest.mark.parametrize("steps", range(1, 8))
async def test_a_connection_that_is_given_up_at_any_moment_harms_nothing(steps: int, hub: Hub, cuff: AndCuff) -> None:
    await cuff.press_pairing_key()
    device = await hub.find(ADDRESS)
    cuff.sleep_now()
    await cuff.asleep()
    attempt = asyncio.create_task(hub.client(device).connect())
    for _ in range(steps):
        await asyncio.sleep(0)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(attempt, 30)
    await hub.pair(cuff)


@pytest.mark.parametrize("steps", range(1, 8))
async def test_a_cancellation_in_a_command_is_not_lost_and_harms_nothing(steps: int, hub: Hub, cuff: AndCuff) -> None:
    waking = asyncio.create_task(cuff.advertise())
    for _ in range(steps):
        await asyncio.sleep(0)
    waking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waking
    await hub.pair(cuff)
