"""Dating (H06): whatever the clocks did, the truth lies within the stated uncertainty."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardgate.clock import EPOCH
from wardgate.intake.dating import UNTRUSTED, Arrival, Dated, date
from wardgate.intake.device_clock import ClockStory, Earlier, civil_now, zone_offset_s
from wardgate_drivers.measurement import DeviceTime

LONDON = zoneinfo.ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 21, 9, 0, 0, tzinfo=UTC)
LIVE_S = 120.0


def arrival(utc: datetime = NOW, *, synchronised: bool = True, boottime_s: float = 50_000.0) -> Arrival:
    return Arrival(utc, "boot", boottime_s, synchronised)


def seconds(utc: datetime) -> float:
    return (utc - EPOCH).total_seconds()


def civil(text: str) -> DeviceTime:
    t = datetime.fromisoformat(text)
    return DeviceTime.of(t.year, t.month, t.day, t.hour, t.minute, t.second)


def dated(
    told: DeviceTime | None,
    story: ClockStory | None = None,
    at: Arrival | None = None,
    *,
    stored: bool = False,
    memory: bool = True,
    last_reading: datetime | None = None,
    resolution_s: float = 1.0,
) -> Dated:
    at = at or arrival()
    story = story or ClockStory(LONDON, Earlier())
    return date(
        at,
        told,
        story.pieces(at),
        zone_offset_s=zone_offset_s(LONDON, at.utc),
        stored=stored,
        live_s=LIVE_S,
        memory=memory,
        last_reading_s=None if last_reading is None else seconds(last_reading),
        resolution_s=resolution_s,
        moved_since_s=story.moved_since_s,
    )


def measured(device_now: str, at: Arrival | None = None, earlier: Earlier | None = None) -> ClockStory:
    story = ClockStory(LONDON, earlier or Earlier())
    story.measured(civil(device_now), at or arrival())
    return story


def test_a_clock_measured_in_this_session_dates_by_the_age_it_tells() -> None:
    found = dated(civil("2026-11-21T07:10:00"), measured("2026-11-21T07:10:30"))
    assert found.basis == "device-clock"
    assert found.taken == NOW - timedelta(seconds=30)
    assert found.device_offset_s == -6570.0  # the clock shows 07:10:30 when it is 09:00:00
    assert found.uncertainty_s < 3
    assert not found.backfill
    assert found.flags == ()


@pytest.mark.parametrize(
    ("shown", "told"),
    [("1970-01-01T00:20:00", "1970-01-01T00:19:00"), ("2036-11-21T09:00:00", "2036-11-21T08:59:00")],
)
def test_a_wrong_clock_that_runs_is_as_good_as_a_right_one(shown: str, told: str) -> None:
    found = dated(civil(told), measured(shown))
    assert found.taken == NOW - timedelta(minutes=1)
    assert not found.backfill


def test_an_old_measurement_is_backfill() -> None:
    found = dated(civil("2026-11-18T08:00:00"), measured("2026-11-21T09:00:00"))
    assert found.taken == datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    assert found.backfill


def test_what_the_device_calls_stored_is_backfill_however_young() -> None:
    assert dated(civil("2026-11-21T08:59:50"), measured("2026-11-21T09:00:00"), stored=True).backfill


def test_hub_clock_that_steps_within_a_session_changes_no_age() -> None:
    story = measured("2026-11-21T09:00:00", arrival(boottime_s=1000.0))
    later = arrival(NOW - timedelta(hours=5), boottime_s=1010.0)
    found = dated(civil("2026-11-21T08:59:00"), story, later)
    assert later.utc - found.taken == timedelta(seconds=70)


class TestDaylightSaving:
    """A cuff is set to local time and knows no daylight saving."""

    def test_autumn_set_in_summer_read_in_winter(self) -> None:
        # Set on 24 October (BST, 8:00 UTC); clocks go back on the 25th; measured on the 26th at 7:00 UTC, when the
        # cuff still shows 8:00.
        set_at = datetime(2026, 10, 24, 8, 0, tzinfo=UTC)
        now = arrival(datetime(2026, 10, 26, 7, 0, 30, tzinfo=UTC))
        story = ClockStory(LONDON, Earlier(set_at_s=seconds(set_at)))
        found = dated(civil("2026-10-26T08:00:00"), story, now)
        assert found.taken == datetime(2026, 10, 26, 7, 0, tzinfo=UTC)
        assert found.uncertainty_s < 15
        assert not found.backfill

    def test_spring_set_in_winter_read_in_summer(self) -> None:
        set_at = datetime(2026, 3, 28, 8, 0, tzinfo=UTC)
        now = arrival(datetime(2026, 3, 30, 7, 0, 30, tzinfo=UTC))
        story = ClockStory(LONDON, Earlier(set_at_s=seconds(set_at)))
        found = dated(civil("2026-03-30T07:00:00"), story, now)
        assert found.taken == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
        assert not found.backfill

    def test_the_device_is_given_local_civil_time(self) -> None:
        assert str(civil_now(LONDON, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))) == "2026-07-01T13:00:00"
        assert str(civil_now(LONDON, datetime(2026, 12, 1, 12, 0, tzinfo=UTC))) == "2026-12-01T12:00:00"

    def test_a_stamp_from_before_the_clock_was_set_keeps_the_offset_it_was_made_with(self) -> None:
        # In summer time until the session on 26 October set it an hour back. The link was lost before this
        # measurement of the 25th came through; it comes on the 27th.
        earlier = Earlier(
            offset_s=3600.0,
            measured_at_s=seconds(datetime(2026, 10, 26, 8, 0, tzinfo=UTC)),
            set_at_s=seconds(datetime(2026, 10, 26, 8, 0, tzinfo=UTC)),
        )
        now = arrival(datetime(2026, 10, 27, 8, 0, tzinfo=UTC))
        story = measured("2026-10-27T08:00:00", now, earlier)
        found = dated(civil("2026-10-25T08:30:00"), story, now)
        assert found.taken == datetime(2026, 10, 25, 7, 30, tzinfo=UTC)


def test_a_battery_change_between_two_sessions() -> None:
    """Stamps from before the change are dated by the old setting, those after it by what the clock shows now."""
    set_at = seconds(datetime(2026, 11, 1, 8, 0, tzinfo=UTC))
    story = measured("2017-01-02T09:00:00", earlier=Earlier(set_at_s=set_at))
    assert dated(civil("2017-01-02T08:59:00"), story).taken == NOW - timedelta(minutes=1)
    assert dated(civil("2026-11-10T08:00:00"), story).taken == datetime(2026, 11, 10, 8, 0, tzinfo=UTC)


def test_a_clock_that_was_moved_at_an_unknown_time_states_the_doubt() -> None:
    set_at = seconds(datetime(2026, 11, 1, 8, 0, tzinfo=UTC))
    story = measured("2026-11-21T06:00:00", earlier=Earlier(set_at_s=set_at))  # three hours behind
    found = dated(civil("2026-11-15T06:00:00"), story)
    assert found.uncertainty_s >= 3 * 3600


@pytest.mark.parametrize("told", ["1970-01-01T00:05:00", "2036-11-21T09:00:00", "2017-01-01T00:00:00"])
def test_an_impossible_stamp_of_a_live_measurement_is_dated_by_arrival(told: str) -> None:
    found = dated(civil(told), memory=False)
    assert found.basis == "arrival"
    assert found.taken == NOW
    assert found.uncertainty_s == LIVE_S
    assert found.flags == (UNTRUSTED,)
    assert not found.backfill


def test_an_impossible_stamp_out_of_a_memory_says_how_little_is_known() -> None:
    last = NOW - timedelta(days=4)
    found = dated(civil("1970-01-01T00:05:00"), stored=True, last_reading=last)
    assert found.flags == (UNTRUSTED,)
    assert found.uncertainty_s == pytest.approx(4 * 86400 + LIVE_S)
    assert found.backfill


def test_without_a_stamp_a_live_frame_is_dated_by_arrival_and_not_blamed() -> None:
    found = dated(None)
    assert (found.taken, found.basis, found.flags, found.uncertainty_s) == (NOW, "arrival", (), LIVE_S)


def test_a_hub_that_does_not_know_the_time_uses_nothing_from_earlier_days() -> None:
    at = arrival(datetime(1970, 1, 1, 0, 3, tzinfo=UTC), synchronised=False)
    earlier = Earlier(set_at_s=seconds(NOW))
    found = dated(civil("2026-11-21T08:59:30"), measured("2026-11-21T09:00:00", at, earlier), at)
    assert at.utc - found.taken == timedelta(seconds=30)
    blind = dated(civil("2026-11-21T08:59:30"), ClockStory(LONDON, earlier), at)
    assert blind.basis == "arrival"


@given(
    offset_s=st.integers(-56 * 365 * 86400, 10 * 365 * 86400),
    age_s=st.integers(0, 200 * 86400),
    drift=st.floats(-40e-6, 40e-6),
    readable=st.booleans(),
    was_set_days_ago=st.integers(0, 250) | st.none(),
)
def test_the_error_is_within_the_stated_uncertainty(
    offset_s: int, age_s: int, drift: float, readable: bool, was_set_days_ago: int | None
) -> None:
    """A device's clock runs, undisturbed since it was set if it ever was, from any start and with a crystal's drift."""
    earlier = Earlier()
    reference_s = seconds(NOW)
    if was_set_days_ago is not None:
        reference_s -= was_set_days_ago * 86400
        earlier = Earlier(set_at_s=reference_s)
        offset_s = int(zone_offset_s(LONDON, EPOCH + timedelta(seconds=reference_s)))
        age_s = min(age_s, was_set_days_ago * 86400)

    def shows(utc_s: float) -> DeviceTime:
        return DeviceTime(float(int(utc_s + offset_s + drift * (utc_s - reference_s))))

    taken_s = seconds(NOW) - age_s
    story = ClockStory(LONDON, earlier)
    if readable:
        story.measured(shows(seconds(NOW)), arrival())
    elif was_set_days_ago is None:
        return  # nothing is known of the clock: the tests above say what is then stated
    found = dated(shows(taken_s), story)
    assert abs(seconds(found.taken) - taken_s) <= found.uncertainty_s
    assert found.taken <= NOW
    if age_s > LIVE_S + 2 * found.uncertainty_s:
        assert found.backfill


def after(sessions: list[tuple[datetime, str]]) -> ClockStory:
    """What the hub knows after sessions in each of which it read this off the device's clock, and set it."""
    earlier = Earlier()
    for at, shown in sessions:
        story = ClockStory(LONDON, earlier)
        offset_s = story.measured(civil(shown), arrival(at))
        story.was_set(civil_now(LONDON, at), arrival(at))
        earlier = Earlier(offset_s, seconds(at), seconds(at), story.spans(seconds(at)))
    return ClockStory(LONDON, earlier)


