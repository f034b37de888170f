"""The better detector speaks; a plain limit stands in for it while it cannot judge."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.watching import MORNING, Home, make_reading
from wardgate import config
from wardgate.contract.messages import Reading
from wardgate.watch.rule import Feed, Rule, Sample
from wardgate.watch.rules import rules

HEART_FAILURE = config.Watch(pathways=("heart-failure",))


def broken(rule_set: tuple[Rule, ...], *names: str) -> tuple[Rule, ...]:
    """Rules of these names throw at every value."""

    def start() -> Feed:
        def feed(_: Sample) -> None:
            raise ZeroDivisionError

        return feed

    return tuple(replace(rule, start=start) if rule.name in names else rule for rule in rule_set)


def well(days: int) -> list[Reading]:
    """A patient who is well: a scale, a cuff and an oximeter, every day."""
    die = random.Random(3)
    readings = []
    for day in range(days):
        kg, mmhg, bpm = 78.0 + die.gauss(0, 0.3), 128 + die.gauss(0, 6), 72 + die.gauss(0, 3)
        readings += measured(day, kg, mmhg, bpm, 96 + die.gauss(0, 0.6))
    return readings


def measured(day: int, kg: float, mmhg: float, bpm: float, pct: float) -> list[Reading]:
    """One morning with all three devices."""
    at, pulse = MORNING + timedelta(days=day), round(bpm)
    cuff = {"systolic": round(mmhg), "diastolic": 76, "pulse": pulse}
    return [
        make_reading("weight", at, weight=round(kg, 1)),
        make_reading("blood_pressure", at + timedelta(minutes=5), **cuff),  # type: ignore[arg-type]  # values by name
        make_reading("saturation", at + timedelta(minutes=9), spo2=round(pct), pulse=pulse),
    ]


def worse(first: int, days: range) -> list[Reading]:
    """Fluid gathers, the pulse rises and the saturation falls."""
    mornings = [measured(first + i, 78.0 + 0.3 * i, 130 + i, 72 + 1.2 * i, 96 - 0.25 * i) for i in days]
    return [reading for morning in mornings for reading in morning]


async def opened(path: Path, watch: config.Watch = HEART_FAILURE, *fail: str, days: int = 40) -> Home:
    """A hub that begins with a database in which so many good days stand."""
    home = Home(path / "home.db", watch=watch, rule_set=broken(rules(watch), *fail))
    await asyncio.gather(*(home.store_only(reading) for reading in well(days)))
    await home.watcher.start()
    return home


async def take(home: Home, readings: list[Reading]) -> None:
    for reading in readings:
        await home.take(reading)


async def test_all_channels_together_make_one_alert_that_says_what_it_may_be(tmp_path: Path) -> None:
    home = await opened(tmp_path)
    await take(home, worse(40, range(12)))
    first = home.alerts()[0]
    assert (first.kind, first.rule, first.priority) == ("worsening", "fusion.patient", "medium")
    assert first.sentence.startswith("The readings together look like worsening heart failure: weight +")
    assert first.pathways == ("heart-failure",)
    assert {"weight-gain"} & {alert.kind for alert in home.alerts()} == set()
    assert 1 <= len(first.readings) <= 3
    await home.store.close()


async def test_together_they_are_the_same_after_a_restart(tmp_path: Path) -> None:
    told = []
    for name, until in (("whole", 12), ("cut", 5)):
        (tmp_path / name).mkdir()
        home = await opened(tmp_path / name)
        await take(home, worse(40, range(until)))
        if until < 12:
            await home.restart()
            await take(home, worse(40, range(until, 12)))
        told.append([(a.id, a.revision, a.kind, a.inputs) for a in home.alerts()])
        await home.store.close()
    assert told[0] == told[1] != []


async def test_in_the_first_days_the_plain_limits_speak(tmp_path: Path) -> None:
    home = await opened(tmp_path, days=0)
    await home.weights((0, 78.0), (1, 78.2), (2, 80.4))
    (alert,) = home.alerts()
    assert (alert.kind, alert.rule) == ("weight-gain", "weight.guideline_esc")
    await home.store.close()


async def test_later_a_gain_over_the_plain_limit_alone_calls_nobody(tmp_path: Path) -> None:
    home = await opened(tmp_path)
    await home.weights((40, 80.4))
    assert home.alerts() == []
    await home.store.close()


@pytest.mark.parametrize(
    "fail",
    [
        ("fusion.patient", "weight.fluid_retention"),
        ("fusion.patient", "weight.fluid_retention", "saturation.own_level"),
    ],
)
async def test_the_plain_limits_run_whatever_else_fails(tmp_path: Path, fail: tuple[str, ...]) -> None:
    home = await opened(tmp_path, HEART_FAILURE, *fail)
    await home.weights((40, 80.7))
    assert [alert.rule for alert in home.alerts()] == ["weight.guideline_esc"]
    await home.take(make_reading("saturation", MORNING + timedelta(days=41), spo2=84))
    assert home.alerts()[-1].priority == "high"
    assert {event.detail["rule"] for event in await home.events() if event.code == "rule-failed"} == set(fail)
    await home.store.close()


async def test_a_detector_that_cannot_even_begin_stops_nothing_else(tmp_path: Path) -> None:
    def start() -> Feed:
        raise ValueError("no such patient")

    unable = [replace(r, start=start) if r.name == "fusion.patient" else r for r in rules(HEART_FAILURE)]
    home = Home(tmp_path / "home.db", watch=HEART_FAILURE, rule_set=tuple(unable))
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 80.5))
    assert [alert.rule for alert in home.alerts()] == ["weight.guideline_esc"]
    assert [e.detail["why"] for e in await home.events() if e.code == "rule-failed"] == ["ValueError"]
    await home.store.close()


async def test_when_all_together_fails_the_scales_own_detector_speaks(tmp_path: Path) -> None:
    home = await opened(tmp_path, HEART_FAILURE, "fusion.patient")
    await take(home, worse(40, range(14)))
    assert "weight.fluid_retention" in {alert.rule for alert in home.alerts()}
    assert {alert.kind for alert in home.alerts()} & {"worsening"} == set()
    await home.store.close()


async def test_a_little_below_the_target_is_for_the_own_level_to_judge_and_far_below_calls_at_once(
    tmp_path: Path,
) -> None:
    home = await opened(tmp_path)
    for day, pct in ((40, 91), (41, 96), (42, 96)):
        await home.take(make_reading("saturation", MORNING + timedelta(days=day), spo2=pct, pulse=72))
    assert home.alerts() == []
    await home.take(make_reading("saturation", MORNING + timedelta(days=43), spo2=89, pulse=72))
    (alert,) = home.alerts()
    assert (alert.kind, alert.rule) == ("low-saturation", "saturation.spot_target")
    await home.store.close()


async def test_a_limit_that_the_ward_has_set_speaks_for_itself(tmp_path: Path) -> None:
    watch = config.Watch(pathways=("heart-failure",), weight=config.Weight(gain_3_days_kg=2.0))
    home = await opened(tmp_path, watch)
    await home.weights((40, 80.7))
    assert [alert.rule for alert in home.alerts()] == ["weight.guideline_esc"]
    await home.store.close()


async def test_another_pathway_that_wants_the_rule_itself_wins() -> None:
    both = rules(config.Watch(pathways=("heart-failure", "covid-oximetry")))
    assert next(rule for rule in both if rule.name == "saturation.spot_target").stands_in is None
    alone = next(rule for rule in rules(HEART_FAILURE) if rule.name == "saturation.spot_target").stands_in
    assert alone is not None
    assert (alone.rule, alone.speaks_from) == ("saturation.own_level", 5.0)
