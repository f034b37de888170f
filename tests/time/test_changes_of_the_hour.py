"""A year with both changes of the hour, in devices that show local time and know nothing of summer time (H06)."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.times import DAY_S, HOUR_S, World
from wardgate.clock import utc_from_s
from wardgate.intake.device_clock import zone_offset_s

CHANGES = {
    "Europe/London": (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
    "America/New_York": (datetime(2027, 3, 14, 7, 0, tzinfo=UTC), datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 10, 3, 15, 30, tzinfo=UTC), datetime(2027, 4, 3, 15, 0, tzinfo=UTC)),
}
"""To summer time, and back, as the tz database has them. Lord Howe moves by half an hour."""


@pytest.fixture(params=CHANGES)
def zone(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def around(at: datetime) -> list[float]:
    """Moments about a change, the repeated hour among them."""
    return [at.timestamp() + quarter * HOUR_S / 4 for quarter in range(-9, 10, 3)]


def test_the_changes_are_those_of_the_zone(zone: str) -> None:
    for at in CHANGES[zone]:
        before, after = (zone_offset_s(zoneinfo.ZoneInfo(zone), utc_from_s(at.timestamp() + s)) for s in (-1, 1))
        assert abs(after - before) in (HOUR_S, HOUR_S / 2)


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("change", [0, 1])
async def test_measurements_over_a_change(tmp_path: Path, zone: str, change: int, looks: bool) -> None:
    """Set the day before; measured all through the change; some told at once, some a day later."""
    world = World(tmp_path, zone)
    moments = around(CHANGES[zone][change])
    world.wall.true_s = moments[0] - DAY_S
    for device in world.devices.values():
        device.clock.shows(world.local_s(), world.wall.true_s)
    await world.start()
    await world.measures("scale", 80.0, looks=looks, sets=True)
    await world.measures("oximeter", 95.0, looks=looks, sets=True)
    for n, at_s in enumerate(moments):
        world.wall.true_s = at_s
        world.takes("scale", 80.0 + n / 10)
        await world.measures("oximeter", 95.0 + n % 3, looks=looks)
    world.wall.true_s = moments[-1] + DAY_S
    await world.measures("scale", 81.0, looks=looks)
    assert world.wrong() == []
    assert len(world.readings()) == 2 * len(moments) + 3
    if looks:
        assert max(r.time.uncertainty_s for r in world.readings()) < 60
    await world.close()


@pytest.mark.parametrize("change", [0, 1])
async def test_a_clock_nobody_ever_looked_at_is_doubted_by_the_hour(tmp_path: Path, zone: str, change: int) -> None:
    """In the repeated hour a local time is two moments: the uncertainty covers both."""
    world = World(tmp_path, zone)
    moments = around(CHANGES[zone][change])
    world.wall.true_s = moments[0] - DAY_S
    world.devices["oximeter"].clock.shows(world.local_s(), world.wall.true_s)
    await world.start()
    for n, at_s in enumerate(moments):
        world.wall.true_s = at_s
        await world.measures("oximeter", 90.0 + n, looks=False, sets=False)
    assert world.wrong() == []
    await world.close()


@pytest.mark.parametrize("change", [0, 1])
async def test_a_hub_that_learns_the_time_after_the_change(tmp_path: Path, zone: str, change: int) -> None:
    world = World(tmp_path, zone)
    moments = around(CHANGES[zone][change])
    world.wall.true_s = moments[0] - DAY_S
    for device in world.devices.values():
        device.clock.shows(world.local_s(), world.wall.true_s)
    await world.start()
    await world.measures("scale", 80.0, sets=True)
    await world.boots(-300 * DAY_S)
    for n, at_s in enumerate(moments):
        world.wall.true_s = at_s
        await world.measures("scale", 80.0 + n / 10, looks=n % 2 == 0)
    await world.syncs()
    assert world.wrong() == []
    assert all(r.time.uncertainty_s < 120 for r in world.readings())
    await world.close()
