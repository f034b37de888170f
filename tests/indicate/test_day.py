"""The plan of a day: what is now, what is done, what comes later."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from wardgate.indicate.day import day_of, in_turn, part_of, standing, tile
from wardgate.indicate.moment import Moment, Part, Tile, When

DAY = datetime(2026, 11, 21)  # noqa: DTZ001 - the home's own clock


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return DAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        (4, "night"),
        (5, "morning"),
        (11, "morning"),
        (12, "afternoon"),
        (16, "afternoon"),
        (17, "evening"),
        (22, "night"),
    ],
)
def test_the_parts_of_a_day(hour: int, part: Part) -> None:
    assert part_of(at(hour)) == part


def test_the_small_hours_belong_to_the_evening_before() -> None:
    assert day_of(at(4, 59)) == day_of(at(23, 0, day=-1)) != day_of(at(5))


@pytest.mark.parametrize(
    ("now", "taken", "state", "when"),
    [
        (at(9), [], "now", ""),
        (at(21), [at(8, day=-1)], "now", ""),
        (at(9), [at(8)], "done", ""),
        (at(21), [at(8)], "done", ""),
        (at(23), [], "later", "tomorrow"),
        (at(2, day=1), [at(23)], "done", ""),
    ],
)
def test_once_a_day(now: datetime, taken: list[datetime], state: str, when: When) -> None:
    assert tile("scale", 24.0, taken, now) == Tile(kind="scale", state=state, when=when)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "taken", "state", "when"),
    [
        (at(9), [], "now", ""),
        (at(9), [at(8)], "done", ""),
        (at(13), [at(8)], "later", "evening"),
        (at(13), [], "now", ""),
        (at(18), [at(8)], "now", ""),
        (at(18), [at(8), at(17, 30)], "done", ""),
        (at(9), [at(20, day=-1)], "now", ""),
    ],
)
def test_twice_a_day(now: datetime, taken: list[datetime], state: str, when: When) -> None:
    assert tile("cuff", 12.0, taken, now) == Tile(kind="cuff", state=state, when=when)  # type: ignore[arg-type]


def test_three_times_a_day_has_an_afternoon() -> None:
    assert tile("oximeter", 8.0, [at(8)], at(13)).state == "now"
    assert tile("oximeter", 8.0, [at(8), at(13)], at(14)).state == "done"


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        (1, Tile(kind="scale", state="later", when="another-day")),
        (6, Tile(kind="scale", state="later", when="tomorrow")),
        (7, Tile(kind="scale", state="now")),
    ],
)
def test_once_a_week(days_ago: int, expected: Tile) -> None:
    assert tile("scale", 168.0, [at(8, day=-days_ago)], at(9)) == expected


def test_what_is_not_waited_for_is_free_and_can_be_done() -> None:
    assert tile("thermometer", None, [], at(9)).state == "free"
    assert tile("thermometer", None, [at(8)], at(9)).state == "done"


def test_one_thing_at_a_time() -> None:
    due = [Tile(kind="scale", state="now"), Tile(kind="cuff", state="now")]
    assert [t.state for t in in_turn(due, quiet=False, part="morning")] == ["now", "next"]
    quiet = in_turn(due, quiet=True, part="morning")
    assert [(t.state, t.when) for t in quiet] == [("later", "morning")] * 2
    assert standing(quiet, quiet=True) == Moment(what="night")


@pytest.mark.parametrize(
    ("tiles", "moment"),
    [
        ([Tile(kind="scale", state="done"), Tile(kind="cuff", state="now")], Moment(what="due", kind="cuff")),
        (
            [
                Tile(kind="scale", state="later", when="tomorrow"),
                Tile(kind="cuff", state="done"),
                Tile(kind="oximeter", state="later", when="evening"),
            ],
            Moment(what="done", next="evening"),
        ),
        ([Tile(kind="scale", state="later", when="tomorrow")], Moment(what="nothing", next="tomorrow")),
        ([Tile(kind="scale", state="free")], Moment(what="free")),
        ([], Moment(what="free")),
    ],
)
def test_what_stands_large(tiles: list[Tile], moment: Moment) -> None:
    assert standing(tiles, quiet=False) == moment
