"""The published plain rules, against cases worked out by hand."""

from __future__ import annotations

import pytest

from wardgate_signal.finding import DAY_S, Finding, Level
from wardgate_signal.oximetry.limits import SpotTarget
from wardgate_signal.pressure import PersistentLow
from wardgate_signal.weight import GuidelineEsc, GuidelineUs

LB = 0.45359237
MORNING_S = 1_790_000_000.0


def esc(*series: tuple[float, float]) -> Finding:
    """The last finding over (day, kg)."""
    rule = GuidelineEsc()
    return [rule.update(MORNING_S + day * DAY_S, kg) for day, kg in series][-1]


def us(*series: tuple[float, float]) -> Finding:
    rule = GuidelineUs()
    return [rule.update(MORNING_S + day * DAY_S, kg) for day, kg in series][-1]


@pytest.mark.parametrize(
    ("series", "alert"),
    [
        ([(0, 78.2), (1, 78.9), (2, 79.6), (3, 80.5)], True),  # +2.3 kg in 3 days
        ([(0, 78.3), (3, 80.3)], False),  # just 2 kg is not more than 2 kg, whatever floats make of the difference
        ([(0, 78.3), (3, 80.35)], True),
        ([(0, 78.0), (4, 80.5)], False),  # four days
        ([(0, 78.0), (3.2, 80.1)], True),  # a late morning on the third day
        ([(0, 78.0), (3.3, 80.1)], False),
        ([(0, 80.5), (3, 78.0)], False),  # a loss
        ([(0, 78.0)], False),
        ([(0, 78.0), (0.5, 80.1)], True),  # faster than 3 days is within 3 days
    ],
)
def test_esc_is_more_than_2_kg_in_3_days(series: list[tuple[float, float]], alert: bool) -> None:
    finding = esc(*series)
    assert (finding.level is Level.ALERT) is alert
    assert (finding.score > 1) is alert


def test_esc_says_what_it_rests_on() -> None:
    finding = esc((0, 78.2), (1, 78.9), (3, 80.5))
    assert finding.inputs == {
        "from_kg": 78.2,
        "to_kg": 80.5,
        "gain_kg": 2.3,
        "limit_kg": 2.0,
        "window_days": 3.0,
        "took_days": 3.0,
    }
    assert finding.severity == 2.3
    assert finding.evidence_s == (MORNING_S, MORNING_S + 3 * DAY_S)
    assert (finding.rule, finding.version) == ("weight.guideline_esc", 1)


@pytest.mark.parametrize(("gain_kg", "level", "clear"), [(1.0, Level.OK, True), (1.1, Level.WATCH, False)])
def test_an_alert_may_end_at_half_the_limit(gain_kg: float, level: Level, clear: bool) -> None:
    finding = esc((0, 78.0), (2, 78.0 + gain_kg))
    assert (finding.level, finding.clear) == (level, clear)


@pytest.mark.parametrize(
    ("series", "alert", "window_days"),
    [
        ([(0, 170 * LB), (1, 173 * LB)], True, 1),  # 3 lb in a day
        ([(0, 170 * LB), (1, 172.9 * LB)], False, 1),
        ([(0, 170 * LB), (2, 173 * LB)], False, 7),  # 3 lb in two days is 60 % of 5 lb, the nearer limit
        ([(0, 170 * LB), (3, 172 * LB), (7, 175 * LB)], True, 7),  # 5 lb in a week
        ([(0, 170 * LB), (3, 172 * LB), (7, 174.9 * LB)], False, 7),
        ([(0, 170 * LB), (8, 175 * LB)], False, None),
    ],
)
def test_us_is_3_lb_in_a_day_or_5_lb_in_a_week(
    series: list[tuple[float, float]], alert: bool, window_days: float | None
) -> None:
    finding = us(*series)
    assert (finding.level is Level.ALERT) is alert
    assert window_days is None or finding.inputs["window_days"] == window_days


def test_the_same_value_again_changes_nothing() -> None:
    rule = GuidelineUs()
    rule.update(MORNING_S, 78.0)
    first = rule.update(MORNING_S + DAY_S, 79.0)
    state = rule.state()
    assert rule.update(MORNING_S + DAY_S, 79.0) == first
    assert rule.state() == state


