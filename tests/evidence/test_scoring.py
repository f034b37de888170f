"""The scoring convention, on patients small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wardgate_sim.cohort import Episode, Patient
from wardgate_sim.cohort.scoring import YEAR_S, Scored, at_rate, compare, curve
from wardgate_sim.cohort.types import DAY_S, Kind


def a_patient(*events: float, kind: Kind = "heart_failure", days: float = 200) -> Patient:
    """Observed from 0; each episode begins 10 days before its event and is over 10 days after it."""
    return Patient(
        conditions=frozenset({"heart_failure"}),
        target_low_pct=94,
        target_high_pct=98,
        dry_weight_kg=None,
        beta_blocker=False,
        careful=True,
        start_s=0,
        end_s=days * DAY_S,
        samples=(),
        episodes=tuple(Episode((d - 10) * DAY_S, d * DAY_S, (d + 10) * DAY_S, kind, gains=True) for d in events),
    )


def scored(days: list[float], said: list[float]) -> Scored:
    return np.asarray(days) * DAY_S, np.asarray(said, dtype=np.float64)


def test_an_alert_in_the_fortnight_before_an_event_finds_it() -> None:
    told_at = {-14.5: 0.0, -13.5: 1.0, -0.5: 1.0, 0.5: 0.0}
    for before, wanted in told_at.items():
        found = curve([a_patient(100)], [scored([50, 100 + before], [1.0, 2.0])])
        assert found.sensitivity[found.thresholds > 1.0].max() == wanted, before


def test_lead_is_counted_from_the_first_alert_in_the_fortnight() -> None:
    found = curve([a_patient(100)], [scored([50, 88, 92, 95], [1.0, 0.0, 3.0, 4.0])])
    lead = dict(zip(found.thresholds.tolist(), found.median_lead_days.tolist(), strict=True))
    assert lead[1.0] == pytest.approx(8)
    assert lead[0.0] == pytest.approx(12)


def test_a_score_that_stays_high_counts_once_a_week() -> None:
    days = [float(day) for day in range(30, 60)]
    found = curve([a_patient(150)], [scored(days, [1.0] * 30)])
    assert found.false[0, -1] == 5  # days 30, 37, 44, 51, 58


def test_warm_up_and_episodes_hold_no_false_alert_and_no_time_for_one() -> None:
    found = curve([a_patient(100)], [scored([5, 20, 21.5, 91, 109, 111], [1.0] * 6)])
    assert found.false[0, -1] == 2  # days 21.5 and 111
    assert found.years[0] * YEAR_S / DAY_S == pytest.approx(200 - 21 - 20)


def test_only_the_kinds_asked_for_are_to_be_found_but_none_is_a_false_alert() -> None:
    patients = [a_patient(100), a_patient(100, kind="respiratory")]
    found = curve(patients, [scored([50, 95], [1.0, 9.0])] * 2, {"heart_failure"})
    assert found.episodes.tolist() == [1, 0]
    assert found.false[:, -1].tolist() == [1, 1]


def test_readings_without_a_score_say_nothing() -> None:
    found = curve([a_patient(100)], [scored([50, 60, 95], [1.0, np.nan, np.nan])])
    assert found.sensitivity.max() == 0
    assert found.false[0, -1] == 1


def test_the_point_at_a_rate_and_a_rate_never_reached() -> None:
    patients = [a_patient(100, days=386.25)] * 2  # a year to be wrong in, less the episode
    found = curve(patients, [scored([50, 95], [1.0, 2.0]), scored([60, 95], [0.5, 0.7])])
    point = at_rate(found, 0.25)
    assert point.reached
    assert point.sensitivity == 0.5
    assert not at_rate(found, 50).reached
    assert at_rate(found, 50).sensitivity == 1.0


def test_a_detector_is_no_better_than_itself_and_better_than_noise() -> None:
    rng = np.random.default_rng(3)
    patients = [a_patient(60, 120, 180) for _ in range(60)]
    days = np.arange(0, 200.0)
    noise = [rng.normal(0, 1, days.size) for _ in patients]
    near = sum(np.where((days > at - 8) & (days < at), 3.0, 0.0) for at in (60, 120, 180))
    blind = curve(patients, [(days * DAY_S, said) for said in noise])
    seeing = curve(patients, [(days * DAY_S, said + near) for said in noise])
    itself = compare(seeing, seeing, 1.0)
    assert (itself.low, itself.mean, itself.high) == (0, 0, 0)
    better = compare(seeing, blind, 1.0)
    assert 0 < better.low < better.mean < better.high
    assert compare(blind, seeing, 1.0).high < 0


def test_scores_and_patients_have_to_be_as_many() -> None:
    with pytest.raises(ValueError, match="one series"):
        curve([a_patient(100)], [])
