"""A patient's channels together, on series whose truth is known."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from wardgate_signal.finding import DAY_S
from wardgate_signal.fusion import Kind, PatientFinding, PatientMonitor
from wardgate_signal.fusion.published import NaiveBayes, OwnCharts

Any = PatientMonitor | OwnCharts | NaiveBayes
MAKERS: list[type[Any]] = [PatientMonitor, OwnCharts, NaiveBayes]
SEEDS = range(5_000_000, 5_000_005)
HEART = frozenset({"heart_failure"})
START_S = 1_790_000_000.0


@dataclass(frozen=True)
class Day:
    """One morning's measuring; None is not measured."""

    time_s: float
    kg: float | None
    systolic: float | None
    pulse: float
    spo2: float | None


@dataclass(frozen=True)
class Course:
    """How far each channel has moved at the end of a worsening that takes `days` days from day `onset`."""

    onset: int = 35
    days: int = 10
    kg: float = 0.0
    systolic: float = 0.0
    pulse: float = 0.0
    spo2: float = 0.0


def mornings(seed: int, days: int, course: Course | None = None, noise: float = 1.0) -> Iterator[Day]:
    course = course or Course()
    rng = np.random.default_rng(seed)
    for day in range(days):
        come = min(1.0, max(0.0, (day - course.onset) / course.days))
        kg, systolic, pulse, spo2 = (rng.standard_normal(4) * (0.4, 7.0, 4.0, 1.0) * noise).tolist()
        yield Day(
            START_S + day * DAY_S + 3600.0 * float(rng.random()),
            round(80.0 + kg + course.kg * come, 1),
            round(128.0 + systolic + course.systolic * come),
            round(70.0 + pulse + course.pulse * come),
            round(95.0 + spo2 + course.spo2 * come),
        )


def take(monitor: Any, day: Day, note: str | None = None) -> PatientFinding:
    """One morning: scale, cuff, oximeter; the note comes with the first of them. The last finding."""
    found = None
    if day.kg is not None:
        found = monitor.update_weight(day.time_s, day.kg, note)
    if day.systolic is not None:
        found = monitor.update_pressure(day.time_s + 300, day.systolic, 75.0, day.pulse)
    if day.spo2 is not None:
        found = monitor.update_saturation(day.time_s + 600, day.spo2, day.pulse)
    assert found is not None
    return found


def scores(monitor: Any, days: Iterator[Day]) -> list[float]:
    return [take(monitor, day).score for day in days]


def heart_failure_patient() -> PatientMonitor:
    return PatientMonitor(HEART, 94.0, 98.0)


WORSENINGS = [
    (HEART, Course(kg=2.0, pulse=8.0, spo2=-1.5), Kind.HEART_FAILURE),
    (HEART, Course(kg=2.0, systolic=18.0, pulse=6.0), Kind.HEART_FAILURE),
    (HEART, Course(kg=-2.0, systolic=-20.0, pulse=8.0), Kind.LOW_OUTPUT),
    (frozenset({"copd"}), Course(days=5, pulse=12.0, spo2=-4.0), Kind.RESPIRATORY),
    (frozenset({"heart_failure", "copd"}), Course(days=5, pulse=12.0, spo2=-5.0), Kind.RESPIRATORY),
]


@pytest.mark.parametrize(("conditions", "course", "kind"), WORSENINGS)
def test_a_worsening_is_told_and_named(conditions: frozenset[str], course: Course, kind: Kind) -> None:
    named = told = 0
    for seed in SEEDS:
        monitor = PatientMonitor(conditions, 88.0, 98.0)
        found = [take(monitor, day) for day in mornings(seed, course.onset + course.days + 3, course)]
        best = max(found[course.onset :], key=lambda finding: finding.score)
        told += best.score >= PatientMonitor.ALERT_SCORE
        named += best.kind is kind
    assert told >= 4
    assert named >= 4


def test_a_quiet_patient_is_left_alone() -> None:
    """About one false alert a patient-year is where the threshold stands; quiet patients have hardly more than that."""
    loud = 0
    for seed in SEEDS:
        said = scores(heart_failure_patient(), mornings(seed, 146))[21:]
        loud += sum(score >= PatientMonitor.ALERT_SCORE for score in said)
    assert loud <= 4  # 5 patients, 125 days each: 1.7 patient-years


