"""The resting pulse."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from wardgate_signal.finding import DAY_S, Finding, Level
from wardgate_signal.pulse import NewIrregularity, RestingTrend

BEGIN_S = 1_790_000_000.0
WELL = (72, 68, 75, 70, 66, 74, 71, 69, 77, 70)


def fed(rule: RestingTrend, values: Iterable[float], from_day: float = 0.0) -> list[Finding]:
    return [rule.update(BEGIN_S + (from_day + i) * DAY_S, bpm) for i, bpm in enumerate(values)]


def learnt() -> RestingTrend:
    rule = RestingTrend()
    fed(rule, WELL * 3)
    return rule


def test_a_well_patient_is_left_alone() -> None:
    assert {f.level for f in fed(RestingTrend(), WELL * 20)} == {Level.LEARNING, Level.OK}


@pytest.mark.parametrize("off_bpm", [12, -12])
def test_a_rise_or_a_fall_that_stays_is_told_with_its_direction(off_bpm: int) -> None:
    finding = fed(learnt(), [bpm + off_bpm for bpm in WELL[:7]], 30)[-1]
    assert finding.level is Level.ALERT
    assert finding.inputs["trend"] == (1.0 if off_bpm > 0 else -1.0)
    assert finding.severity == pytest.approx(12, abs=4)


def test_one_fast_reading_is_no_trend() -> None:
    assert {f.level for f in fed(learnt(), [105, *WELL[:3]], 30)} <= {Level.OK, Level.WATCH}


def test_a_pulse_that_stays_becomes_the_usual_one() -> None:
    findings = fed(learnt(), [bpm + 14 for bpm in WELL * 5], 30)
    assert findings[6].level is Level.ALERT
    assert findings[-1].level is Level.OK


@pytest.mark.parametrize(
    ("two", "told"), [((112, 115), True), ((112, 110), False), ((40, 38), True), ((41, 40), False), ((115,), False)]
)
def test_the_limits_hold_from_the_second_reading_on(two: tuple[float, ...], told: bool) -> None:
    assert (fed(RestingTrend(), two)[-1].level is Level.ALERT) is told


def test_a_dose_step_of_the_beta_blocker_is_learnt_anew() -> None:
    rule = learnt()
    rule.update(BEGIN_S + 30 * DAY_S, 58.0, "beta_blocker_up")
    assert Level.ALERT not in {f.level for f in fed(rule, [bpm - 13 for bpm in WELL * 2], 31)}
    told = learnt()
    told.update(BEGIN_S + 30 * DAY_S, 58.0)
    assert Level.ALERT in {f.level for f in fed(told, [bpm - 13 for bpm in WELL * 2], 31)}


def sittings(bits: Iterable[int], rule: NewIrregularity | None = None, from_day: float = 0.0) -> Finding:
    rule = rule or NewIrregularity()
    return [rule.update(BEGIN_S + (from_day + i) * DAY_S, bool(bit)) for i, bit in enumerate(bits)][-1]


def test_three_irregular_sittings_are_new_in_a_regular_patient() -> None:
    assert sittings([0] * 20 + [1]).level is Level.WATCH
    assert sittings([0] * 20 + [1, 1]).level is Level.WATCH
    assert sittings([0] * 20 + [1, 1, 1]).level is Level.ALERT
    assert sittings([0] * 20 + [1, 0, 0, 1, 0, 0, 1]).level is Level.WATCH


def test_what_has_always_been_irregular_is_not_new() -> None:
    assert sittings([1] * 60).score == 0.0
    assert sittings([1, 1, 0, 1] * 15).level is not Level.ALERT
    assert sittings([1] * 60 + [0] * 4).score == 0.0  # nor is a regular day


def test_readings_of_one_sitting_are_one() -> None:
    rule = NewIrregularity()
    found = [rule.update(BEGIN_S + 60.0 * i, True) for i in range(10)]
    assert found[-1].inputs["irregular_sittings"] == 1.0


def test_a_state_goes_on() -> None:
    whole, again = NewIrregularity(), NewIrregularity()
    sittings([0] * 20 + [1, 1], whole)
    again.restore(json.loads(json.dumps(whole.state())))
    assert sittings([1, 0, 1], again, 22) == sittings([1, 0, 1], whole, 22)
    with pytest.raises(ValueError, match="saved"):
        again.restore({})
