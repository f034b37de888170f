"""NEWS2 saturation scales, the COVID levels and too much oxygen, against the published charts."""

from __future__ import annotations

import pytest

from wardgate_signal.finding import DAY_S, Finding, Level
from wardgate_signal.oximetry import AboveTarget, News2Scale1, News2Scale2, OximetryAtHome
from wardgate_signal.oximetry.news2 import scale_1, scale_2

BEGIN_S = 1_790_000_000.0
CHART_1 = {90: 3, 91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 100: 0}
CHART_2_AIR = {82: 3, 83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 0, 97: 0, 100: 0}
CHART_2_OXYGEN = {83: 3, 85: 2, 87: 1, 88: 0, 92: 0, 93: 1, 94: 1, 95: 2, 96: 2, 97: 3, 100: 3}


@pytest.mark.parametrize(("pct", "points"), CHART_1.items())
def test_scale_1(pct: int, points: int) -> None:
    assert scale_1(pct) == points


@pytest.mark.parametrize(("pct", "points"), CHART_2_AIR.items())
def test_scale_2_on_air(pct: int, points: int) -> None:
    assert scale_2(pct, on_oxygen=False) == points


@pytest.mark.parametrize(("pct", "points"), CHART_2_OXYGEN.items())
def test_scale_2_on_oxygen(pct: int, points: int) -> None:
    assert scale_2(pct, on_oxygen=True) == points


def test_three_points_are_an_alert() -> None:
    rule = News2Scale1()
    findings = [rule.update(BEGIN_S + i, pct) for i, pct in enumerate((96, 94, 92, 91))]
    assert [f.level for f in findings if f] == [Level.OK, Level.WATCH, Level.WATCH, Level.ALERT]
    assert [f.severity for f in findings if f] == [0, 1, 2, 3]


def test_oxygen_makes_a_high_number_count_on_scale_2() -> None:
    rule = News2Scale2()
    air, oxygen = rule.update(BEGIN_S, 97.0), rule.update(BEGIN_S, 97.0, on_oxygen=True)
    assert air is not None
    assert oxygen is not None
    assert (air.level, oxygen.level) == (Level.OK, Level.ALERT)


@pytest.mark.parametrize(("pct", "level"), [(95, Level.OK), (94, Level.WATCH), (93, Level.WATCH), (92, Level.ALERT)])
def test_oximetry_at_home(pct: float, level: Level) -> None:
    finding = OximetryAtHome().update(BEGIN_S, pct)
    assert finding is not None
    assert finding.level is level
    assert (finding.score >= 1.0) is (level is Level.ALERT)


@pytest.mark.parametrize("rule", [News2Scale1(), News2Scale2(), OximetryAtHome(), AboveTarget()])
def test_a_weak_pulse_is_not_used(rule: News2Scale1 | News2Scale2 | OximetryAtHome | AboveTarget) -> None:
    before = rule.state()
    assert rule.update(BEGIN_S, 70.0, 0.1) is None
    assert rule.state() == before


def above(*values: float, high: float = 92.0, on_oxygen: bool = True) -> Finding:
    rule = AboveTarget(high, on_oxygen)
    finding = [rule.update(BEGIN_S + i * DAY_S, pct) for i, pct in enumerate(values)][-1]
    assert finding is not None
    return finding


def test_two_readings_above_the_target_on_oxygen_are_told() -> None:
    assert above(92, 92).level is Level.OK
    assert above(95).level is Level.WATCH
    told = above(95, 94)
    assert (told.level, told.severity) == (Level.ALERT, 2.0)
    assert above(95, 94, 91).clear


def test_above_the_target_is_good_news_without_oxygen_or_with_an_ordinary_target() -> None:
    assert above(97, 97, on_oxygen=False).level is Level.OK
    assert above(100, 100, high=98.0).level is Level.OK