def test_small_changes_that_began_together_say_more_than_any_alone() -> None:
    together = Course(kg=1.2, pulse=6.0, spo2=-1.5)
    alone = [Course(kg=1.2), Course(pulse=6.0), Course(spo2=-1.5)]
    for seed in SEEDS:
        highest = max(scores(heart_failure_patient(), mornings(seed, 47, together))[35:])
        assert highest > max(max(scores(heart_failure_patient(), mornings(seed, 47, each))[35:]) for each in alone)


def test_both_figures_of_the_cuff_say_more_than_the_upper_one() -> None:
    for seed in SEEDS:
        highest = []
        for share in (0.0, 0.5):
            monitor, said = heart_failure_patient(), []
            for i, day in enumerate(mornings(seed, 47, Course(kg=-1.5, systolic=-20.0, pulse=5.0))):
                fall = -20.0 * share * min(1.0, max(0.0, (i - 35) / 10))
                monitor.update_weight(day.time_s, day.kg or 80.0)
                said.append(monitor.update_pressure(day.time_s + 300, day.systolic or 128.0, 75.0 + fall, day.pulse))
            highest.append(max(finding.score for finding in said[35:]))
        assert highest[1] > highest[0]


def test_a_level_that_stays_is_no_news_after_a_while() -> None:
    for seed in SEEDS:
        said = scores(heart_failure_patient(), mornings(seed, 90, Course(kg=2.5, pulse=8.0)))
        assert max(said[35:51]) >= PatientMonitor.ALERT_SCORE
        assert max(said[72:]) < PatientMonitor.ALERT_SCORE


@pytest.mark.parametrize("spoiled", ["spouse", "bag", "stairs", "cuff"])
def test_one_spoiled_reading_is_no_worsening(spoiled: str) -> None:
    wrong = {
        "spouse": Day(0.0, 95.0, 128.0, 70.0, 95.0),
        "bag": Day(0.0, 84.0, 128.0, 70.0, 95.0),
        "stairs": Day(0.0, 80.0, 128.0, 96.0, 88.0),
        "cuff": Day(0.0, 80.0, 168.0, 88.0, 95.0),
    }[spoiled]
    told = 0
    for seed in SEEDS:
        monitor = heart_failure_patient()
        for day in mornings(seed, 40):
            take(monitor, day)
        spoiled_day = Day(START_S + 40.5 * DAY_S, wrong.kg, wrong.systolic, wrong.pulse, wrong.spo2)
        told += take(monitor, spoiled_day).score >= PatientMonitor.ALERT_SCORE
    assert told <= 1


NOTES: list[tuple[str, Course]] = [
    ("new_scale", Course(days=1, kg=2.5)),
    ("bp_drug_down", Course(days=4, systolic=22.0)),
    ("discharged", Course(days=1, kg=2.0, systolic=15.0, pulse=8.0)),
    ("diuretic_up", Course(days=6, kg=-2.2, systolic=-6.0)),
]


@pytest.mark.parametrize(("note", "course"), NOTES)
def test_what_was_told_is_expected(note: str, course: Course) -> None:
    """The same readings speak less when the hub knows why."""
    quieter = 0
    for seed in SEEDS:
        plain, knowing = heart_failure_patient(), heart_failure_patient()
        said: list[tuple[float, float]] = []
        for i, day in enumerate(mornings(seed, course.onset + 12, course)):
            told = note if i == course.onset + 1 else None
            said.append((take(plain, day).score, take(knowing, day, told).score))
        highest = np.max(np.array(said[course.onset :]), axis=0)
        quieter += highest[1] < highest[0]
        assert highest[1] < PatientMonitor.ALERT_SCORE + 2.0
    assert quieter >= 4


def test_a_channel_that_is_not_measured_adds_nothing() -> None:
    for seed in SEEDS:
        weight_only = [
            Day(day.time_s, day.kg, None, day.pulse, None) for day in mornings(seed, 50, Course(kg=3.0, days=8))
        ]
        monitor = heart_failure_patient()
        found = [take(monitor, day) for day in weight_only]
        best = max(found[35:], key=lambda finding: finding.score)
        assert best.score >= PatientMonitor.ALERT_SCORE
        assert best.shares == {"weight": 1.0, "systolic": 0.0, "pulse": 0.0, "saturation": 0.0}
        assert "pulse_change_bpm" not in best.evidence


