"""Hubs that boot without the time (H06): dated by the boot's own clock as soon as the time is known, and published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.times import BEGIN, DAY_S, HOUR_S, YEAR_S, World, is_unknown
from wardgate.clock import EPOCH, utc_from_s
from wardgate.contract.messages import Alert, Reading

WRONG = {
    "1970": EPOCH.timestamp() - BEGIN.timestamp(),
    "2018": -8 * YEAR_S,
    "yesterday": -DAY_S,
    "in ten years": 10 * YEAR_S,
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.start()
    yield made
    await made.close()


@pytest.fixture(params=WRONG)
def error_s(request: pytest.FixtureRequest) -> float:
    return WRONG[request.param]


async def test_a_damaged_text_keeps_no_other_from_its_date(world: World) -> None:
    await world.boots(-8 * YEAR_S)
    ids = [await world.measures("scale", 80.0 + n / 10) for n in range(3)]
    seq = world.reading(ids[1]).seq
    await world.store.write(lambda c: c.execute("UPDATE messages SET payload = x'7b' WHERE seq = ?", (seq,)))
    assert [r.id for r in await world.syncs()] == [ids[0], ids[2]]
    assert world.store.read.undated(0, 10) == []
    assert world.events("readings-not-dated") == 1


@pytest.fixture(params=["1970", "in ten years"])
def far_s(request: pytest.FixtureRequest) -> float:
    """So wrong that the clock itself makes no sense beside what is stored."""
    return WRONG[request.param]


async def test_what_came_before_the_time_was_known_is_dated_after(world: World, error_s: float) -> None:
    await world.boots(error_s, ppm=80)
    ids = []
    for n in range(6):
        ids += [await world.measures("scale", 80.0 + n / 10), await world.measures("plain", 81.0)]
        world.go(HOUR_S)
    first = {i: world.reading(i) for i in ids}
    assert all(is_unknown(r) and r.revision == 1 for r in first.values())
    assert len(await world.deliver()) == 12

    assert len(await world.syncs()) == 12
    for id_, before in first.items():
        now = world.reading(id_)
        assert not is_unknown(now)
        assert (now.revision, now.corrected is not None and now.corrected.previous) == (2, before.time.taken)
        assert now.quantities == before.quantities
        assert now.time.uncertainty_s < 180
    assert world.wrong() == []
    shown = await world.deliver()
    assert sorted(r.id for r in shown) == sorted(ids)
    assert [r for r in shown if isinstance(r, Reading) and r.revision != 2] == []
    assert world.events("readings-dated") == 1
    assert await world.tick() == ()
    newest = await world.ward.reading("hub-1", ids[0])
    assert newest is not None
    assert newest.time.taken == world.reading(ids[0]).time.taken


async def test_a_device_clock_looked_at_by_a_wrong_hub_is_known_by_the_true_time(world: World, error_s: float) -> None:
    world.devices["scale"].clock.shows(world.local_s() + 5000.0, world.wall.true_s)
    await world.boots(error_s)
    world.takes("scale", 80.0)
    world.go(3 * DAY_S)
    id_ = await world.measures("scale", 80.2)
    await world.syncs()
    offset_s = world.reading(id_).time.device_offset_s
    assert offset_s == pytest.approx(HOUR_S + 5000.0, abs=3)  # British summer time
    assert world.known.row("scale").clock_offset_s == pytest.approx(HOUR_S + 5000.0, abs=3)
    assert world.wrong() == []
    assert all(r.time.uncertainty_s < 60 and not is_unknown(r) for r in world.readings())
    assert [r.backfill for r in world.readings()] == [True, False]


async def test_a_restart_within_the_boot_changes_nothing(world: World, far_s: float) -> None:
    await world.boots(far_s)
    ids = [await world.measures("scale", 80.0)]
    await world.restart()
    ids.append(await world.measures("scale", 80.3))
    await world.restart()
    world.wall.syncs()
    await world.restart()  # the program that finds the time known never saw it unknown
    assert [world.reading(i).revision for i in ids] == [2, 2]
    assert world.wrong() == []
    await world.restart()
    assert [world.reading(i).revision for i in ids] == [2, 2]
    assert await world.tick() == ()


async def test_a_power_cut_between_the_time_and_the_last_date(world: World, far_s: float) -> None:
    """The line of the boot is on the disk before anything is dated by it: the next boot goes on."""
    await world.boots(far_s)
    ids = [await world.measures("scale", 80.0 + n / 10) for n in range(5)]
    world.wall.syncs()

    class Cut(Exception):
        pass

    put, cuts = world.store.correct_reading, iter([False, False, True])

    def cut(reading: Reading) -> object:
        if next(cuts):
            raise Cut
        return put(reading)

    world.store.correct_reading = cut  # type: ignore[method-assign,assignment]  # the power goes here
    with pytest.raises(Cut):
        await world.tick()
    assert [world.reading(i).revision for i in ids] == [2, 2, 1, 1, 1]
    world.go(HOUR_S)
    await world.boots(0.0, disciplined=True)
    assert [world.reading(i).revision for i in ids] == [2] * 5
    assert world.wrong() == []
    shown = await world.deliver()
    assert len({(r.id, r.revision) for r in shown}) == len(shown) == 10


async def test_a_boot_that_never_knew_the_time_stays_marked(world: World, far_s: float) -> None:
    await world.boots(far_s)
    id_ = await world.measures("plain", 80.0)
    world.go(2 * DAY_S)
    await world.boots(0.0, disciplined=True)
    assert is_unknown(world.reading(id_))
    assert world.reading(id_).revision == 1
    assert world.events("readings-not-dated") == 1
    await world.restart()
    assert world.events("readings-not-dated") == 1
    row = world.known.row("plain")
    assert row.last_reading is None or row.last_reading <= world.clock.utc()


async def test_a_boot_that_never_knew_the_time_is_dated_by_a_device_clock_that_ran_on(
    world: World, far_s: float
) -> None:
    await world.measures("scale", 80.0, sets=True)
    world.go(DAY_S)
    await world.boots(far_s)
    id_ = await world.measures("scale", 80.1)
    assert is_unknown(world.reading(id_))
    world.go(DAY_S)
    await world.boots(0.0, disciplined=True)
    assert is_unknown(world.reading(id_)), "nobody has looked at the device's clock since"
    await world.measures("scale", 80.2)
    await world.tick()
    found = world.reading(id_)
    assert found.corrected is not None
    assert found.corrected.reason == "device-clock"
    assert not is_unknown(found)
    assert world.wrong() == []


async def test_a_device_clock_that_was_touched_in_between_dates_nothing(world: World, far_s: float) -> None:
    await world.measures("scale", 80.0, sets=True)
    world.go(DAY_S)
    await world.boots(far_s)
    id_ = await world.measures("scale", 80.1)
    world.go(DAY_S)
    world.devices["scale"].clock.shows(world.local_s() + 1200.0, world.wall.true_s)
    await world.boots(0.0, disciplined=True)
    await world.measures("scale", 80.2)
    await world.tick()
    assert is_unknown(world.reading(id_))
    assert world.events("readings-not-dated") == 1


# What the watch makes of it


async def twelve_days(world: World) -> None:
    """Twelve mornings at 80 kg."""
    for n in range(12):
        await world.measures("plain", 80.0 + 0.1 * (n % 3), sets=True)
        world.go(DAY_S)


async def test_a_gain_that_nobody_could_place_is_told_once_the_time_is_known(world: World, far_s: float) -> None:
    await twelve_days(world)
    await world.boots(far_s)
    id_ = await world.measures("plain", 84.5)
    assert [a for a in world.alerts() if a.kind == "weight-gain"] == []
    world.go(600.0)
    await world.syncs()
    raised = [a for a in world.alerts() if a.kind == "weight-gain"]
    assert [(a.state, a.readings[-1]) for a in raised] == [("raised", id_)]
    assert abs(raised[0].raised - world.clock.utc()) < timedelta(seconds=5)
    for _ in range(2):
        await world.restart()
    assert world.alerts() == raised


async def test_what_is_dated_days_later_raises_nothing(world: World, far_s: float) -> None:
    await twelve_days(world)
    await world.boots(far_s)
    await world.measures("plain", 84.5)
    world.go(3 * DAY_S)
    await world.syncs()
    assert world.alerts() == []


async def test_what_is_no_longer_the_newest_raises_nothing(world: World, far_s: float) -> None:
    await twelve_days(world)
    await world.boots(far_s)
    await world.measures("plain", 84.5)
    world.go(600.0)
    await world.measures("plain", 80.1)
    await world.syncs()
    assert [a for a in world.alerts() if a.kind == "weight-gain"] == []


async def test_a_rule_on_trial_goes_on_over_what_is_known_now(world: World, far_s: float) -> None:
    """A kilogram and more from yesterday, which came from a hub without the time, to today."""
    await twelve_days(world)
    await world.boots(far_s)
    await world.measures("plain", 78.9)
    assert world.shadows.trials()[0].kept.raised == 0
    await world.syncs()
    world.go(DAY_S)
    await world.measures("plain", 80.1)
    assert world.shadows.trials()[0].kept.raised == 1
    assert world.alerts() == []


async def test_since_when_a_rule_is_on_trial_is_known_once_the_time_is(tmp_path: Path, error_s: float) -> None:
    """It began at the hub's first start, by a wrong clock: it is reported a day later, not at once and not in years."""
    world = World(tmp_path, error_s=error_s)
    await world.start()
    began_s = world.wall.true_s
    for _ in range(3):
        world.go(HOUR_S)
        await world.shadows.report()
    await world.syncs()
    await world.shadows.report()
    (trial,) = world.shadows.trials()
    assert abs(trial.kept.since.timestamp() - began_s) < 1.0
    world.go(20 * HOUR_S)
    await world.shadows.report()
    assert world.events("shadow-summary") == 0
    world.go(2 * HOUR_S)
    await world.shadows.report()
    assert world.events("shadow-summary") == 1
    await world.close()


