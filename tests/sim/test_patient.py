"""The patient's statistics against the published figures named in the module."""

from __future__ import annotations

import numpy as np
import pytest

from wardgate_sim.patient import Episode, Kind, Patient, Profile, Vitals

DAYS = 2000
CAREFUL = Profile()


@pytest.fixture(scope="module")
def mornings() -> list[Vitals]:
    patient = Patient(CAREFUL, seed=7)
    return [patient.at(day, 8.0) for day in range(DAYS)]


def test_the_same_moment_is_the_same_in_any_order() -> None:
    one, other = Patient(CAREFUL, seed=3), Patient(CAREFUL, seed=3)
    forwards = [one.at(day, 8.0) for day in range(5)]
    assert [other.at(day, 8.0) for day in reversed(range(5))] == forwards[::-1]
    assert Patient(CAREFUL, seed=4).at(0, 8.0) != forwards[0]


def test_weight_differs_from_day_to_day_as_in_careful_users(mornings: list[Vitals]) -> None:
    differences = np.diff([v.weight_kg for v in mornings])
    assert np.std(differences) == pytest.approx(0.85 / 2, rel=0.15)


def test_a_less_careful_user_reaches_the_spread_of_ten_hms() -> None:
    patient = Patient(Profile(weight_sd_kg=0.6), seed=7)
    differences = np.diff([patient.at(day, 8.0).weight_kg for day in range(DAYS)])
    assert np.std(differences) == pytest.approx(0.85, rel=0.15)


def test_pressure_pulse_and_saturation_spread_as_published(mornings: list[Vitals]) -> None:
    assert np.std([v.systolic_mmhg for v in mornings]) == pytest.approx(8.6, rel=0.1)
    assert np.std([v.diastolic_mmhg for v in mornings]) == pytest.approx(5.8, rel=0.1)
    assert np.std([v.pulse_bpm for v in mornings]) == pytest.approx(5.0, rel=0.1)
    assert np.std([v.spo2_pct for v in mornings]) == pytest.approx(1.0, rel=0.1)


def test_heaviest_around_sunday_and_monday() -> None:
    patient = Patient(CAREFUL, seed=7, first_weekday=0)
    mean_by_weekday = [
        float(np.mean([patient.at(day, 8.0).weight_kg for day in range(weekday, DAYS, 7)])) for weekday in range(7)
    ]
    assert int(np.argmax(mean_by_weekday)) in (6, 0)


def test_diastolic_stays_below_systolic() -> None:
    patient = Patient(Profile(systolic_mmhg=95, diastolic_mmhg=78), seed=7)
    assert all(v.diastolic_mmhg < v.systolic_mmhg for v in (patient.at(day, 8.0) for day in range(DAYS)))


def test_fluid_is_gained_and_the_pulse_rises() -> None:
    episode = Episode(kind=Kind.FLUID, day=10, days=7, size=4.0, stays_days=30)
    well, ill = Patient(CAREFUL, seed=5), Patient(CAREFUL, seed=5, episodes=(episode,))
    before, after = ill.at(9, 8.0), ill.at(20, 8.0)
    assert before == well.at(9, 8.0)
    assert after.weight_kg - well.at(20, 8.0).weight_kg == pytest.approx(4.0)
    assert after.pulse_bpm > well.at(20, 8.0).pulse_bpm
    gain = [ill.at(day, 8.0).weight_kg - well.at(day, 8.0).weight_kg for day in range(10, 18)]
    assert gain == sorted(gain)
    assert gain[7] - gain[6] >= gain[1] - gain[0] - 0.3


def test_an_exacerbation_passes() -> None:
    episode = Episode(kind=Kind.DESATURATION, day=3, days=2, size=6.0, stays_days=4, recovery_days=2)
    well, ill = Patient(CAREFUL, seed=5), Patient(CAREFUL, seed=5, episodes=(episode,))
    fall = [well.at(day, 8.0).spo2_pct - ill.at(day, 8.0).spo2_pct for day in range(12)]
    assert max(fall) == pytest.approx(6.0)
    assert fall[0] == fall[2] == fall[11] == 0
    assert 0 < fall[10] < 6.0, "day by day"
    assert ill.at(6, 8.0).pulse_bpm - well.at(6, 8.0).pulse_bpm == pytest.approx(7.2)
