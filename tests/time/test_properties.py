"""Whatever the clocks of a home do, in whatever order: every date is within its stated uncertainty (H06)."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.times import DAY_S, HOUR_S, YEAR_S, SimDevice, World
from wardgate.contract.messages import Reading

EXAMPLES: Final = int(os.environ.get("WARDGATE_CLOCK_STORIES", "8"))
SPANS_S: Final = (40.0, 600.0, 5 * HOUR_S, DAY_S, 9 * DAY_S)
WRONG_S: Final = (-56 * YEAR_S, -8 * YEAR_S, -DAY_S, -HOUR_S, 700.0, 30 * DAY_S, 10 * YEAR_S)
TOUCHES_S: Final = (-400 * DAY_S, -DAY_S, -HOUR_S, 300.0, HOUR_S, 12 * DAY_S, 9 * YEAR_S)
ACTIONS: Final = (
    "go", "go", "go", "take", "take", "take", "meet", "meet", "meet", "boot", "sync", "sync", "restart", "jump",
    "lose server", "touch", "reset", "stop", "run",
)  # fmt: skip
DEVICES: Final = ("scale", "oximeter", "plain")


async def live(path: Path, actions: list[str], rng: random.Random) -> None:
    world = World(path, rng.choice(("Europe/London", "America/New_York")))
    world.wall.true_s += rng.uniform(0, 365) * DAY_S
    await world.start()
    for device in DEVICES:
        await world.measures(device, 90.0, sets=True)
    shown: Counter[tuple[str, int]] = Counter()
    for action in actions:
        await act(world, action, rng)
        if rng.random() < 0.2:
            shown.update((m.id, m.revision) for m in await world.deliver() if isinstance(m, Reading))
    await world.syncs()
    for device in DEVICES:
        world.go(HOUR_S)
        await world.session(device)
    await world.tick()
    shown.update((m.id, m.revision) for m in await world.deliver() if isinstance(m, Reading))
    readings = world.readings()
    assert world.wrong() == []
    assert len({r.id for r in readings}) == len(readings) == len({r.frame for r in readings})
    assert set(shown.values()) == {1}
    assert shown.keys() == {(r.id, n) for r in readings for n in range(1, r.revision + 1)}
    for reading in readings:
        assert await world.ward.reading("hub-1", reading.id) == reading
    await world.close()


async def act(world: World, action: str, rng: random.Random) -> None:
    device = world.devices[rng.choice(DEVICES)]
    match action:
        case "go":
            world.go(rng.choice(SPANS_S) * rng.uniform(1.0, 1.5))
            await world.tick()
        case "take" if device.name != "plain":
            world.takes(device.name, rng.randint(80, 99))
            world.go(rng.uniform(61.0, 100.0))
        case "meet":
            await meet(world, device.name, rng)
        case "boot":
            await world.boots(rng.choice(WRONG_S), ppm=rng.uniform(-90, 90))
        case "sync":
            await world.syncs()
        case "restart":
            await world.restart()
        case "jump":
            world.wall.error_s, world.wall.disciplined = rng.choice(WRONG_S), False
        case "lose server":
            world.wall.disciplined = False
        case _ if device.name != "plain" and not device.memory:
            touch(world, device, action, rng)


async def meet(world: World, device: str, rng: random.Random) -> None:
    if device == "plain":  # it advertises now or never
        await world.measures("plain", rng.randint(80, 99) + rng.random())
        return
    world.go(rng.uniform(5.0, 60.0))
    await world.session(device, sets=rng.random() < 0.5)


def touch(world: World, device: SimDevice, action: str, rng: random.Random) -> None:
    """Somebody does something to a device's clock. What it keeps at that moment nobody could date afterwards."""
    now_s = world.wall.true_s
    if action == "stop" and not device.looked_at:
        return  # the first look at a clock cannot tell that it has stopped, only the second
    device.looked_at = action == "stop"
    match action:
        case "touch":
            device.clock.shows(device.clock.civil_s(now_s) + rng.choice(TOUCHES_S), now_s)
        case "reset":
            device.clock.shows(rng.choice((0.0, 1_546_300_800.0)), now_s)
        case "stop":
            device.clock.stops(now_s)
            world.go(HOUR_S)
        case _:
            device.clock.shows(device.clock.civil_s(now_s), now_s)
            device.clock.runs = True


@settings(max_examples=EXAMPLES, deadline=None)
@given(actions=st.lists(st.sampled_from(ACTIONS), min_size=5, max_size=30), seed=st.integers(0, 2**32))
def test_every_date_is_within_its_uncertainty(actions: list[str], seed: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(live(Path(directory), actions, random.Random(seed)))
