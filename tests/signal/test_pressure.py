"""Home blood pressure by the guideline, worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import pytest

from wardgate_signal.finding import DAY_S, Finding, Level
from wardgate_signal.pressure import HomeAverage, IrregularAtCuff, LowUnderTherapy, SustainedHigh

BEGIN_S = 1_790_000_000.0
HOUR_S = 3600.0
Pair = tuple[float, float]


def twice_daily(rule: SustainedHigh | HomeAverage, days: Sequence[Pair], from_day: int = 0) -> list[Finding]:
    """Two readings two minutes apart, morning and evening: by the book."""
    found: list[Finding] = []
    for day, (systolic, diastolic) in enumerate(days, from_day):
        for at_s in (0.0, 120.0, 12 * HOUR_S, 12 * HOUR_S + 120.0):
            time_s = BEGIN_S + day * DAY_S + at_s
            if isinstance(rule, HomeAverage):
                rule.add(time_s, systolic, diastolic)
            else:
                found.append(rule.update(time_s, systolic, diastolic))
    return found


def test_the_first_day_is_discarded() -> None:
    home = HomeAverage()
    twice_daily(home, [(180, 100)])
    assert home.average() is None
    twice_daily(home, [(130, 80), (132, 82), (134, 84)], 1)
    average = home.average()
    assert average is not None
    assert (average.systolic_mmhg, average.diastolic_mmhg) == (132, 82)
    assert (average.recordings, average.paired, average.days, average.complete) == (6, 6, 4, True)


def test_three_days_are_not_enough() -> None:
    home = HomeAverage()
    twice_daily(home, [(130, 80)] * 3)
    average = home.average()
    assert average is not None
    assert not average.complete


def test_two_readings_of_a_recording_count_as_one() -> None:
    home = HomeAverage()
    twice_daily(home, [(120, 70)])
    for at_s, systolic in ((0.0, 150.0), (90.0, 130.0), (12 * HOUR_S, 120.0)):
        home.add(BEGIN_S + DAY_S + at_s, systolic, 80.0)
    average = home.average()
    assert average is not None
    assert average.systolic_mmhg == 130  # of 140 and 120
    assert (average.recordings, average.paired) == (2, 1)


def test_a_repeat_within_a_minute_makes_no_pair() -> None:
    home = HomeAverage()
    twice_daily(home, [(120, 70)])
    home.add(BEGIN_S + DAY_S, 130.0, 80.0)
    home.add(BEGIN_S + DAY_S + 59.0, 130.0, 80.0)
    average = home.average()
    assert average is not None
    assert average.paired == 0


def test_after_a_week_without_a_reading_a_new_series_begins() -> None:
    home = HomeAverage()
    twice_daily(home, [(130, 80)] * 5)
    twice_daily(home, [(170, 90)], 13)
    assert home.average() is None


def test_what_is_older_than_a_week_is_gone() -> None:
    home = HomeAverage()
    twice_daily(home, [(170, 90)] * 5 + [(120, 70)] * 8)
    average = home.average()
    assert average is not None
    assert average.systolic_mmhg == 120


@pytest.mark.parametrize(
    ("pressure", "level", "stage"),
    [
        ((134.0, 84.0), Level.WATCH, 0),
        ((129.0, 79.0), Level.OK, 0),
        ((135.0, 80.0), Level.ALERT, 1),
        ((120.0, 85.0), Level.ALERT, 1),
        ((149.0, 94.0), Level.ALERT, 1),
        ((150.0, 80.0), Level.ALERT, 2),
        ((130.0, 95.0), Level.ALERT, 2),
    ],
)
def test_stages_by_the_home_average(pressure: Pair, level: Level, stage: int) -> None:
    finding = twice_daily(SustainedHigh(), [(110.0, 65.0), pressure, pressure, pressure])[-1]
    assert finding.level is level
    assert max(0, math.floor(finding.score + 1e-9)) * (level is Level.ALERT) == stage


def test_high_pressure_is_not_told_before_the_average_is_complete() -> None:
    findings = twice_daily(SustainedHigh(), [(160.0, 98.0)] * 3)
    assert {f.level for f in findings} == {Level.LEARNING}


@pytest.mark.parametrize("pressure", [(180.0, 80.0), (150.0, 120.0)])
def test_severe_is_told_at_once_and_a_repeat_takes_it_back(pressure: Pair) -> None:
    rule = SustainedHigh()
    severe = rule.update(BEGIN_S, *pressure)
    assert severe.level is Level.ALERT
    assert severe.score >= 3
    assert severe.evidence_s == (BEGIN_S,)
    assert rule.update(BEGIN_S + 120.0, 140.0, 80.0).level is not Level.ALERT


def test_high_pressure_ends_with_a_hysteresis() -> None:
    rule = SustainedHigh()
    twice_daily(rule, [(140.0, 80.0)] * 7)
    assert not twice_daily(rule, [(133.0, 80.0)] * 8, 7)[-1].clear
    assert twice_daily(rule, [(128.0, 80.0)] * 8, 15)[-1].clear


def therapy(*series: tuple[float, float], note: str | None = None) -> Finding:
    """The last finding over (hours, systolic), the note at the last one."""
    rule = LowUnderTherapy()
    for hour, systolic in series[:-1]:
        rule.update(BEGIN_S + hour * HOUR_S, systolic)
    hour, systolic = series[-1]
    return rule.update(BEGIN_S + hour * HOUR_S, systolic, note)


def test_a_low_pressure_without_symptoms_has_to_stay() -> None:
    assert therapy((0, 85)).level is Level.WATCH
    finding = therapy((0, 85), (24, 86), (48, 87))
    assert finding.level is Level.ALERT
    assert finding.inputs["persistent"] == 1.0


def test_a_low_pressure_with_symptoms_is_told_at_once() -> None:
    finding = therapy((0, 88), note="symptoms")
    assert (finding.level, finding.severity) == (Level.ALERT, 2.0)
    assert finding.inputs["symptomatic"] == 1.0
    assert therapy((0, 95), note="symptoms").level is Level.OK
    assert therapy((0, 88), note="antibiotics").level is Level.WATCH


USUAL = tuple((24.0 * day, 150.0) for day in range(10))


@pytest.mark.parametrize(
    ("newest", "told"),
    [
        (((240.0, 108.0), (264.0, 109.0)), True),
        (((240.0, 108.0), (264.0, 110.0)), False),  # just 40 is not more than 40
        (((240.0, 150.0), (264.0, 100.0)), False),  # one reading
        (((240.0, 108.0), (240.1, 108.0)), False),  # one moment
    ],
)
def test_a_drop_of_more_than_40_from_the_own_pressure(newest: tuple[tuple[float, float], ...], told: bool) -> None:
    finding = therapy(*USUAL, *newest)
    assert (finding.inputs["relative"] == 1.0) is told
    assert (finding.level is Level.ALERT) is told


@pytest.mark.parametrize(
    ("series", "told"),
    [
        (((0.0, 130.0), (0.05, 109.0)), True),
        (((0.0, 130.0), (0.05, 110.0)), False),
        (((0.0, 130.0), (1.0, 100.0)), False),  # an hour later it is no reading on standing up
    ],
)
def test_a_drop_of_more_than_20_on_standing_up(series: tuple[tuple[float, float], ...], told: bool) -> None:
    assert (therapy(*series, note="standing").level is Level.ALERT) is told


def test_a_state_of_the_therapy_rule_goes_on() -> None:
    whole, again = LowUnderTherapy(), LowUnderTherapy()
    for hour, systolic in USUAL:
        whole.update(BEGIN_S + hour * HOUR_S, systolic)
    again.restore(json.loads(json.dumps(whole.state())))
    for hour in (240.0, 264.0):
        assert again.update(BEGIN_S + hour * HOUR_S, 100.0) == whole.update(BEGIN_S + hour * HOUR_S, 100.0)


def irregular(*bits: tuple[float, bool], known: bool = False) -> Finding:
    rule = IrregularAtCuff(known)
    return [rule.update(BEGIN_S + hour * HOUR_S, bit) for hour, bit in bits][-1]


def test_an_irregular_pulse_at_three_of_five_sittings_wants_a_hand() -> None:
    assert irregular((0, True), (12, True)).level is Level.WATCH
    assert irregular((0, True), (12, True), (24, False), (36, True)).level is Level.ALERT
    assert irregular((0, True), (12, False), (24, False), (36, True), (48, False), (60, True)).level is Level.WATCH
    assert irregular((0, True), (0.1, True), (0.2, True)).level is Level.WATCH  # one sitting
    assert irregular((0, True), (12, True), (300, True)).level is Level.WATCH  # too old
    assert irregular((0, True), (12, True), (24, True), known=True).level is Level.WATCH


def test_a_state_of_the_irregular_pulse_goes_on_within_a_sitting() -> None:
    whole, again = IrregularAtCuff(), IrregularAtCuff()
    whole.update(BEGIN_S, True)
    whole.update(BEGIN_S + 60.0, False)
    again.restore(json.loads(json.dumps(whole.state())))
    assert again.update(BEGIN_S + 120.0, False) == whole.update(BEGIN_S + 120.0, False)
    with pytest.raises(ValueError, match="older"):
        again.update(BEGIN_S, True)
    with pytest.raises(ValueError, match="saved"):
        again.restore({"moments": [[0.0, 1.0]]})
