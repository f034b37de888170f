"""Writing clocks, and the corners of reading them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardgate_drivers.codec import current_time, date_time, nonin_commands
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime

TIMES = st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 12, 31, 23, 59, 59))  # noqa: DTZ001


def device_time(moment: datetime.datetime) -> DeviceTime:
    return DeviceTime.of(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)


@given(TIMES)
def test_date_time_reads_what_it_wrote(moment: datetime.datetime) -> None:
    time = device_time(moment)
    assert date_time.decode(date_time.encode(time)).device_time == time


@given(TIMES)
def test_current_time_reads_what_it_wrote(moment: datetime.datetime) -> None:
    time = device_time(moment)
    shown = current_time.decode(current_time.encode(time))
    assert (shown.device_time, shown.weekday) == (time, moment.isoweekday())


@given(TIMES)
def test_nonin_takes_plain_bytes_from_2000(moment: datetime.datetime) -> None:
    command = nonin_commands.set_time(device_time(moment))
    assert command == bytes(
        (2, 0x72, 6, moment.year - 2000, moment.month, moment.day, moment.hour, moment.minute, moment.second, 3)
    )


def test_the_nearest_whole_second_is_written() -> None:
    assert date_time.encode(DeviceTime.of(2026, 12, 31, 23, 59, 59.6)) == bytes.fromhex("eb07 01 01 00 00 00")


def test_fraction_of_current_time_counts() -> None:
    shown = current_time.decode(bytes.fromhex("ea07050c12352b028001"))
    assert shown.device_time == DeviceTime(DeviceTime.of(2026, 5, 12, 18, 53, 43).civil_s + 0.5)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("d107021d0c0000", "no leap year"),
        ("2d060101000000", "before the calendar, 1581"),
        ("1127 0101000000", "year 10001"),
        ("ea0700200c0000", "day 32 of an unknown month"),
        ("ea070b15180000", "hour 24"),
        ("ea070b150c3c00", "minute 60"),
        ("ea070b150c003c", "second 60"),
        ("ea07041f000000", "31 April"),
    ],
)
def test_times_that_cannot_exist(frame: str, why: str) -> None:
    with pytest.raises(FrameError) as refused:
        date_time.decode(bytes.fromhex(frame))
    assert refused.value.reason is Reason.BAD_VALUE, why


def test_29_february_of_an_unknown_year_can_exist() -> None:
    stamp = date_time.decode(bytes.fromhex("0000021d0c0000"))
    assert (stamp.year, stamp.month, stamp.day, stamp.device_time) == (None, 2, 29, None)
