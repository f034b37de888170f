"""What may be another person's, is poor, a test, or out of a memory neither raises nor clears an alert (hazard H06)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden.replay import alone
from tests.support.living import LivingHome
from tests.support.watching import MORNING, Channel, make_reading
from wardgate import config
from wardgate.contract.messages import Alert, Priority, Reading
from wardgate.pathways.known import RULES
from wardgate.watch.plan import make_plan
from wardgate.watch.replay import Replay
from wardgate.watch.rules import Feed, Rule, Sample, Setup, made, rules
from wardgate_signal.finding import Finding

HUB = config.Hub(id="hub-1", patient="Copper Heron 93", assignment="assignment-1")
WATCH = config.Watch(pathways=("heart-failure", "copd"))
QUANTITY: dict[Channel, tuple[str, float, float]] = {
    "weight": ("weight", 75.0, 85.0),
    "saturation": ("spo2", 80.0, 98.0),
    "blood_pressure": ("systolic", 60.0, 130.0),
}
REMARKS = ("unattributed", "poor", "test", "other assignment")
One = tuple[float, Channel, float, str]


@st.composite
def one(draw: st.DrawFn, remarks: tuple[str, ...]) -> One:
    channel: Channel = draw(st.sampled_from(sorted(QUANTITY)))
    _, low, high = QUANTITY[channel]
    return draw(st.floats(0.05, 1.5)), channel, draw(st.floats(low, high)), draw(st.sampled_from(remarks))


def readings(drawn: list[One]) -> list[tuple[str, Reading]]:
    day, found = 0.0, []
    for gap_days, channel, value, remark in drawn:
        day += gap_days
        reading = make_reading(
            channel,
            MORNING + timedelta(days=day),
            backfill=remark == "memory",
            unattributed=remark == "unattributed",
            good=remark != "poor",
            test=remark == "test",
            **{QUANTITY[channel][0]: round(value, 1)},
        )
        if remark == "other assignment":
            reading = msgspec.structs.replace(reading, assignment="assignment-2")
        found.append((remark, reading))
    return found


def replayed(taken: list[tuple[str, Reading]]) -> list[tuple[str, list[Alert]]]:
    replay = Replay(HUB, rules(WATCH))
    return [(remark, replay.take(reading, reading.time.taken)) for remark, reading in taken]


@given(st.lists(one(("", *REMARKS)), min_size=5, max_size=50))
@settings(max_examples=25, deadline=None)
def test_what_is_not_surely_the_patients_might_as_well_not_have_come(drawn: list[One]) -> None:
    taken = readings(drawn)
    told = replayed(taken)
    assert [alerts for remark, alerts in told if remark] == [[] for remark, _ in taken if remark]
    without = replayed([(remark, reading) for remark, reading in taken if not remark])
    assert [alerts for remark, alerts in told if not remark] == [alerts for _, alerts in without]


@given(st.lists(one(("", "memory")), min_size=5, max_size=50))
@settings(max_examples=25, deadline=None)
def test_what_comes_out_of_a_memory_says_nothing_when_it_comes(drawn: list[One]) -> None:
    assert all(alerts == [] for remark, alerts in replayed(readings(drawn)) if remark)


@pytest.mark.parametrize("remark", [*REMARKS, "memory"])
async def test_in_the_hub_too(tmp_path: Path, remark: str) -> None:
    """Through the store and the watch: none raises, and none ends what is open."""
    home = LivingHome(tmp_path / "wardgate.db")
    await home.watcher.start()
    bad: list[One] = [(0.2, "saturation", 70.0, remark), (0.2, "blood_pressure", 60.0, remark)] * 4
    good: list[One] = [(0.4, "saturation", 98.0, remark)] * 6
    for _, reading in readings(bad):
        await home.take(reading)
    assert home.alerts() == []
    first: One = (3.0, "saturation", 80.0, "")
    for _, reading in readings([first, *good]):
        await home.take(reading)
    await home.life.check()
    assert home.alerts()[-1].state != "resolved"
    assert {a.id for a in home.alerts()} == {home.alerts()[0].id}
    await home.store.close()


SETUP = Setup(make_plan(WATCH), WATCH)
ALL = tuple(alone(made(name, SETUP)) for name in RULES)
PLAIN = {"weight-gain", "low-saturation", "low-pressure"}


def throwing(rule: Rule) -> Rule:
    def start() -> Feed:
        def feed(_: Sample) -> Finding | None:
            raise ZeroDivisionError("broken")

        return feed

    return replace(rule, start=start)


def no_priority(rule: Rule) -> Rule:
    def priority(_: Finding) -> Priority:
        raise KeyError("severity")

    return replace(rule, priority=priority)


def unknown_priority(rule: Rule) -> Rule:
    return replace(rule, priority=lambda _: cast(Priority, "urgent"))


def no_number(rule: Rule) -> Rule:
    """It says something that is no finding, as a rule of another version might."""

    def start() -> Feed:
        feed = rule.start()

        def wrong(sample: Sample) -> Finding | None:
            found = feed(sample)
            return None if found is None else replace(found, inputs=cast(dict[str, float], {"limit": "high"}))

        return wrong

    return replace(rule, start=start)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("breaks", [throwing, no_priority, unknown_priority, no_number])
def test_any_rule_may_break_and_the_plain_limits_still_run(name: str, breaks: Callable[[Rule], Rule]) -> None:
    """H18, over every rule there is."""
    rule_set = tuple(breaks(rule) if rule.name == name else rule for rule in ALL)
    replay = Replay(HUB, rule_set)
    told: list[Alert] = []
    for day in range(12):
        at = MORNING + timedelta(days=day)
        for reading in (
            make_reading("weight", at, weight=78.0 + max(0, day - 6)),
            make_reading("saturation", at, spo2=95.0 if day < 7 else 80.0, pulse=75.0),
            make_reading("blood_pressure", at, systolic=120.0 if day < 7 else 70.0, diastolic=60.0, pulse=75.0),
        ):
            told += replay.take(reading, reading.time.taken)
    assert set(replay.failed) <= {name}
    alone = {rule.kind for rule in ALL} - {rule.kind for rule in ALL if rule.name != name}
    assert {alert.kind for alert in told} >= PLAIN - alone
