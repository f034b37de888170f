"""An old measurement that comes without a word that it is old: it counts as one of now only if its stamp says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.hub.conftest import Bench, a_config, bench
from wardgate.clock import EPOCH
from wardgate.config import Device
from wardgate.intake.dating import UNTRUSTED, Arrival, Dated, date
from wardgate.intake.device_clock import LEADS_KEPT, Leads
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.yonker_cuff import YonkerCuff
from wardgate_sim.radio import Link

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BEHIND = timedelta(days=5, hours=3)
"""How far the clock is off."""
LIVE_S = 120.0
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "pulse": 72.0}
ADDRESS = "F0:00:00:00:00:01"


def arrival(at: datetime, *, synchronised: bool = True) -> Arrival:
    return Arrival(at, "boot", 1000.0, synchronised)


def stamp(shown: datetime) -> DeviceTime:
    """What the clock showed, to the minute."""
    return DeviceTime((shown.replace(second=0) - EPOCH).total_seconds())


def dated(shown: datetime, leads: Leads, at: datetime = NOW, *, synchronised: bool = True) -> Dated:
    return date(
        arrival(at, synchronised=synchronised),
        stamp(shown),
        (),
        zone_offset_s=0.0,
        stored=False,
        live_s=LIVE_S,
        memory=True,
        last_reading_s=None,
        resolution_s=60.0,
        may_replay=True,
        leads=leads.earlier,
    )


def after(*sessions: tuple[datetime, datetime]) -> Leads:
    """What is remembered after sessions at these times, with these newest stamps."""
    leads = Leads(())
    for at, shown in sessions:
        measurement = Measurement(Channel.BLOOD_PRESSURE, Outcome.DECODE, (), b"", stamp(shown))
        assert leads.note(measurement, arrival(at))
        leads = Leads(leads.all)
    return leads


@pytest.mark.parametrize("old", [5 * DAY, 500 * DAY, -3 * DAY])
def test_the_first_that_is_ever_heard_is_old_unless_its_stamp_is_of_now(old: timedelta) -> None:
    found = dated(NOW - old, after())
    assert found.backfill
    assert UNTRUSTED in found.flags
    assert found.uncertainty_s >= min(abs(old), DAY).total_seconds()
    fresh = dated(NOW - timedelta(seconds=50), after())
    assert (fresh.backfill, fresh.flags) == (False, ())


def test_a_clock_that_is_wrong_by_the_same_as_ever_tells_what_is_of_now() -> None:
    leads = after((NOW - DAY, NOW - DAY - BEHIND))
    live = dated(NOW - BEHIND, leads)
    assert not live.backfill
    assert (live.taken, live.basis, live.flags) == (NOW, "arrival", (UNTRUSTED,))
    assert live.uncertainty_s <= 2 * LIVE_S + 60
    replay = dated(NOW - BEHIND - timedelta(hours=7), leads)
    assert replay.backfill


def test_a_replay_does_not_teach_that_replays_are_of_now() -> None:
    """Old, then old again and a day older or younger: neither is as old as the other was when it came."""
    leads = after((NOW - DAY, NOW - 6 * DAY))
    assert dated(NOW - 5 * DAY - timedelta(hours=7), leads).backfill
    assert dated(NOW - 6 * DAY - timedelta(hours=1), leads).backfill


def test_one_sitting_told_in_two_sessions_is_as_old_as_it_was() -> None:
    """A link that broke between two old measurements of one sitting, a minute apart."""
    leads = after((NOW - timedelta(seconds=60), NOW - 6 * DAY - timedelta(seconds=60)))
    assert dated(NOW - 6 * DAY, leads).backfill


def test_a_clock_that_was_moved_is_known_again_after_one_session() -> None:
    moved = [(NOW - n * DAY, NOW - n * DAY - BEHIND) for n in (4, 3, 2)]
    assert dated(NOW - DAY - 900 * DAY, after(*moved), NOW - DAY).backfill
    assert not dated(NOW - 900 * DAY, after(*moved, (NOW - DAY, NOW - DAY - 900 * DAY))).backfill


def test_a_hub_that_does_not_know_the_time_cannot_tell_either() -> None:
    assert dated(NOW - BEHIND, after((NOW - DAY, NOW - DAY - BEHIND)), synchronised=False).backfill


def test_a_stamp_from_the_future_tells_that_the_others_are_too_young() -> None:
    """The newest of a memory says the day after tomorrow: what says today is of two days ago."""
    ahead = 2 * DAY
    newest = Leads(())
    newest.note(Measurement(Channel.BLOOD_PRESSURE, Outcome.DECODE, (), b"", stamp(NOW + ahead)), arrival(NOW))
    found = date(
        arrival(NOW), stamp(NOW), (), zone_offset_s=0.0, stored=False, live_s=LIVE_S, memory=True, last_reading_s=None,
        resolution_s=60.0, may_replay=True, newest_lead_s=newest.newest_s,
    )  # fmt: skip
    assert found.backfill
    assert abs((found.taken - (NOW - ahead)).total_seconds()) <= 60.0
    assert UNTRUSTED in found.flags


def test_some_sessions_are_remembered() -> None:
    many = after(*((NOW - n * DAY, NOW - n * DAY - BEHIND) for n in range(20, 0, -1)))
    assert len(many.earlier) == LEADS_KEPT


def _has(home: Bench, systolic: float) -> bool:
    return any(r.quantities[0].value == systolic for r in home.readings())


async def test_yonker_that_tells_one_old_result(tmp_path: Path) -> None:
    link, clock = Link(), LeapClock()
    cuff = YonkerCuff(link, ADDRESS, DeviceClock(lambda: clock.utc().timestamp() - 9000.0), linger_s=0.2)
    await cuff.start()
    settings = a_config(tmp_path, Device(id="cuff", model=cuff.MODEL, address=ADDRESS))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        cuff.store(PRESSURE, cuff.clock.at(clock.utc().timestamp() - 9000.0 - 5 * 86400))
        cuff.wake(20.0)
        await home.until(lambda: len(home.readings()) == 1)
        await cuff.asleep()
        for systolic in (122.0, 123.0):
            clock.leap_to(clock.utc() + DAY)
            await cuff.take({**PRESSURE, "systolic": systolic})
            await home.until(partial(_has, home, systolic))
            await cuff.asleep()
        told = {r.quantities[0].value: r.backfill for r in home.readings()}
    await cuff.stop()
    # The second day's tells how far the clock is off; the third day's is off by as much.
    assert told == {135.0: True, 122.0: True, 123.0: False}