def test_a_stamp_made_before_a_new_battery_and_two_broken_sessions() -> None:
    """The clock started over in 2016, was set in a session that broke before the measurement came, and in another."""
    first, second, third = (datetime(2026, 11, day, 8, 0, tzinfo=UTC) for day in (18, 20, 21))
    story = after([(first, "2026-11-18T08:00:00"), (second, "2016-01-01T20:00:00"), (third, "2026-11-21T08:00:00")])
    story.measured(civil("2026-11-21T09:00:00"), arrival())
    found = dated(civil("2016-01-01T10:00:00"), story)
    assert found.taken == second - timedelta(hours=10)
    assert found.uncertainty_s < 10


def test_a_stamp_that_should_have_come_long_ago_by_a_clock_that_was_moved_since_may_be_of_any_time() -> None:
    """Three days back by somebody's hand, a measurement, a new battery: the hub saw the clock before and after it."""
    story = after([(datetime(2026, 11, 18, 8, 0, tzinfo=UTC), "2026-11-18T07:00:00")])
    story.measured(civil("2017-01-01T00:10:00"), arrival())
    true = datetime(2026, 11, 19, 7, 0, tzinfo=UTC)
    found = dated(civil("2026-11-16T07:00:00"), story)
    assert abs((found.taken - true).total_seconds()) <= found.uncertainty_s
    assert found.flags == (UNTRUSTED,)


