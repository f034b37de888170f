"""The personal weight baseline, on series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from wardgate_signal.finding import DAY_S, Finding, Level
from wardgate_signal.weight_baseline import PersonalBaseline

SEEDS = range(3_000_000, 3_000_020)


def play(weights_kg: list[float] | np.ndarray, days: list[int] | None = None) -> dict[int, Finding]:
    """Weighed at 7:30 on each of the days; findings by day."""
    rule = PersonalBaseline()
    days = list(range(len(weights_kg))) if days is None else days
    return {
        day: rule.update(1_790_000_000.0 + day * DAY_S, float(kg)) for day, kg in zip(days, weights_kg, strict=True)
    }


def alert_days(found: dict[int, Finding]) -> list[int]:
    return [day for day, finding in found.items() if finding.level is Level.ALERT]


def noisy(seed: int, days: int, noise_kg: float = 0.5) -> np.ndarray:
    return 78.0 + noise_kg * np.random.default_rng(seed).standard_normal(days)


def test_it_learns_a_week_before_it_speaks() -> None:
    found = play([78.0, 78.4, 77.8, 78.1, 78.2, 77.9, 78.0, 78.1])
    assert [found[day].level for day in range(6)] == [Level.LEARNING] * 6
    assert found[6].level is Level.OK
    assert found[6].inputs["usual_kg"] == 78.0  # the median of the seven


def test_seven_weighings_in_a_day_are_not_a_week() -> None:
    rule = PersonalBaseline()
    found = [rule.update(1000.0 + 600 * i, 78.0 + 0.1 * i) for i in range(10)]
    assert {finding.level for finding in found} == {Level.LEARNING}


def test_it_finds_2_kg_in_10_days_under_half_a_kilogram_of_noise() -> None:
    found_on = []
    for seed in SEEDS:
        weights_kg = noisy(seed, 60)
        weights_kg[40:] += np.minimum(np.arange(1, 21) * 0.2, 2.0)
        days = alert_days(play(weights_kg))
        assert not [day for day in days if day < 40]
        found_on.append(min(days, default=99) - 39)
    assert max(found_on) <= 14
    assert np.median(found_on) <= 10


def test_it_says_what_it_rests_on() -> None:
    weights_kg = np.full(60, 78.0)
    weights_kg[40:50] += np.arange(1, 11) * 0.2
    weights_kg[50:] += 2.0
    found = play(weights_kg)
    first = found[alert_days(found)[0]]
    assert first.score >= 1
    assert first.inputs["usual_kg"] == pytest.approx(78.0, abs=0.15)
    assert first.severity == pytest.approx(first.inputs["level_kg"] - first.inputs["usual_kg"], abs=0.02)
    assert first.evidence_s[-1] == 1_790_000_000.0 + alert_days(found)[0] * DAY_S
    assert first.inputs["rising_days"] == (first.evidence_s[-1] - first.evidence_s[0]) / DAY_S


@pytest.mark.parametrize("seed", SEEDS)
def test_a_weekday_rhythm_is_no_gain(seed: int) -> None:
    weights_kg = noisy(seed, 120, 0.4) + np.where(np.arange(120) % 7 < 2, 0.6, 0.0)
    assert not alert_days(play(weights_kg))


def test_a_holiday_is_no_gain() -> None:
    """Three weeks away, back with 0.8 kg of good food that goes within ten days: not more than 1 in 20 is told."""
    days = [*range(40), *range(61, 100)]
    told = 0
    for seed in SEEDS:
        weights_kg = noisy(seed, len(days), 0.4)
        assert not alert_days(play(weights_kg, days))
        weights_kg[40:50] += np.linspace(0.8, 0.0, 10)
        told += bool(alert_days(play(weights_kg, days)))
    assert told <= 1


@pytest.mark.parametrize("other_kg", [62.0, 90.0, 81.5, 83.0])
def test_one_weight_of_somebody_else_is_kept_aside(other_kg: float) -> None:
    weights_kg = noisy(3_000_007, 80)
    without = play(np.delete(weights_kg, 50), [*range(50), *range(51, 80)])
    weights_kg[50] = other_kg
    found = play(weights_kg)
    assert found[50].inputs["suspect"] == 1.0
    assert not alert_days(found)
    assert found[79] == without[79]


def test_a_real_jump_is_believed_at_its_second_reading() -> None:
    weights_kg = np.full(60, 78.0)
    weights_kg[50:] = 82.5
    found = play(weights_kg)
    assert found[50].inputs["suspect"] == 1.0
    assert [found[day].inputs["suspect"] for day in range(51, 60)] == [0.0] * 9
    assert alert_days(found)[0] <= 54


def test_a_new_scale_that_shows_more_is_told_once_and_then_believed() -> None:
    """It cannot know that it is the scale: it speaks once, and takes the new level after four weeks."""
    weights_kg = np.full(150, 78.0)
    weights_kg[50:] = 80.0
    days = alert_days(play(weights_kg))
    assert days == list(range(days[0], days[0] + 28))
    assert days[0] <= 56
    assert play(weights_kg)[149].inputs["usual_kg"] == pytest.approx(80.0, abs=0.1)


def test_a_new_scale_that_shows_less_is_believed_within_ten_days() -> None:
    weights_kg = np.full(80, 78.0)
    weights_kg[40:] = 76.0
    found = play(weights_kg)
    assert not alert_days(found)
    assert found[50].inputs["usual_kg"] == pytest.approx(76.0, abs=0.1)


def test_a_gain_after_a_diuresis_is_seen_from_the_new_level() -> None:
    weights_kg = np.concatenate([np.full(30, 80.0), np.full(20, 77.0), np.full(12, 79.0)])
    days = alert_days(play(weights_kg))
    assert days
    assert min(days) >= 50


def test_the_alert_ends_when_the_weight_is_back() -> None:
    weights_kg = np.concatenate([np.full(30, 78.0), np.full(10, 80.5), np.full(15, 78.0)])
    found = play(weights_kg)
    days = alert_days(found)
    assert max(days) <= 46
    assert found[48].clear


def test_a_dry_weight_saves_the_learning() -> None:
    rule = PersonalBaseline(dry_weight_kg=78.0)
    found = [rule.update(1_790_000_000.0 + day * DAY_S, 80.0).level for day in range(8)]
    assert Level.LEARNING not in found
    assert found[-1] is Level.ALERT


def test_five_weighings_a_morning_count_as_one() -> None:
    once = play([78.0] * 20 + [79.2] * 2)
    rule = PersonalBaseline()
    last = None
    for day in range(20):
        last = rule.update(1_790_000_000.0 + day * DAY_S, 78.0)
    for day in (20, 21):
        for minute in range(5):
            last = rule.update(1_790_000_000.0 + day * DAY_S + minute * 60, 79.2)
    assert last is not None
    assert last.score == pytest.approx(once[21].score, abs=0.05)
