"""The fluid detector, on series whose truth is known."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from wardgate_signal.finding import DAY_S, Level, Saved
from wardgate_signal.weight import FluidRetentionDetector, Quality, WeightFinding

START_S = 1_790_000_000.0
SEEDS = range(4_000_000, 4_000_012)


def play(
    weights_kg: list[float] | np.ndarray,
    days: list[int] | None = None,
    notes: dict[int, str] | None = None,
    dry_weight_kg: float | None = None,
    start_s: float = START_S,
) -> dict[int, WeightFinding]:
    """Weighed at the same time on each of the days; findings by day."""
    detector = FluidRetentionDetector(dry_weight_kg)
    days = list(range(len(weights_kg))) if days is None else days
    told = notes or {}
    return {
        day: detector.update(start_s + day * DAY_S, float(kg), told.get(day))
        for day, kg in zip(days, weights_kg, strict=True)
    }


def alert_days(found: dict[int, WeightFinding]) -> list[int]:
    return [day for day, finding in found.items() if finding.level is Level.ALERT]


def noisy(seed: int, days: int, noise_kg: float = 0.4, level_kg: float = 78.0) -> np.ndarray:
    return np.round(level_kg + noise_kg * np.random.default_rng(seed).standard_normal(days), 1)


def ramp(days: int, onset: int, gain_kg: float, over_days: int) -> np.ndarray:
    return gain_kg * np.clip((np.arange(days) - onset) / over_days, 0.0, 1.0)


def test_it_finds_a_gain_of_3_kg_before_it_is_complete() -> None:
    first = []
    for seed in SEEDS:
        days = [day for day in alert_days(play(noisy(seed, 90) + ramp(90, 70, 3.0, 12))) if day >= 70]
        first.append(min(days, default=999))
    assert np.median(first) <= 79
    assert max(first) <= 84


def test_it_is_silent_in_those_who_are_well() -> None:
    """60 days each after the first three weeks: at one false alert a year two of twelve would be usual."""
    told = [seed for seed in SEEDS if [day for day in alert_days(play(noisy(seed, 81))) if day >= 21]]
    assert len(told) <= 3


def test_a_weekday_rhythm_is_learnt() -> None:
    """A kilogram more on two days of seven: the same kilogram says more on one of the other five."""
    usual = np.where(np.arange(253) % 7 < 2, 1.0, 0.0)
    more = []
    for seed in SEEDS[:4]:
        weights_kg = noisy(seed, 253, 0.2) + usual
        weights_kg[251] = weights_kg[252] = 79.2
        heavy, light = play(np.delete(weights_kg, 251), [*range(251), 252]), play(weights_kg[:252])
        more.append(light[251].score - heavy[252].score)
    assert min(more) > 0.0
    assert np.mean(more) > 1.0


def test_more_of_the_same_gain_is_more_evidence() -> None:
    found = play(np.full(60, 78.0) + ramp(60, 40, 4.0, 12))
    scores = [found[day].score for day in range(43, 53)]
    assert scores == sorted(scores)
    assert found[52].gain_kg == pytest.approx(4.0, abs=0.6)
    assert found[52].gain_rate_kg_per_day == pytest.approx(4.0 / 12, abs=0.15)
    assert found[52].baseline_kg == pytest.approx(78.0, abs=0.6)


def test_it_says_what_it_rests_on() -> None:
    found = play(np.full(60, 78.0) + ramp(60, 40, 4.0, 12))[52]
    assert found.state is Level.ALERT
    assert (found.rule, found.version) == ("weight.fluid_retention", FluidRetentionDetector.VERSION)
    times = [(t - START_S) / DAY_S for t, _ in found.evidence]
    assert 34 <= times[0] <= 45
    assert times == list(range(int(times[0]), 53))
    assert found.evidence[-1][1] == 82.0
    assert found.evidence_s == tuple(t for t, _ in found.evidence)


def test_a_level_that_stays_becomes_the_usual_one() -> None:
    found = play(noisy(4_000_003, 160, 0.3) + ramp(160, 60, 3.0, 8))
    days = [day for day in alert_days(found) if day >= 60]
    assert days
    assert max(days) <= 92
    assert found[159].baseline_kg == pytest.approx(81.0, abs=0.5)


@pytest.mark.parametrize(
    ("other_kg", "quality"),
    [(58.0, Quality.WRONG_PERSON), (97.0, Quality.WRONG_PERSON), (82.0, Quality.LOAD), (74.0, Quality.SCALE_MOVED)],
)
def test_one_strange_weight_is_kept_aside(other_kg: float, quality: Quality) -> None:
    weights_kg = noisy(4_000_007, 80, 0.3)
    without = play(np.delete(weights_kg, 50), [*range(50), *range(51, 80)])
    weights_kg[50] = other_kg
    found = play(weights_kg)
    assert found[50].quality is quality
    assert found[50].score == found[49].score
    assert found[51] == without[51]


def test_a_jump_that_stays_is_taken_at_its_second_weight() -> None:
    weights_kg = np.full(60, 78.0)
    weights_kg[50:] = 82.5
    found = play(weights_kg)
    assert [found[day].quality for day in (50, 51, 52)] == [Quality.LOAD, Quality.SCALE_MOVED, Quality.ACCEPTED]
    assert found[52].score > found[49].score


def test_three_weights_of_the_spouse_are_nobody_s_new_level() -> None:
    weights_kg = noisy(4_000_009, 60, 0.3)
    weights_kg[40:43] = [61.0, 61.3, 60.9]
    found = play(weights_kg)
    assert {found[day].quality for day in (40, 41, 42)} == {Quality.WRONG_PERSON}
    assert found[43].quality is Quality.ACCEPTED
    assert found[43].baseline_kg == pytest.approx(78.0, abs=0.5)


def test_a_new_person_is_learnt_in_the_end() -> None:
    weights_kg = np.full(60, 78.0)
    weights_kg[40:] = 61.0
    found = play(weights_kg)
    assert found[45].quality is Quality.ACCEPTED
    assert found[45].baseline_kg == pytest.approx(61.0, abs=0.2)
    assert not [day for day in alert_days(found) if day >= 40]


def test_pounds_for_kilograms_are_seen_and_used() -> None:
    weights_kg = np.full(60, 78.0) + ramp(60, 40, 4.0, 12)
    weights_kg[48] *= 2.20462
    found = play(weights_kg)
    plain = play(np.full(60, 78.0) + ramp(60, 40, 4.0, 12))
    assert found[48].quality is Quality.UNIT_STEP
    assert found[48].score == pytest.approx(plain[48].score, abs=0.01)


def test_a_new_scale_that_was_told_of_is_no_gain() -> None:
    told = untold = 0
    for seed in SEEDS:
        weights_kg = noisy(seed, 80, 0.3)
        weights_kg[50:] += 1.8
        told += bool([day for day in alert_days(play(weights_kg, notes={50: "new_scale"})) if day >= 50])
        untold += bool([day for day in alert_days(play(weights_kg)) if day >= 50])
    assert told <= 1
    assert untold > told


def test_after_a_stay_in_hospital_the_level_is_learnt_anew() -> None:
    weights_kg = np.concatenate([np.full(40, 82.0), np.full(30, 78.0)]) + ramp(70, 60, 2.5, 8)
    days = [*range(40), *range(48, 78)]
    found = play(weights_kg, days, notes={48: "discharged"})
    assert found[50].baseline_kg == pytest.approx(78.0, abs=0.3)
    first = alert_days(found)
    assert first
    assert 68 <= min(first) <= 77


def test_a_gain_that_has_been_treated_in_hospital_is_no_longer_counted() -> None:
    weights_kg = np.concatenate([np.full(40, 78.0) + ramp(40, 30, 3.0, 9), np.full(5, 80.0)])
    days = [*range(40), *range(45, 50)]
    found = play(weights_kg, days, notes={45: "discharged"})
    assert alert_days(found)[-1] == 39
    assert play(weights_kg, days)[45].level is Level.ALERT


def test_a_loss_is_no_gain_and_the_next_gain_is_seen_from_below() -> None:
    weights_kg = np.full(90, 80.0) - ramp(90, 40, 3.0, 6) + ramp(90, 75, 3.0, 9)
    days = alert_days(play(weights_kg))
    assert days
    assert min(days) > 75


def test_an_agreed_dry_weight_makes_the_first_weights_a_gain() -> None:
    known = play(np.full(5, 81.0), dry_weight_kg=78.0)
    unknown = play(np.full(5, 81.0))
    assert known[4].score > unknown[4].score
    assert known[4].gain_kg > unknown[4].gain_kg
    assert unknown[4].level is Level.LEARNING


def test_what_the_ward_agrees_on_later_counts_too() -> None:
    weights_kg = noisy(4_000_001, 60, 0.3)
    lower = play(weights_kg, notes={40: "dry_weight:76.0"})
    assert lower[41].score > play(weights_kg)[41].score


@pytest.mark.parametrize("note", ["", "holiday", "dry_weight:", "dry_weight:heavy", "dry_weight:nan", "dry_weight:1e9"])
def test_a_note_that_it_does_not_know_changes_nothing(note: str) -> None:
    weights_kg = noisy(4_000_002, 40)
    assert play(weights_kg, notes={30: note}) == play(weights_kg)


def test_several_notes_come_with_one_weight() -> None:
    weights_kg = np.concatenate([np.full(40, 82.0), np.full(10, 78.0)])
    both = play(weights_kg, notes={40: "discharged; dry_weight:78.5"})
    assert both[45] != play(weights_kg, notes={40: "discharged"})[45]
    assert both[45] == play(weights_kg, notes={40: "discharged,dry_weight:78.5,holiday"})[45]
    assert play(weights_kg, notes={0: "discharged, dry_weight:79"})[5].score > play(weights_kg)[5].score


def test_five_weighings_a_morning_count_little_more_than_one() -> None:
    def after(times: int) -> float:
        detector, score = FluidRetentionDetector(), 0.0
        for day in range(40):
            for minute in range(times if day >= 38 else 1):
                weight_kg = 79.4 if day >= 38 else 78.0
                score = detector.update(START_S + day * DAY_S + minute * 60, weight_kg).score
        return score

    assert after(5) == pytest.approx(after(1), abs=0.2)


def test_the_beginning_of_time_does_not_matter() -> None:
    """Seconds since 1970 or since the first weight: the same week, the same scores."""
    weights_kg = noisy(4_000_004, 60) + ramp(60, 40, 3.0, 10)
    weeks_s = 2900 * 7 * DAY_S
    late, early = play(weights_kg, start_s=weeks_s + 27_000.0), play(weights_kg, start_s=27_000.0)
    assert [x.score for x in late.values()] == pytest.approx([x.score for x in early.values()], abs=1e-4)


def test_its_memory_does_not_grow_and_comes_back_exactly() -> None:
    rng = np.random.default_rng(4_000_005)
    detector, sizes = FluidRetentionDetector(77.0), []
    for day in range(900):
        detector.update(START_S + day * DAY_S, round(float(78 + 0.4 * rng.standard_normal()), 1))
        if day in (200, 899):
            sizes.append(len(json.dumps(detector.state())))
    assert sizes[1] < 1.1 * sizes[0] < 60_000
    again = FluidRetentionDetector(77.0)
    again.restore(json.loads(json.dumps(detector.state())))
    for day in range(900, 930):
        weight_kg = 78.0 + (day - 900) / 8
        assert again.update(START_S + day * DAY_S, weight_kg) == detector.update(START_S + day * DAY_S, weight_kg)
    assert again.state() == detector.state()


def test_a_broken_state_changes_nothing() -> None:
    detector = FluidRetentionDetector()
    for day in range(20):
        detector.update(START_S + day * DAY_S, 78.0)
    before = detector.state()
    broken: Saved = {**before, "bank": {"sums": [1.0]}}
    with pytest.raises(ValueError, match="saved"):
        detector.restore(broken)
    assert detector.state() == before


@pytest.mark.parametrize("weights_kg", [[-5.0, 0.0, 78.0, 78.1], [1e300, 78.0, 1e300, 78.1], [78.0, -1e300, 1e-300]])
def test_figures_that_no_person_weighs_do_no_harm(weights_kg: list[float]) -> None:
    found = play(weights_kg)
    assert all(finding.sound() for finding in found.values())
    assert found[0].quality is (Quality.ACCEPTED if weights_kg[0] == 78.0 else Quality.WRONG_PERSON)


def test_a_hundred_years_between_two_weights() -> None:
    found = play([78.0, 78.2, 71.0], [0, 1, 36_500])
    assert all(math.isfinite(finding.score) and finding.sound() for finding in found.values())


def test_it_is_the_same_whether_or_not_somebody_looks_after_each_weight() -> None:
    """A monitor of all channels asks for the score and the gain alone; what it saves is the whole."""
    looked, asked = FluidRetentionDetector(78.0), FluidRetentionDetector(78.0)
    notes = {30: "diuretic_down", 35: "dry_weight:77", 50: "new_scale", 60: "discharged"}
    weights_kg = noisy(7, 80) + ramp(80, 20, 3.0, 14)
    weights_kg[[35, 50, 52]] = 61.0  # somebody else steps on, with and without news
    weights_kg[66:] -= 8.0  # from here on another patient's level
    for day, kg in enumerate(weights_kg):
        found = looked.update(START_S + day * DAY_S, float(kg), notes.get(day))
        asked.take(START_S + day * DAY_S, float(kg), notes.get(day))
        assert (asked.score, asked.gain_kg) == (found.score, found.gain_kg), day
        if day in notes:
            assert asked.state() == looked.state(), day
    assert asked.state() == looked.state()