def test_what_was_kept_over_a_new_battery_is_dated_by_the_clock_before_it() -> None:
    story = after([(datetime(2026, 11, 18, 8, 0, tzinfo=UTC), "2026-11-18T07:00:00")])
    story.measured(civil("2017-01-01T00:10:00"), arrival())
    found = dated(civil("2026-11-19T07:00:00"), story)
    assert found.taken == datetime(2026, 11, 19, 7, 0, tzinfo=UTC)
    assert found.uncertainty_s < 20
    assert found.flags == ()


def test_a_clock_that_runs_well_is_remembered_as_one_span() -> None:
    days = [datetime(2026, 11, day, 8, 0, tzinfo=UTC) for day in range(1, 21)]
    story = after([(at, f"{at:%Y-%m-%dT%H:%M:%S}") for at in days])
    story.measured(civil("2026-11-21T09:00:00"), arrival())
    assert len(story.pieces(arrival())) == 3  # now, since it was last set, and before
    assert dated(civil("2026-11-04T08:30:00"), story).taken == datetime(2026, 11, 4, 8, 30, tzinfo=UTC)


def test_a_stamp_of_ten_years_ago_is_not_believed() -> None:
    """A clock never seen before shows the right time, but what it stamped is of before its battery was changed."""
    found = dated(civil("2016-01-01T10:00:00"), measured("2026-11-21T09:00:00"))
    assert found.flags == (UNTRUSTED,)
    assert found.basis == "arrival"


def test_a_stamp_without_seconds_was_taken_somewhere_in_its_minute() -> None:
    true = NOW - timedelta(hours=3) + timedelta(seconds=59)
    told = civil("2026-11-21T06:00:00")
    exact = dated(told, measured("2026-11-21T09:00:00"))
    by_the_minute = dated(told, measured("2026-11-21T09:00:00"), resolution_s=60.0)
    assert abs(exact.taken - true).total_seconds() > exact.uncertainty_s
    assert abs(by_the_minute.taken - true).total_seconds() <= by_the_minute.uncertainty_s
