"""A spot saturation that drops from the patient's own level."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import pytest

from wardgate_signal.finding import DAY_S, Level
from wardgate_signal.oximetry import SpotFinding, SpotSaturationDetector

BEGIN_S = 1_790_000_000.0
ALERT = SpotSaturationDetector.ALERT_SCORE
WELL = (97, 96, 97, 96, 96, 97, 95, 96, 97, 96)
"""About 96.3 %, whole per cent, as an oximeter shows a well patient."""


def fed(detector: SpotSaturationDetector, values: Iterable[float], from_day: float = 0.0) -> list[SpotFinding]:
    """One reading a morning."""
    return [detector.update(BEGIN_S + (from_day + i) * DAY_S, pct) for i, pct in enumerate(values)]


def learnt(low: float = 94.0, high: float = 98.0, shift: float = 0.0) -> SpotSaturationDetector:
    """A detector that has known a patient for 30 days; the next day is day 30."""
    detector = SpotSaturationDetector(low, high)
    fed(detector, [pct + shift for pct in WELL * 3])
    return detector


def test_it_learns_the_own_level_before_it_speaks() -> None:
    findings = fed(SpotSaturationDetector(94.0, 98.0), WELL)
    assert [f.usual_pct for f in findings[:5]] == [None] * 5
    assert findings[4].state is Level.LEARNING
    assert findings[-1].usual_pct == pytest.approx(96.3, abs=0.5)
    assert findings[-1].level is Level.OK
    assert findings[-1].clear


def test_a_well_patient_is_left_alone() -> None:
    assert max(f.score for f in fed(SpotSaturationDetector(94.0, 98.0), WELL * 30)) < SpotSaturationDetector.WATCH_SCORE


@pytest.mark.parametrize("fall_days", [3, 6, 10])
@pytest.mark.parametrize("depth_pct", [2.5, 3.5, 5.0])
def test_a_decline_is_told_before_it_has_been_lowest_for_three_days(fall_days: int, depth_pct: float) -> None:
    course = [min((i + 1) / fall_days, 1.0) * depth_pct for i in range(fall_days + 3)]
    findings = fed(learnt(), [round(WELL[i % 10] - down) for i, down in enumerate(course)], 30)
    assert findings[-1].level is Level.ALERT
    assert findings[-1].severity == pytest.approx(depth_pct, abs=1.5)
    assert [t for t, _ in findings[-1].evidence] == list(findings[-1].evidence_s)
    assert findings[-1].evidence[-1][1] == findings[-1].inputs["spo2_pct"]
    assert BEGIN_S + 29 * DAY_S < findings[-1].evidence_s[0] <= BEGIN_S + (30 + fall_days) * DAY_S


def test_a_decline_that_stays_in_the_target_is_told() -> None:
    findings = fed(learnt(shift=2), [97, 96, 95, 95, 94, 95, 94], 30)
    assert findings[-1].level is Level.ALERT
    assert min(f.inputs["spo2_pct"] for f in findings) >= 94


def test_the_same_fall_below_the_target_is_worth_more() -> None:
    fall = [94, 93, 93, 92]
    within, below = (fed(learnt(low), fall, 30)[-1].score for low in (88.0, 94.0))
    assert below > within


def test_a_patient_who_lives_below_the_target_is_left_alone() -> None:
    findings = fed(SpotSaturationDetector(94.0, 98.0), [pct - 5 for pct in WELL * 10])
    assert max(f.score for f in findings[21:]) < SpotSaturationDetector.WATCH_SCORE


def test_a_target_says_nothing_about_who_lives_below_it() -> None:
    lives_below = [pct - 5 for pct in WELL * 10]
    with_target, without = (fed(SpotSaturationDetector(low, 98.0), lives_below)[-1].score for low in (94.0, 80.0))
    assert with_target == pytest.approx(without, abs=0.3)


@pytest.mark.parametrize("low_pct", [92.0, 88.0, 70.0])
def test_a_single_low_reading_is_not_a_decline(low_pct: float) -> None:
    detector = learnt()
    low, after = fed(detector, [low_pct, 96], 30)
    assert low.score < ALERT
    assert after.level is Level.OK


def test_two_very_low_days_are() -> None:
    assert fed(learnt(), [88, 88], 30)[-1].level is Level.ALERT


def test_readings_within_minutes_are_one_moment() -> None:
    detector = learnt()
    for i in range(6):
        last = detector.update(BEGIN_S + 30 * DAY_S + 60.0 * i, 90.0)
    (once,) = fed(learnt(), [90], 30)
    assert last.score == once.score


def test_a_finger_that_warms_up_takes_back_what_it_said() -> None:
    detector = learnt()
    detector.update(BEGIN_S + 30 * DAY_S, 88.0)
    warm = detector.update(BEGIN_S + 30 * DAY_S + 120.0, 96.0)
    (plain,) = fed(learnt(), [96], 30)
    assert warm.score == plain.score


def test_of_two_readings_the_higher_counts_in_either_order() -> None:
    one, other = learnt(), learnt()
    for detector, values in ((one, (92.0, 96.0)), (other, (96.0, 92.0))):
        for i, pct in enumerate(values):
            last = detector.update(BEGIN_S + 30 * DAY_S + 120.0 * i, pct)
        assert last.score == fed(learnt(), [96], 30)[0].score


def test_a_decline_does_not_become_usual_while_it_lasts_some_days() -> None:
    assert fed(learnt(), [92] * 10, 30)[-1].usual_pct == pytest.approx(96.3, abs=0.7)


def test_a_weak_pulse_changes_nothing() -> None:
    detector = learnt()
    before = detector.update(BEGIN_S + 30 * DAY_S, 96.0)
    for day in range(31, 36):
        weak = detector.update(BEGIN_S + day * DAY_S, 85.0, perfusion=0.2)
    assert weak.quality == "weak-pulse"
    assert weak.score == before.score


@pytest.mark.parametrize("pct", [0.0, -1.0, 50.0, 100.5, 127.0, 511.0])
def test_what_no_finger_can_have_says_nothing(pct: float) -> None:
    new = SpotSaturationDetector(94.0, 98.0)
    before = new.update(BEGIN_S - DAY_S, 96.0).score
    assert new.update(BEGIN_S, pct).score == before
    detector, well = learnt(), learnt()
    for hour in range(24):
        finding = detector.update(BEGIN_S + 30 * DAY_S + hour * 3600, pct, 0.0)
        assert finding.quality == "implausible"
        assert finding.level is Level.OK
    assert detector.update(BEGIN_S + 32 * DAY_S, 96.0).score == well.update(BEGIN_S + 32 * DAY_S, 96.0).score


def test_not_a_number_says_that_the_device_told_no_pulse_and_no_perfusion() -> None:
    unknown, absent = learnt(), learnt()
    for day in range(30, 40):
        found = unknown.update(BEGIN_S + day * DAY_S, 95.0, math.nan, math.nan)
        assert found == absent.update(BEGIN_S + day * DAY_S, 95.0)


def test_what_follows_effort_counts_for_less() -> None:
    calm, stairs = SpotSaturationDetector(), SpotSaturationDetector()
    for detector in (calm, stairs):
        for i, pct in enumerate(WELL * 3):
            detector.update(BEGIN_S + i * DAY_S, pct, 70.0)
    resting = calm.update(BEGIN_S + 30 * DAY_S, 90.0, 72.0)
    breathless = stairs.update(BEGIN_S + 30 * DAY_S, 90.0, 95.0)
    assert breathless.quality == "after-exertion"
    assert breathless.score < resting.score


def test_a_recovery_ends_it() -> None:
    detector = learnt()
    fed(detector, [94, 93, 92, 92, 92], 30)
    assert fed(detector, [96, 97, 96], 35)[-1].clear


def test_a_level_that_stays_becomes_the_usual_one() -> None:
    findings = fed(learnt(), [pct - 3 for pct in WELL * 5], 30)
    assert max(f.score for f in findings[:10]) >= ALERT
    assert max(f.score for f in findings[25:]) < SpotSaturationDetector.WATCH_SCORE
    assert findings[-1].usual_pct == pytest.approx(93.3, abs=0.7)


def test_the_score_has_no_ceiling_a_patient_could_reach() -> None:
    scores = [fed(learnt(), [pct] * 4, 30)[-1].score for pct in (94, 92, 90, 88)]
    assert scores == sorted(scores)
    assert len(set(scores)) == 4


def test_a_long_silence_makes_a_low_reading_less_surprising() -> None:
    assert fed(learnt(), [93], 60)[-1].score > fed(learnt(), [93], 30)[-1].score


@pytest.mark.parametrize("note", ["new_device", "oxygen_started", "discharged, oxygen_started"])
def test_a_new_oximeter_is_learnt_anew(note: str) -> None:
    detector = learnt()
    first = detector.update(BEGIN_S + 30 * DAY_S, 93.0, note=note)
    assert first.level is Level.LEARNING
    assert max(f.score for f in fed(detector, [93, 94, 93, 93, 94, 93, 93, 94, 93], 31)) < ALERT


def test_a_note_that_it_does_not_know_changes_nothing() -> None:
    one, other = learnt(), learnt()
    assert one.update(BEGIN_S + 30 * DAY_S, 95.0, note="beta_blocker_up") == other.update(BEGIN_S + 30 * DAY_S, 95.0)


def test_too_much_oxygen_shows_in_the_inputs() -> None:
    detector = SpotSaturationDetector(88.0, 92.0)
    findings = fed(detector, [90, 91, 90, 90, 91, 90, 91, 95, 95, 95, 95])
    assert findings[6].inputs["above_target_pct"] == 0.0
    assert findings[-1].inputs["above_target_pct"] > 1.0


def test_a_state_saved_within_a_moment_goes_on() -> None:
    whole, again = learnt(), SpotSaturationDetector(94.0, 98.0)
    whole.update(BEGIN_S + 30 * DAY_S, 91.0, 80.0, 1.4)
    again.restore(json.loads(json.dumps(whole.state())))
    later = (BEGIN_S + 30 * DAY_S + 100.0, 95.0, 79.0, 1.3)
    assert again.update(*later) == whole.update(*later)


@pytest.mark.parametrize("part", ["own", "last", "pulse_bpm"])
def test_half_a_state_is_refused_and_leaves_the_old_one(part: str) -> None:
    detector = learnt()
    before = detector.state()
    with pytest.raises(ValueError, match="saved"):
        detector.restore({**before, part: "broken"})
    assert detector.state() == before