@pytest.mark.parametrize("another_boot", [False, True])
async def test_what_was_noted_before_the_time_was_known_is_dated_after(
    world: World, error_s: float, another_boot: bool
) -> None:
    """A change of treatment belongs to the readings after it, and to none before."""
    await world.measures("scale", 80.0)
    await world.boots(error_s)
    world.go(600)
    noted_s = world.wall.true_s
    assert await world.watcher.note("diuretic_up")
    world.go(HOUR_S)
    if another_boot:
        await world.boots(error_s)
        noted_s = world.wall.true_s - 5.0
    await world.syncs()
    ((at_s, note),) = world.watcher.therapy.notes
    assert note == "diuretic_up"
    assert abs(at_s - noted_s) < 1.0
    assert not await world.watcher.date_notes(), "once"
    await world.restart()
    assert world.watcher.therapy.notes == [(at_s, note)]


async def test_a_device_that_was_heard_in_ten_years_was_not(world: World) -> None:
    """What a clock that was ahead noted must not stand in the way of what comes, nor look like today for years."""
    await world.boots(WRONG["in ten years"])
    await world.measures("scale", 80.0)
    world.known.change("scale", last_heard=world.clock.utc())
    world.known.change("oximeter", last_heard=world.clock.utc())
    await world.boots(0.0, disciplined=True)
    await world.tick()
    now = world.clock.utc()
    assert all(
        (heard := world.known.row(name).last_heard) is not None and heard <= now for name in ("scale", "oximeter")
    )