def test_it_says_what_has_changed() -> None:
    monitor = heart_failure_patient()
    found = [take(monitor, day) for day in mornings(5, 46, Course(kg=2.4, pulse=10.0), noise=0.3)]
    last = found[-1]
    assert last.kind is Kind.HEART_FAILURE
    assert last.evidence["weight_change_kg"] == pytest.approx(2.4, abs=0.8)
    assert last.evidence["pulse_change_bpm"] == pytest.approx(10.0, abs=4.0)
    assert last.shares["weight"] > 0.2
    assert sum(last.shares.values()) == pytest.approx(1.0)
    assert last.evidence["probability_heart_failure"] > 0.5


@pytest.mark.parametrize("maker", MAKERS)
def test_a_saved_state_goes_on_without_a_changed_bit(maker: type[Any]) -> None:
    days = list(mornings(7, 45, Course(kg=2.0, pulse=8.0)))
    whole = maker(HEART, 94.0, 98.0, 79.5, beta_blocker=True)
    parts = maker(HEART, 94.0, 98.0, 79.5, beta_blocker=True)
    for i, day in enumerate(days):
        again = maker(HEART, 94.0, 98.0, 79.5, beta_blocker=True)
        again.restore(json.loads(json.dumps(parts.state())))
        parts = again
        note = {20: "diuretic_up", 30: "new_device", 38: "discharged", 40: "no such note, antibiotics"}.get(i)
        assert take(parts, day, note) == take(whole, day, note)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("saved", [{}, {"channels": {}, "last": {}}, {"windows": {"weight": [["a", 1]]}}])
