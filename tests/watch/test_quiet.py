"""Quiet hours: what is not of high priority may wait, and nothing is held back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.living import LivingHome
from wardgate.config import Alerts
from wardgate.watch.quiet import Quiet

NIGHT = Alerts(quiet_from="22:00", quiet_until="07:00")
EVENING = datetime(2026, 11, 1, 23, 0, tzinfo=UTC)
"""In London, in winter: civil time is UTC."""
SEVEN = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[LivingHome]:
    made = LivingHome(tmp_path / "wardgate.db", alerts_config=NIGHT)
    await made.watcher.start()
    yield made
    await made.store.close()


async def test_at_night_a_medium_alert_goes_out_at_once_and_is_raised_again_in_the_morning(home: LivingHome) -> None:
    await home.low(90, at=EVENING)
    (alert,) = home.alerts()
    assert (alert.priority, alert.quiet_until) == ("medium", SEVEN)
    await home.after(8 * 60)
    assert home.told() == [("raised", 1, 1)]
    home.begun = SEVEN
    await home.after(1.5)
    assert home.told() == [("raised", 1, 1)]
    await home.after(20)
    assert home.told() == [("raised", 1, 1), ("raised", 2, 2), ("raised", 3, 3), ("raised", 4, 4)]
    assert await home.codes() == ["alert-not-acknowledged"]
    assert home.alerts()[-1].quiet_until is None


async def test_a_high_alert_knows_no_quiet_hours(home: LivingHome) -> None:
    await home.low(80, at=EVENING)
    assert (home.alerts()[0].priority, home.alerts()[0].quiet_until) == ("high", None)
    await home.after(20)
    assert [count for _, _, count in home.told()] == [1, 2, 3, 4]
    assert await home.codes() == ["alert-not-acknowledged"]


async def test_what_becomes_high_at_night_waits_no_longer(home: LivingHome) -> None:
    await home.low(90, at=EVENING)
    home.clock.now += timedelta(hours=1)
    await home.low(80)
    assert (home.alerts()[-1].priority, home.alerts()[-1].quiet_until) == ("high", None)
    await home.after(6)
    assert [count for _, _, count in home.told()] == [1, 1, 2, 3]


async def test_the_minutes_before_the_night_count(home: LivingHome) -> None:
    await home.low(90, at=EVENING - timedelta(minutes=63))  # 21:57, three minutes of the day are left
    assert home.alerts()[0].quiet_until is None
    await home.after(9 * 60)
    assert [count for _, _, count in home.told()] == [1, 2]
    home.begun = SEVEN
    await home.after(2.5)
    assert [count for _, _, count in home.told()] == [1, 2, 3]


async def test_a_hub_that_does_not_know_the_time_has_no_quiet_hours(home: LivingHome) -> None:
    home.clock.knows_the_time = False
    await home.low(90, at=EVENING)
    assert home.alerts()[0].quiet_until is None
    await home.after(3)
    assert [count for _, _, count in home.told()] == [1, 2]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-29T00:30Z", "2026-03-29T06:00Z"),  # the clocks go forward in this night
        ("2026-10-25T00:30Z", "2026-10-25T07:00Z"),  # and back in this one
        ("2026-07-01T20:59Z", None),
        ("2026-07-01T21:00Z", "2026-07-02T06:00Z"),
        ("2026-07-02T05:59Z", "2026-07-02T06:00Z"),
        ("2026-07-02T06:00Z", None),
    ],
)
def test_they_go_by_the_civil_time_of_the_home(now: str, until: str | None) -> None:
    found = Quiet(NIGHT, "Europe/London").until(datetime.fromisoformat(now))
    assert found == (None if until is None else datetime.fromisoformat(until))


@pytest.mark.parametrize(
    ("span", "now", "until"),
    [  # 01:00 to 02:00 is said twice in the night to 25 October: from 00:00Z on and from 01:00Z on
        (("22:00", "01:30"), "2026-10-24T23:00Z", "2026-10-25T00:30Z"),
        (("22:00", "01:30"), "2026-10-25T00:45Z", None),
        (("22:00", "01:30"), "2026-10-25T01:00Z", "2026-10-25T01:30Z"),
        (("01:30", "07:00"), "2026-10-25T00:40Z", "2026-10-25T01:00Z"),
        (("01:30", "07:00"), "2026-10-25T01:10Z", None),
        (("01:30", "07:00"), "2026-10-25T01:30Z", "2026-10-25T07:00Z"),
        (("22:00", "02:00"), "2026-10-25T00:59Z", "2026-10-25T02:00Z"),
        # and 01:00 to 02:00 is left out in the night to 29 March
        (("22:00", "01:30"), "2026-03-29T00:59Z", "2026-03-29T01:00Z"),
        (("22:00", "01:30"), "2026-03-29T01:00Z", None),
        (("01:30", "07:00"), "2026-03-29T00:59Z", None),
        (("01:30", "07:00"), "2026-03-29T01:00Z", "2026-03-29T06:00Z"),
        (("01:15", "01:45"), "2026-03-29T01:15Z", None),
    ],
)
def test_an_hour_that_is_said_twice_is_quiet_twice(span: tuple[str, str], now: str, until: str | None) -> None:
    found = Quiet(Alerts(quiet_from=span[0], quiet_until=span[1]), "Europe/London").until(datetime.fromisoformat(now))
    assert found == (None if until is None else datetime.fromisoformat(until))


CHANGES = {
    "Europe/London": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 10, 3, 15, 30, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC)),
}
"""To summer time, and back. Lord Howe moves by half an hour."""
SPANS = [("22:00", "07:00"), ("13:00", "14:30"), ("00:00", "06:00"), ("23:59", "00:01")]
NEAR_SPANS = [("22:00", "01:30"), ("01:30", "07:00"), ("01:15", "01:45"), ("01:45", "01:15"), ("02:00", "03:00")]


@given(
    data=st.data(),
    zone=st.sampled_from(sorted(CHANGES)),
    minutes=st.integers(0, 2 * 24 * 60),
    span=st.sampled_from([*SPANS, *NEAR_SPANS]),
)
@settings(max_examples=100)
def test_it_is_quiet_whenever_the_clock_on_the_wall_says_so(
    data: st.DataObject, zone: str, minutes: int, span: tuple[str, str]
) -> None:
    """Minute for minute, a good part of the time over a change of the clocks."""
    any_day = st.integers(0, 365 * 24 * 60).map(lambda m: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m))
    near = st.tuples(st.sampled_from(CHANGES[zone]), st.integers(0, 2 * 24 * 60))
    begin = data.draw(any_day | near.map(lambda at: at[0] - timedelta(minutes=at[1])))
    quiet, (first, last) = Quiet(Alerts(quiet_from=span[0], quiet_until=span[1]), zone), span

    def on_the_wall(minute: int) -> bool:
        clock = f"{(begin + timedelta(minutes=minute)).astimezone(ZoneInfo(zone)):%H:%M}"
        return first <= clock < last if first < last else clock >= first or clock < last

    assert quiet.quiet_s(begin, begin + timedelta(minutes=minutes)) == 60.0 * sum(map(on_the_wall, range(minutes)))
    loud = next(minute for minute in range(2 * 24 * 60) if not on_the_wall(minute))
    assert quiet.until(begin) == (begin + timedelta(minutes=loud) if loud else None)


def test_without_any_nothing_is_quiet() -> None:
    assert Quiet(Alerts(), "Europe/London").until(EVENING) is None
    assert Quiet(Alerts(), "Europe/London").quiet_s(EVENING, SEVEN) == 0.0


def test_fractions_of_a_second_make_no_difference() -> None:
    quiet, moment = Quiet(Alerts(quiet_from="22:00", quiet_until="01:30"), "Europe/London"), timedelta(microseconds=1)
    change = CHANGES["Europe/London"][1]
    assert quiet.until(change - moment) is None
    assert quiet.until(change) == quiet.until(change + moment) == change + timedelta(minutes=30)
    assert quiet.quiet_s(change - moment, change + moment) == moment.total_seconds()
    assert quiet.quiet_s(change, change - moment) == 0.0