async def test_an_open_alert_keeps_its_id_and_gets_its_time(world: World, far_s: float) -> None:
    await world.boots(far_s)
    began = utc_from_s(world.wall.true_s)
    id_ = await world.measures("oximeter", 82.0)
    (raised,) = world.alerts()
    assert abs(raised.raised - began) > timedelta(hours=20)
    world.go(1800.0)
    await world.syncs()
    before, after = world.alerts()
    assert (before, after.id, after.revision) == (raised, raised.id, 2)
    assert (after.state, after.priority, after.readings) == (raised.state, raised.priority, raised.readings)
    assert after.worse_revision == raised.worse_revision, "nothing became worse"
    assert after.corrected is not None
    assert after.corrected.previous == raised.raised
    assert abs(after.raised - began) < timedelta(seconds=30)
    assert world.reading(id_).revision == 2
    await world.restart()
    await world.tick()
    assert len(world.alerts()) == 2
    shown = [m for m in await world.deliver() if isinstance(m, Alert)]
    assert [(a.id, a.revision) for a in shown] == [(raised.id, 1), (raised.id, 2)]


async def test_a_hub_that_does_not_know_the_time_ends_no_alert(world: World) -> None:
    """Ahead by ten years, two good readings would seem to lie a day and more after the bad one."""
    await world.measures("oximeter", 82.0)
    world.go(600.0)
    await world.boots(10 * YEAR_S)
    for _ in range(3):
        await world.measures("oximeter", 97.0)
    assert [a.state for a in world.alerts()] == ["raised"]
    await world.syncs()
    assert {a.state for a in world.alerts()} == {"raised"}
    world.go(1.1 * DAY_S)
    for _ in range(2):
        await world.measures("oximeter", 97.0)
    assert world.alerts()[-1].state == "resolved"


async def test_a_weight_of_somebody_else_is_not_the_patients_for_want_of_the_time(world: World) -> None:
    await world.boots(-8 * YEAR_S)
    for n in range(4):
        await world.measures("plain", 80.0 + n / 10)
        world.go(DAY_S)
    id_ = await world.measures("plain", 58.0)
    assert world.reading(id_).attribution == "assigned", "nobody could say what was usual when"
    await world.syncs()
    found = world.reading(id_)
    assert (found.attribution, found.patient) == ("unattributed", None)
    assert "80.1 kg" in (found.attribution_reason or "") or "80.2 kg" in (found.attribution_reason or "")


async def test_what_was_usual_last_counts_while_the_time_is_not_known(world: World) -> None:
    await twelve_days(world)
    await world.boots(-8 * YEAR_S)
    id_ = await world.measures("plain", 58.0)
    assert world.reading(id_).attribution == "unattributed"
    await world.syncs()
    assert world.reading(id_).attribution == "unattributed"
    assert world.alerts() == []


async def test_the_first_revision_says_so(world: World, far_s: float) -> None:
    await world.boots(far_s)
    id_ = await world.measures("scale", 80.0)
    payload = msgspec.json.decode(world.store.next_rows(1, 0, 10)[-1].payload)  # type: ignore[arg-type]
    assert (payload["id"], payload["revision"], payload["corrected"]) == (id_, 1, None)
    assert payload["time"]["synchronised"] is False
