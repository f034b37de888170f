"""The wall clock is moved while the hub runs, the boot-time clock is not (H07): dates, alerts and ids are the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.times import BEGIN, DAY_S, HOUR_S, YEAR_S, WallClock, World
from wardgate.clock import HUB_DRIFT, Line, SteadyClock
from wardgate.contract.messages import Alert


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.start()
    yield made
    await made.close()


async def a_story(world: World, error_s: float, disciplined: bool) -> list[Alert]:
    """A week with a low saturation and a gain of weight; in the middle of it the wall clock is moved, and back."""
    for n in range(10):
        if n == 4:
            world.wall.error_s, world.wall.disciplined = error_s, disciplined
        await world.measures("plain", 84.0 if n == 6 else 80.0)
        await world.measures("oximeter", 83.0 if n == 5 else 96.0)
        await world.tick()
        if n == 8:
            world.wall.syncs()
        world.go(DAY_S)
    return world.alerts()


@pytest.mark.parametrize(
    ("error_s", "disciplined"), [(-8 * YEAR_S, True), (-8 * YEAR_S, False), (8 * YEAR_S, True), (3 * HOUR_S, False)]
)
async def test_the_same_alerts(tmp_path: Path, error_s: float, disciplined: bool) -> None:
    told = []
    for name, off_s in (("calm", 0.0), ("moved", error_s)):
        (tmp_path / name).mkdir()
        world = World(tmp_path / name)
        await world.start()
        alerts = await a_story(world, off_s, disciplined or off_s == 0.0)
        told.append([(a.id, a.revision, a.state, a.kind, a.sentence, a.readings, a.raised) for a in alerts])
        assert world.wrong() == []
        assert all(r.revision == 1 and r.time.synchronised for r in world.readings())
        await world.close()
    assert told[0] == told[1]
    assert {state for _, _, state, *_ in told[0]} == {"raised", "resolved"}


async def test_the_program_starts_again_while_the_clock_is_wrong(world: World) -> None:
    await world.tick()
    world.wall.error_s, world.wall.disciplined = -8 * YEAR_S, False
    world.go(HOUR_S)
    await world.restart()
    id_ = await world.measures("scale", 80.0)
    assert world.reading(id_).time.synchronised
    assert world.wrong() == []


def test_a_clock_that_is_moved_is_not_followed_and_says_so() -> None:
    wall = WallClock()
    clock = SteadyClock(wall)
    before = clock.utc()
    wall.true_s += 10.0
    wall.error_s = -8 * YEAR_S
    assert (clock.utc() - before).total_seconds() == pytest.approx(10.0, abs=1e-3)
    assert clock.moved_s == pytest.approx(-8 * YEAR_S)
    wall.true_s += 10.0
    wall.error_s = 0.0
    assert clock.moved_s == 0.0


def test_a_clock_without_a_server_says_how_far_it_may_be_off() -> None:
    wall = WallClock()
    clock = SteadyClock(wall)
    assert clock.synchronised()
    wall.disciplined, wall.ppm = False, 90.0
    for _ in range(30):
        wall.true_s += DAY_S
        off_s = abs(clock.utc().timestamp() - wall.true_s)
        assert off_s <= clock.doubt_s()
    assert clock.doubt_s() == pytest.approx(HUB_DRIFT * 30 * DAY_S, rel=0.01)
    wall.disciplined = True
    wall.true_s += 1.0
    assert clock.utc().timestamp() == pytest.approx(wall.true_s, abs=0.01), "a slew of minutes in a month is no jump"
    assert clock.doubt_s() == 0.0


def test_what_an_earlier_run_knew_counts_for_its_own_boot_alone() -> None:
    wall = WallClock()
    wall.boots(-8 * YEAR_S)
    wall.true_s += 100.0
    clock = SteadyClock(wall)
    clock.recall([Line("another-boot", 1.0, BEGIN.timestamp())])
    assert not clock.synchronised()
    clock.recall([Line(wall.boot_id(), 1e9, BEGIN.timestamp())])
    assert not clock.synchronised(), "not of this boot: it has not come so far"
    clock.recall([Line(wall.boot_id(), 5.0, BEGIN.timestamp())])
    assert clock.synchronised()
    assert clock.utc().timestamp() == pytest.approx(wall.true_s)


def test_a_disciplined_clock_is_believed_against_what_an_earlier_run_knew() -> None:
    wall = WallClock()
    wall.boots(0.0, disciplined=True)
    wall.true_s += 100.0
    clock = SteadyClock(wall)
    clock.recall([Line(wall.boot_id(), 5.0, BEGIN.timestamp() - YEAR_S)])
    assert clock.utc().timestamp() == pytest.approx(wall.true_s)
