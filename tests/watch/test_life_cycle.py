"""Few messages, and none too few: hysteresis, worsening, storms (hazard H16), rules that throw (hazard H18)."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.watching import MORNING, Home, make_reading
from wardgate.config import Watch
from wardgate.contract.messages import Priority
from wardgate.watch.rules import Feed, Rule, Sample, rules
from wardgate_signal.finding import Finding, Level


async def test_it_is_resolved_only_after_two_clear_readings_a_day_apart(home: Home) -> None:
    await home.saturations((0, 90), (1, 96), (2, 97), (20, 96))
    assert home.states() == ["raised"]
    await home.saturations((24, 96))
    assert home.states() == ["raised", "resolved"]
    resolved = home.alerts()[-1]
    assert resolved.revision == 2
    assert resolved.sentence == "Oxygen saturation is 96 %, back in this patient's target. Usual 96 %."
    assert resolved.home_sentence == "Got it. Thank you."
    assert home.store.open_alerts() == []


async def test_one_clear_reading_after_a_week_is_not_enough(home: Home) -> None:
    await home.saturations((0, 90), (168, 96))
    assert home.states() == ["raised"]


async def test_a_new_episode_has_a_new_id(home: Home) -> None:
    await home.saturations((0, 90), (24, 96), (48, 96), (72, 90))
    first, _, second = home.alerts()
    assert home.states() == ["raised", "resolved", "raised"]
    assert first.id != second.id
    assert second.revision == 1


async def test_a_weak_pulse_neither_raises_nor_clears(home: Home) -> None:
    await home.saturations((0, 90))
    for hour in (24, 48, 72):
        await home.take(make_reading("saturation", MORNING + timedelta(hours=hour), spo2=98, perfusion=0.1))
    assert home.states() == ["raised"]


@pytest.mark.parametrize("every_h", [1, 2, 6, 12, 24])
@pytest.mark.parametrize("low_pct", [93.0, 91.0, 88.0])
async def test_a_saturation_that_swings_for_a_week_is_not_a_storm(home: Home, every_h: int, low_pct: float) -> None:
    """H16: two readings at the limit's wrong side, two at its right side, all week."""
    hours = range(0, 7 * 24, every_h)
    await home.saturations(*((hour, low_pct if i // 2 % 2 == 0 else 95.0) for i, hour in enumerate(hours)))
    assert 1 <= len(home.alerts()) <= 8  # an episode and its end in two days, at the most


@pytest.mark.parametrize("high_kg", [80.0, 80.1, 82.0])
async def test_a_weight_that_swings_for_a_week_is_not_a_storm(home: Home, high_kg: float) -> None:
    """H16, twice a day."""
    await home.weights(*((i / 2, high_kg if i % 2 else 78.0) for i in range(15)))
    assert 1 <= len(home.alerts()) <= 3
    assert len({alert.id for alert in home.alerts()}) == 1


async def test_worsening_always_passes(home: Home) -> None:
    """H16: each further half kilogram, each two points, in the middle of a swing."""
    await home.weights((0, 78.0), (1, 80.5), (1.5, 79.9), (2, 80.9), (2.2, 80.4), (2.4, 81.0), (2.6, 80.0), (2.8, 81.5))
    assert [a.inputs["to_kg"] for a in home.alerts()] == [80.5, 81.0, 81.5]
    await home.saturations((100, 91), (101, 90), (102, 89), (103, 91), (104, 87))
    assert [a.inputs["spo2_pct"] for a in home.alerts()[3:]] == [91, 89, 87]


async def test_a_higher_priority_passes_and_does_not_fall_back(home: Home) -> None:
    await home.saturations((0, 89))
    await home.saturations((1, 88), (2, 86), (3, 91), (4, 84))
    assert [a.priority for a in home.alerts()] == ["medium", "high", "high", "high"]


async def test_a_weaker_rule_that_goes_on_does_not_lower_the_priority(home: Home) -> None:
    await home.weights((0, 78.0), (3, 80.1), (4, 80.1), (5, 80.1), (6, 80.1), (7, 80.7))
    assert [(a.rule, a.priority) for a in home.alerts()] == [
        ("weight.guideline_esc", "medium"),
        ("weight.guideline_us", "medium"),
    ]


class Throwing:
    """A rule that breaks, as it is told to."""

    def __init__(self, kind: str, how: str) -> None:
        self.kind = kind
        self.how = how
        self.broken = True

    def rule(self) -> Rule:
        return Rule("broken.rule", 7, self.kind, "weight", 0.5, self.priority, lambda: self.feed)

    def priority(self, _: Finding) -> Priority:
        return "medium"

    def feed(self, sample: Sample) -> Finding | None:
        if not self.broken or self.how == "nan":
            score = math.nan if self.broken else 0.0
            return Finding("broken.rule", 7, Level.OK, score, 0.0, True, {}, (sample.time_s,))
        raise {"zero": ZeroDivisionError, "key": KeyError, "memory": MemoryError, "value": ValueError}[self.how]("x")


@pytest.mark.parametrize("how", ["zero", "key", "memory", "value", "nan"])
async def test_a_rule_that_breaks_is_told_once_and_the_others_go_on(tmp_path: Path, how: str) -> None:
    """H18."""
    broken = Throwing("weight-gain", how)
    home = Home(tmp_path / "broken.db", rule_set=(broken.rule(), *rules(Watch())))
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 78.1), (3, 80.5))
    (alert,) = home.alerts()
    assert alert.rule == "weight.guideline_esc"
    (event,) = await home.events()
    assert (event.code, event.severity, event.detail["rule"]) == ("rule-failed", "problem", "broken.rule")
    assert "78" not in event.sentence
    broken.broken = False
    await home.weights((4, 80.6))
    broken.broken = True
    await home.weights((5, 80.7), (6, 80.8))
    assert [event.code for event in await home.events()] == ["rule-failed"] * 2
    await home.store.close()


async def test_every_usual_rule_may_break_without_stopping_the_others(tmp_path: Path) -> None:
    """H18, each rule in turn."""

    def breaking() -> Feed:
        def feed(_: Sample) -> Finding | None:
            raise ArithmeticError("broken")

        return feed

    for name in [rule.name for rule in rules(Watch())]:
        broken = tuple(
            Rule(r.name, r.version, r.kind, r.channel, r.worse_by, r.priority, breaking if r.name == name else r.start)
            for r in rules(Watch())
        )
        home = Home(tmp_path / f"{name}.db", rule_set=broken)
        await home.watcher.start()
        await home.weights((0, 78.0), (1, 80.5), (2, 80.6))
        await home.saturations((0, 88))
        for day in range(3):
            await home.take(make_reading("blood_pressure", MORNING + timedelta(days=day), systolic=80))
        silent = {"saturation.spot_target": "low-saturation", "pressure.persistent_low": "low-pressure"}.get(name)
        assert {alert.kind for alert in home.alerts()} == {"weight-gain", "low-saturation", "low-pressure"} - {silent}
        assert [event.detail["rule"] for event in await home.events()] == [name]
        await home.store.close()


async def test_a_broken_rule_holds_open_what_it_raised(tmp_path: Path) -> None:
    """H18: silence of a broken rule is not an all-clear."""
    failing = False

    def esc() -> Feed:
        feed = next(r for r in rules(Watch()) if r.name == "weight.guideline_esc").start()

        def maybe(sample: Sample) -> Finding | None:
            if failing:
                raise ArithmeticError("broken")
            return feed(sample)

        return maybe

    made = tuple(
        Rule(r.name, r.version, r.kind, r.channel, r.worse_by, r.priority, esc if "esc" in r.name else r.start)
        for r in rules(Watch())
    )
    home = Home(tmp_path / "held.db", rule_set=made)
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 80.5))
    failing = True
    await home.weights((2, 78.0), (3, 78.0), (4, 78.0), (9, 78.0))
    assert home.states() == ["raised"]
    failing = False
    await home.weights((10, 78.0), (11, 78.0))
    assert home.states() == ["raised", "resolved"]
    await home.store.close()