def saturation(*series: tuple[float, float], low: float = 94.0) -> Finding:
    rule = SpotTarget(low, 98.0)
    found = [rule.update(MORNING_S + hour * 3600, pct) for hour, pct in series][-1]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("series", "low", "level", "severity"),
    [
        ([(0, 95)], 94, Level.OK, 0),
        ([(0, 94)], 94, Level.OK, 0),  # the lower end belongs to the target
        ([(0, 93)], 94, Level.WATCH, 0),  # one poor reading
        ([(0, 93), (24, 92)], 94, Level.ALERT, 1),  # two: sure of what both show
        ([(0, 92), (24, 93)], 94, Level.ALERT, 1),
        ([(0, 93), (36, 93)], 94, Level.ALERT, 1),
        ([(0, 93), (36.1, 93)], 94, Level.WATCH, 0),  # too far apart
        ([(0, 93), (2, 95), (4, 93)], 94, Level.WATCH, 0),  # a good one between
        ([(0, 93), (0.01, 93)], 94, Level.WATCH, 0),  # 36 s: one finger in the clip
        ([(0, 93), (0.02, 93)], 94, Level.ALERT, 1),  # 72 s
        ([(0, 91)], 94, Level.ALERT, 3),  # one very low
        ([(0, 89), (12, 88)], 88, Level.OK, 0),  # COPD: well within 88-92
        ([(0, 86), (12, 87)], 88, Level.ALERT, 1),
        ([(0, 85)], 88, Level.ALERT, 3),
    ],
)
def test_saturation_against_the_patients_own_target(
    series: list[tuple[float, float]], low: float, level: Level, severity: float
) -> None:
    finding = saturation(*series, low=low)
    assert (finding.level, finding.severity) == (level, severity)
    assert (finding.score >= 1) is (level is Level.ALERT)
    assert finding.clear is (series[-1][1] >= low)


def test_a_weak_pulse_neither_counts_nor_clears() -> None:
    rule = SpotTarget(94.0, 98.0)
    assert rule.update(MORNING_S, 80.0, perfusion=0.29) is None
    assert rule.update(MORNING_S + 3600, 93.0, perfusion=0.3) is not None
    assert rule.update(MORNING_S + 7200, 99.0, perfusion=0.1) is None
    finding = rule.update(MORNING_S + 10800, 93.0, perfusion=2.0)
    assert finding is not None
    assert finding.level is Level.ALERT


def pressure(*series: tuple[float, float]) -> Finding:
    rule = PersistentLow(90.0)
    return [rule.update(MORNING_S + hour * 3600, mmhg) for hour, mmhg in series][-1]


@pytest.mark.parametrize(
    ("series", "alert", "clear"),
    [
        ([(0, 85)], False, False),
        ([(0, 85), (24, 88)], False, False),
        ([(0, 85), (24, 88), (48, 86)], True, False),  # every one over two days
        ([(0, 85), (24, 95), (48, 86), (72, 84)], True, False),  # 3 of the last 4
        ([(0, 85), (24, 95), (48, 96), (72, 84)], False, False),
        ([(0, 85), (0.1, 84), (0.2, 86)], False, False),  # one sitting
        ([(0, 85), (0.1, 84), (12, 86)], True, False),
        ([(0, 90), (24, 90), (48, 90)], False, True),  # 90 is not below 90
        ([(0, 85), (60, 85), (120, 85)], False, False),  # too old to belong together
        ([(0, 85), (24, 85), (48, 85), (72, 92)], True, False),
        ([(0, 85), (24, 85), (48, 85), (72, 92), (96, 93), (120, 94)], False, True),
    ],
)
def test_low_pressure_has_to_stay(series: list[tuple[float, float]], alert: bool, clear: bool) -> None:
    finding = pressure(*series)
    assert (finding.level is Level.ALERT, finding.clear) == (alert, clear)
    assert (finding.score >= 1) is alert


def test_low_pressure_says_how_low() -> None:
    finding = pressure((0, 85), (24, 95), (48, 86), (72, 84))
    assert finding.severity == 5.0  # 90 less the mean of 85, 86 and 84
    assert finding.inputs["low_readings"] == 3
    assert finding.evidence_s == tuple(MORNING_S + hour * 3600 for hour in (0, 48, 72))


def test_a_good_pressure_never_makes_a_low_one_worse() -> None:
    """The mildest low reading leaves the window as the good one comes."""
    low = ((0, 89), (24, 72), (48, 70), (72, 71))
    before = pressure(*low)
    after = pressure(*low, (96, 120))
    assert before.severity == after.severity == 19.0  # 90 less the mean of 72, 70 and 71
    assert pressure(*low, (96, 120), (120, 121)).severity < after.severity
