"""Times and spans as people say them; expected words are UX's own examples and the calendar's facts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from wardgate.faces.words import Times, count, later, listed, number, size, span

LONDON = Times(ZoneInfo("Europe/London"), datetime(2026, 11, 21, 9, 15, 12, tzinfo=UTC))
SUMMER = Times(ZoneInfo("Europe/London"), datetime(2026, 7, 1, 9, 0, tzinfo=UTC))


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (utc(2026, 11, 21, 7, 43, 2), "today, 7:43am"),
        (utc(2026, 11, 21, 12, 0), "today, midday"),
        (utc(2026, 11, 21, 0, 0), "today, midnight"),
        (utc(2026, 11, 20, 23, 59), "yesterday, 11:59pm"),
        (utc(2026, 11, 22, 12, 1), "tomorrow, 12:01pm"),
        (utc(2026, 11, 19, 8, 11), "19 November, 8:11am"),
        (utc(2025, 12, 31, 0, 5), "31 December 2025, 12:05am"),
    ],
)
def test_when(at: datetime, said: str) -> None:
    assert LONDON.when(at) == said


def test_a_summer_evening_belongs_to_the_homes_day_not_to_utcs() -> None:
    assert SUMMER.when(utc(2026, 6, 30, 23, 30)) == "today, 12:30am"
    assert SUMMER.zone_sentence() == "Times are UK time (BST)."
    assert LONDON.zone_sentence() == "Times are UK time (GMT)."


def test_days_are_the_homes_days_when_the_clocks_change() -> None:
    after = Times(ZoneInfo("Europe/London"), utc(2026, 10, 27, 12))
    midnights = after.midnights(utc(2026, 10, 23, 12))
    # British Summer Time ended on 25 October 2026 at 1:00 UTC.
    assert midnights == [
        utc(2026, 10, 23, 23), utc(2026, 10, 24, 23), utc(2026, 10, 26), utc(2026, 10, 27),
    ]  # fmt: skip
    assert [after.axis_day(m) for m in midnights] == ["24 Oct", "25 Oct", "26 Oct", "27 Oct"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 seconds"), (1, "1 second"), (59.9, "59 seconds"), (60, "1 minute"), (7199, "1 hour"), (172800, "2 days")],
)
def test_span(seconds: float, said: str) -> None:
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "at once"), (0.02, "0.02 seconds later"), (0.84, "0.8 seconds later"), (3.21, "3.2 seconds later"),
     (75, "1 minute later")],
)  # fmt: skip
def test_later(seconds: float, said: str) -> None:
    assert later(seconds) == said


def test_small_words() -> None:
    assert count(1, "reading") == "1 reading"
    assert count(1331, "reading") == "1,331 readings"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert number(-2.04, 1) == "−2.0"
    assert size(11_800_000_000) == "11.8 GB"
