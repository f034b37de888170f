"""Devices whose clocks are wrong, start over, stand still or run ahead, with a hub that may not know the time (H06)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.times import DAY_S, HOUR_S, YEAR_S, World
from wardgate.intake.dating import UNTRUSTED


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.start()
    yield made
    await made.close()


@pytest.mark.parametrize("off_s", [-30 * DAY_S, 5000.0, 40 * DAY_S, 10 * YEAR_S])
@pytest.mark.parametrize("known", [True, False])
async def test_a_wrong_clock_that_is_looked_at_is_as_good_as_a_right_one(
    world: World, off_s: float, known: bool
) -> None:
    world.devices["scale"].clock.shows(world.local_s() + off_s, world.wall.true_s)
    if not known:
        await world.boots(-8 * YEAR_S)
    world.takes("scale", 80.0)
    world.go(2 * DAY_S)
    await world.measures("scale", 80.2)
    await world.syncs()
    assert world.wrong() == []
    assert all(r.time.uncertainty_s < 90 for r in world.readings())


@pytest.mark.parametrize("known", [True, False])
async def test_a_clock_that_starts_over_with_a_new_battery(world: World, known: bool) -> None:
    await world.measures("scale", 80.0, sets=True)
    world.go(DAY_S)
    world.takes("scale", 80.1)
    world.go(DAY_S)
    world.devices["scale"].clock.shows(0.0, world.wall.true_s)
    if not known:
        await world.boots(10 * YEAR_S)
    world.go(HOUR_S)
    world.takes("scale", 80.2)
    world.go(HOUR_S)
    await world.measures("scale", 80.3)
    await world.syncs()
    assert world.wrong() == []
    assert len(world.readings()) == 4


@pytest.mark.parametrize("known", [True, False])
async def test_a_clock_that_stands_still_dates_nothing(world: World, known: bool) -> None:
    await world.measures("scale", 80.0)
    world.devices["scale"].clock.stops(world.wall.true_s)
    await world.measures("scale", 80.1)
    if not known:
        await world.boots(-8 * YEAR_S)
    for n in range(3):
        world.go(DAY_S)
        world.takes("scale", 80.2 + n / 10)
        world.go(DAY_S)
        await world.measures("scale", 80.6 + n / 10)
    await world.syncs()
    assert world.wrong() == []
    late = [r for r in world.readings() if r.quantities[0].value > 80.15]
    assert all(UNTRUSTED in r.quality.flags for r in late)


async def test_what_was_set_runs_again(world: World) -> None:
    """A clock that stood still and takes a time is as good as any other."""
    await world.measures("scale", 80.0)
    world.devices["scale"].clock.stops(world.wall.true_s)
    world.go(DAY_S)
    await world.measures("scale", 80.1, sets=True)
    world.devices["scale"].clock.runs = True
    world.go(DAY_S)
    await world.measures("scale", 80.2)
    assert world.wrong() == []
    newest = world.readings()[-1]
    assert UNTRUSTED not in newest.quality.flags
    assert newest.time.uncertainty_s < 60


async def test_a_clock_without_the_hubs_time_is_set_by_nobody(world: World) -> None:
    await world.boots(-8 * YEAR_S)
    sink = world.intake.sink(world.known.known[0])
    assert sink.clock_target() is None
    await world.syncs()
    assert sink.clock_target() is not None
    world.wall.disciplined = False
    world.go(30 * DAY_S)
    assert world.clock.doubt_s() > 30
    assert sink.clock_target() is None, "half a minute of doubt is too much to set a clock by"
