"""A hub of another process, its radio behind a socket."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sim.conftest import NOON, Hub, Start
from tests.sim.test_and_medical import ADDRESS, VALUES, read_out
from wardgate_sim.backend import attach
from wardgate_sim.firmware.and_medical import AndCuff
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import HubDoor, Link


@pytest.fixture
async def door(link: Link) -> AsyncIterator[HubDoor]:
    door = HubDoor(link)
    yield door
    await door.close()


@pytest.fixture
async def cuff(link: Link, clock: DeviceClock, start: Start) -> AndCuff:
    device = AndCuff(link, ADDRESS, clock)
    await start(device)
    return device


@pytest.mark.parametrize("unix", [False, True])
async def test_a_hub_works_through_the_door_and_again_after_it_left(
    unix: bool, door: HubDoor, cuff: AndCuff, tmp_path: Path
) -> None:
    spec = await door.listen(tmp_path / "hci" if unix else None)
    keys = tmp_path / "bonds.json"
    async with attach(spec, keys=keys) as backend:
        await Hub(backend).pair(cuff)
    async with attach(spec, keys=keys) as backend:
        await cuff.take(VALUES, NOON)
        frames = await read_out(Hub(backend), cuff)
    assert [f.hex() for f in frames] == ["16870052006300ea070b150c000048000000"]
    assert door.attached == 2


async def test_a_killed_hub_loses_nothing(door: HubDoor, cuff: AndCuff, tmp_path: Path) -> None:
    spec = await door.listen()
    keys = tmp_path / "bonds.json"
    async with attach(spec, keys=keys) as backend:
        await Hub(backend).pair(cuff)
    taken = await cuff.take(VALUES, NOON)

    script = Path(__file__).parent / "hub_that_dies.py"
    victim = await asyncio.create_subprocess_exec(
        sys.executable, str(script), spec, str(keys), ADDRESS, stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    line = await asyncio.wait_for(victim.stdout.readline(), 60)
    assert line.decode().strip() == "16870052006300ea070b150c000048000000"
    assert cuff.book.acknowledged == []
    victim.kill()
    await victim.wait()
    await asyncio.wait_for(cuff.asleep(), 30)
    assert cuff.book.errors == ["link"]
    assert list(cuff.unsent) == [taken]

    async with attach(spec, keys=keys) as backend:
        cuff.wake(60)
        assert len(await read_out(Hub(backend), cuff)) == 1
    assert cuff.book.acknowledged == [taken]


async def test_the_newest_host_wins(door: HubDoor, cuff: AndCuff) -> None:
    spec = await door.listen()
    async with attach(spec), attach(spec) as backend:
        await Hub(backend).pair(cuff)
    assert await cuff.bonded_hosts()


async def test_noise_at_the_door_is_turned_away(door: HubDoor, cuff: AndCuff) -> None:
    spec = await door.listen()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(spec.rpartition(":")[2]))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
    async with attach(spec) as backend:
        await Hub(backend).pair(cuff)
    assert await cuff.bonded_hosts()
