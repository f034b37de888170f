"""Pathways are data that is checked, and several of them make one."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.watching import MORNING, Home, make_reading
from wardgate import config
from wardgate.pathways.known import LIMITS, RULES
from wardgate.pathways.pathway import PathwayError, names, pathway, read
from wardgate.watch.plan import make_plan
from wardgate.watch.rules import Setup, made, rules

GOOD = """
id = "knee"
version = 1
title = "A knee"
purpose = "To see it swell."
sources = ["judgement"]

[[channel]]
name = "weight"
cadence_h = 24.0

[[rule]]
name = "weight.guideline_esc"
limits = { gain_3_days_kg = 2.0 }
source = "ESC"
"""


def test_every_file_beside_the_module_is_a_pathway_and_every_pathway_has_its_file() -> None:
    module = Path(pathway.__wrapped__.__code__.co_filename)
    assert {path.stem for path in module.parent.glob("*.toml")} == set(names())
    for name in names():
        found = pathway(name)
        assert (found.id, found.version >= 1, bool(found.sources)) == (name, True, True)
        for rule in found.rule:
            assert rule.source


def test_the_hub_can_make_every_rule_that_a_pathway_may_name() -> None:
    watch = config.Watch()
    setup = Setup(make_plan(watch), watch)
    for name in RULES:
        rule = made(name, setup)
        assert rule.name == name
        assert rule.version >= 1
        rule.start()
    assert {rule.name for rule in rules(watch)} <= set(RULES)


@pytest.mark.parametrize(
    ("good", "wrong", "sentence"),
    [
        ('id = "knee"', 'id = "elbow"', "the file is called knee, the pathway `elbow`"),
        ("version = 1", "version = 0", "version: expected `int` >= 1"),
        ("cadence_h", "cadence_hours", "channel[0].cadence_hours is not known. Did you mean `cadence_h`?"),
        ('name = "weight"', 'name = "wait"', "channel[0].name: invalid enum value 'wait'"),
        ("guideline_esc", "guideline_ecs", "`weight.guideline_ecs` is no rule. Did you mean `weight.guideline_esc`?"),
        ("gain_3_days_kg", "gain_3_day_kg", "`gain_3_day_kg` is no limit of weight.guideline_esc. Did you mean"),
        ("gain_3_days_kg = 2.0", "gain_3_days_kg = -1.0", "gain_3_days_kg has to be 0.2 to 20 kg, not -1"),
        ("gain_3_days_kg = 2.0", "gain_3_days_kg = nan", "gain_3_days_kg has to be 0.2 to 20 kg, not nan"),
        ('source = "ESC"', 'source = ""', "rule[0].source: expected `str` of length >= 1"),
        ('sources = ["judgement"]', "sources = []", "sources: expected `array` of length >= 1"),
        ("[[channel]]", 'conditions = ["hart_failure"]\n[[channel]]', "Did you mean `heart_failure`?"),
        ("[[channel]]", "[[channel]", "It is no TOML"),
        ("[[rule]]", '[[channel]]\nname = "weight"\n[[rule]]', "channel: `weight` stands there twice."),
    ],
)
def test_a_pathway_that_cannot_be_is_refused_with_its_reason(good: str, wrong: str, sentence: str) -> None:
    assert read("knee", GOOD).channel[0].cadence_h == 24.0
    with pytest.raises(PathwayError, match=re.escape(sentence)) as caught:
        read("knee", GOOD.replace(good, wrong))
    assert str(caught.value).startswith("The pathway knee cannot be used:\n")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((97, 96, 95), []),
        ((96, 94), []),
        ((96, 94, 93), [("saturation.spot_target", "medium")]),
        ((96, 92), [("saturation.oximetry_at_home", "high")]),
        ((96, 94, 93, 92), [("saturation.spot_target", "medium"), ("saturation.oximetry_at_home", "high")]),
    ],
)
async def test_covid_oximetry_at_home(tmp_path: Path, values: tuple[int, ...], told: list[tuple[str, str]]) -> None:
    """NHS England's three bands: 95 % and more is well, 93 to 94 % rings the team, 92 % and less needs help at once."""
    home = Home(tmp_path / "home.db", watch=config.Watch(pathways=("covid-oximetry",)))
    await home.watcher.start()
    for number, value in enumerate(values):
        await home.take(make_reading("saturation", MORNING + timedelta(hours=8 * number), spo2=value, pulse=80))
    assert [(alert.rule, alert.priority) for alert in home.alerts()] == told
    if told and told[-1][1] == "high":
        last = home.alerts()[-1]
        assert last.sentence.startswith("Oxygen saturation is 92 %. COVID oximetry at home: 92 % or less needs help")
        assert last.home_sentence == "Please ask for help. Ring your team."
    await home.store.close()


def test_whatever_is_put_together_the_target_is_one_of_those_offered_and_the_limits_the_tightest() -> None:
    """Also in another order: a plan does not depend on who was written down first."""
    for several in itertools.chain.from_iterable(itertools.combinations(names(), n) for n in (1, 2, 3)):
        chosen = [pathway(name) for name in several]
        plan = make_plan(config.Watch(pathways=several))
        again = make_plan(config.Watch(pathways=several[::-1]))
        assert {n: s.value for n, s in plan.settings.items()} == {n: s.value for n, s in again.settings.items()}
        offered = [r.limits for p in chosen for r in p.rule if "target_low_pct" in r.limits]
        pair = (plan.limit("target_low_pct"), plan.limit("target_high_pct"))
        ranges = [(o["target_low_pct"], o["target_high_pct"]) for o in offered] or [(94.0, 100.0)]
        assert pair in ranges
        assert pair[1] - pair[0] == min(high - low for low, high in ranges)
        for name in ("gain_3_days_kg", "gain_1_day_kg", "gain_7_days_kg"):
            values = [r.limits[name] for p in chosen for r in p.rule if name in r.limits]
            assert plan.limit(name) == min(values, default=LIMITS[name].default)
        lows = [r.limits["systolic_low_mmhg"] for p in chosen for r in p.rule if "systolic_low_mmhg" in r.limits]
        assert plan.limit("systolic_low_mmhg") == max(lows, default=90.0)