def test_no_state_is_refused(maker: type[Any], saved: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no saved|no \d+ saved"):
        maker(HEART, 94.0, 98.0).restore(json.loads(json.dumps(saved)))


@pytest.mark.parametrize("part", ["onsets_s", "notes", "fluid", "channels"])
def test_half_a_state_is_refused_and_leaves_the_old_one(part: str) -> None:
    monitor, other = heart_failure_patient(), heart_failure_patient()
    scores(monitor, mornings(1, 20))
    scores(other, mornings(2, 30))
    before = monitor.state()
    with pytest.raises(ValueError, match=r"no saved|no \d+ saved"):
        monitor.restore({**other.state(), part: {"heart_failure": None}})
    assert monitor.state() == before


BAD: list[Callable[[Any], object]] = [
    lambda m: m.update_weight(START_S + 9 * DAY_S, 80.0),
    lambda m: m.update_weight(math.nan, 80.0),
    lambda m: m.update_weight(START_S + 20 * DAY_S, math.nan),
    lambda m: m.update_pressure(START_S + 20 * DAY_S, 120.0, math.inf, 70.0),
    lambda m: m.update_pressure(START_S + 20 * DAY_S, 120.0, 70.0, math.inf),
    lambda m: m.update_saturation(START_S + 20 * DAY_S, math.nan, 70.0),
    lambda m: m.update_saturation(START_S + 9 * DAY_S, 95.0, 70.0),
]


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("bad", BAD)
def test_what_is_refused_leaves_no_trace(maker: type[Any], bad: Callable[[Any], object]) -> None:
    monitor = maker(HEART, 94.0, 98.0)
    for day in mornings(3, 15):
        take(monitor, day)
    before = json.dumps(monitor.state())
    with pytest.raises(ValueError, match=r"not a number|older than"):
        bad(monitor)
    assert json.dumps(monitor.state()) == before


@pytest.mark.parametrize("number", [np.float64, np.float32, int, np.int64])
def test_numpy_s_numbers_are_numbers(number: Callable[[float], float]) -> None:
    plain, fed = (PatientMonitor(HEART, 94.0, 98.0, dry_weight_kg=kg) for kg in (80.0, number(80)))
    for day in range(20):
        time_s, kg, systolic, pulse = START_S + day * DAY_S, 80.0 + day % 2, 120.0 + day % 7, 70.0 + day % 3
        for monitor, of in ((plain, float), (fed, number)):
            monitor.update_weight(np.float64(time_s), of(kg))
            monitor.update_pressure(time_s + 1, of(systolic), of(70), of(pulse))
            monitor.update_saturation(time_s + 2, of(95), of(pulse), of(3))
    assert json.dumps(fed.state()) == json.dumps(plain.state())


@pytest.mark.parametrize("maker", MAKERS)
def test_not_a_number_says_that_the_device_told_no_pulse_and_no_perfusion(maker: type[Any]) -> None:
    absent, unknown = maker(HEART, 94.0, 98.0), maker(HEART, 94.0, 98.0)
    for day in mornings(5, 20):
        absent.update_pressure(day.time_s, 120.0 + day.pulse / 10, 70.0, None)
        unknown.update_pressure(day.time_s, 120.0 + day.pulse / 10, 70.0, math.nan)
        one = absent.update_saturation(day.time_s, 95.0, None, None)
        assert unknown.update_saturation(day.time_s, 95.0, math.nan, math.nan) == one


@pytest.mark.parametrize(("spo2_pct", "pulse_bpm"), [(0.0, 0.0), (127.0, 255.0), (511.0, 70.0), (-1.0, 511.0)])
def test_what_no_finger_can_have_says_nothing(spo2_pct: float, pulse_bpm: float) -> None:
    monitor = PatientMonitor({"copd"}, 88.0, 92.0)
    before = scores(monitor, mornings(6, 40))[-1]
    for hour in range(24):
        found = monitor.update_saturation(START_S + 40 * DAY_S + hour * 3600, spo2_pct, pulse_bpm)
        assert found.score < before + 0.5


def what_the_scale_knows(before: str | None, with_it: str | None) -> object:
    """A note comes with the oximeter, one with the weight after it: what the weight's own detector remembers then."""
    monitor, time_s = heart_failure_patient(), START_S + 31 * DAY_S
    scores(monitor, mornings(8, 30))
    monitor.update_saturation(time_s - 200, 95.0, 70.0, note=before)
    monitor.update_weight(time_s, 77.0, with_it)
    return monitor.state()["fluid"]


def test_of_several_notes_before_a_weight_none_is_lost() -> None:
    one, other = what_the_scale_knows("discharged", None), what_the_scale_knows(None, "diuretic_up")
    both = what_the_scale_knows("discharged", "diuretic_up")
    assert both not in (one, other)
    assert what_the_scale_knows(None, "discharged, beta_blocker_up;diuretic_up") == both
    assert what_the_scale_knows("discharged, diuretic_up", "holiday") == both


@pytest.mark.parametrize("maker", MAKERS)
def test_the_very_same_reading_again_changes_nothing(maker: type[Any]) -> None:
    monitor = maker(HEART, 94.0, 98.0)
    for day in mornings(4, 30):
        last = take(monitor, day)
    before = json.dumps(monitor.state())
    assert monitor.update_saturation(day.time_s + 600, day.spo2 or 0.0, day.pulse) == last
    assert json.dumps(monitor.state()) == before


@pytest.mark.parametrize("conditions", [set(), {"copd"}, {"heart_failure", "copd"}, {"frailty"}, {"something new"}])
def test_any_conditions_any_target_and_a_cuff_without_a_pulse(conditions: set[str]) -> None:
    monitor = PatientMonitor(conditions, 88.0, 92.0)
    found = monitor.update_pressure(0.0, 130.0, 80.0, None, note="dry_weight:x")
    found = monitor.update_saturation(0.0, 90.0, None, perfusion=0.2, note="dry_weight:71.5")
    found = monitor.update_weight(400 * DAY_S, 70.0, note="")
    assert math.isfinite(found.score)


def test_the_memory_is_bounded() -> None:
    monitor = heart_failure_patient()
    for day in mornings(8, 60):
        take(monitor, day)
    after_two_months = len(json.dumps(monitor.state()))
    for day in mornings(8, 200):
        if day.time_s > START_S + 61 * DAY_S:
            take(monitor, day)
    assert len(json.dumps(monitor.state())) < 1.2 * after_two_months
