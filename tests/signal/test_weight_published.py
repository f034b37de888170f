"""The published weight detectors, against arithmetic done by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest

from wardgate_signal.finding import DAY_S, Finding, Level, Saved
from wardgate_signal.weight import (
    CumulativeSum,
    FivePoundsThreeDays,
    GuidelineEsc,
    GuidelineUs,
    MovingAverages,
    OwnAverage,
    ThreePoundsOneDay,
)


class Published(Protocol):
    """What all of them have in common."""

    def update(self, time_s: float, weight_kg: float, note: str | None = None) -> Finding: ...

    def state(self) -> Saved: ...

    def restore(self, saved: Saved) -> None: ...


EVERY: list[Callable[[], Published]] = [
    GuidelineEsc,
    GuidelineUs,
    ThreePoundsOneDay,
    FivePoundsThreeDays,
    MovingAverages,
    OwnAverage,
    CumulativeSum,
]
NEW = EVERY[2:]


def play(make: Callable[[], Published], weights_kg: list[float] | np.ndarray) -> list[Finding]:
    """Weighed once a day at the same time."""
    detector = make()
    return [detector.update(1_790_000_000.0 + day * DAY_S, float(kg)) for day, kg in enumerate(weights_kg)]


def test_three_pounds_in_a_day_and_five_in_three() -> None:
    three = play(ThreePoundsOneDay, [80.0, 81.4, 82.7, 83.0])  # +1.4, +1.3, +0.3 kg; 3 lb are 1.36 kg
    assert [f.level is Level.ALERT for f in three] == [False, True, False, False]
    five = play(FivePoundsThreeDays, [80.0, 80.8, 81.6, 82.3, 82.4])  # 5 lb are 2.27 kg: +2.3 after three days
    assert [f.level is Level.ALERT for f in five] == [False, False, False, True, False]


def test_moving_averages_of_a_step_are_the_textbook_s() -> None:
    found = play(MovingAverages, [80.0] * 20 + [81.0] * 10)
    assert found[19].score == pytest.approx(0.0)
    short, long = 1 - (1 - 2 / 13) ** 10, 1 - (1 - 2 / 27) ** 10
    assert found[29].score == pytest.approx(short - long)


def test_moving_averages_move_by_days_and_not_by_readings() -> None:
    every, some = MovingAverages(), MovingAverages()
    for day in range(30):
        weight_kg = 80.0 if day < 20 else 81.0
        last = every.update(day * DAY_S, weight_kg)
    for day in [*range(20), 29]:
        late = some.update(day * DAY_S, 80.0 if day < 20 else 81.0)
    assert late.score == pytest.approx(last.score)


def test_own_average_counts_in_the_patient_s_own_sd() -> None:
    usual = [79.5, 80.5] * 12  # mean 80, SD 0.5
    found = play(OwnAverage, [*usual, 81.0, 81.0, 81.0])
    assert found[26].score == pytest.approx(1.0 / 0.5)
    assert found[26].level is Level.ALERT
    quiet = play(OwnAverage, [79.8, 80.2] * 12 + [80.25] * 3)  # SD 0.2 counts as 0.3
    assert quiet[26].score == pytest.approx(0.25 / 0.3)


def test_the_sum_grows_by_what_is_above_its_allowance() -> None:
    usual = [79.5, 80.5] * 12
    found = play(CumulativeSum, [*usual, 81.0])
    mean, sd = np.mean(usual), np.std(usual)
    before = found[23].score
    assert found[24].score == pytest.approx(before + (81.0 - mean) / sd - 0.5)
    odd = play(CumulativeSum, [*usual, 99.0])
    assert odd[24].score == pytest.approx(before + 3.0 - 0.5)


def test_the_sum_does_not_speak_for_ever() -> None:
    found = play(CumulativeSum, [79.5, 80.5] * 15 + [84.0] * 90)
    assert any(f.level is Level.ALERT for f in found[30:45])
    assert found[-1].level is Level.OK


@pytest.mark.parametrize("make", NEW, ids=lambda make: make.RULE)
def test_a_saved_state_goes_on_as_if_nothing_had_been(make: Callable[[], Published]) -> None:
    rng = np.random.default_rng(4_000_021)
    one, other = make(), make()
    for day in range(50):
        one.update(day * DAY_S, round(80 + 0.5 * float(rng.standard_normal()), 1))
    other.restore(json.loads(json.dumps(one.state())))
    for day in range(50, 70):
        assert other.update(day * DAY_S, 80.0 + 0.1 * day) == one.update(day * DAY_S, 80.0 + 0.1 * day)
    with pytest.raises(ValueError, match="saved"):
        other.restore({"window": "x"})


@pytest.mark.parametrize("number", [np.float32, np.float64])
@pytest.mark.parametrize("make", EVERY, ids=lambda make: make.RULE)
def test_numpy_s_numbers_are_numbers(make: Callable[[], Published], number: Callable[[float], float]) -> None:
    plain, fed = make(), make()
    for day in range(40):
        value = 80.0 + 0.5 * (day % 5)
        assert fed.update(np.float64(day * DAY_S), number(value)) == plain.update(day * DAY_S, value)
    assert json.dumps(fed.state()) == json.dumps(plain.state())


@pytest.mark.parametrize("make", EVERY, ids=lambda make: make.RULE)
def test_going_back_and_no_numbers_are_refused_without_a_trace(make: Callable[[], Published]) -> None:
    detector = make()
    for day in range(20):
        detector.update(day * DAY_S, 80.0, "new_scale")
    before = detector.state()
    for time_s, weight_kg in ((0.0, 80.0), (20 * DAY_S, float("nan")), (float("inf"), 80.0)):
        with pytest.raises(ValueError, match=r"older|not a number"):
            detector.update(time_s, weight_kg)
    detector.update(19 * DAY_S, 80.0)
    assert detector.state() == before
