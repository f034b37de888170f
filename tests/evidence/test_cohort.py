"""The simulated patients: what every one of them must keep, in every world."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from wardgate_sim.cohort import Patient, cohort
from wardgate_sim.cohort.types import DAY_S
from wardgate_sim.cohort.worlds import WORLDS

NOTES = {
    "new_scale",
    "new_device",
    "diuretic_up",
    "diuretic_down",
    "discharged",
    "bp_drug_up",
    "bp_drug_down",
    "beta_blocker_up",
    "antibiotics",
    "oxygen_started",
}


@pytest.fixture(scope="module", params=list(WORLDS))
def patients(request: pytest.FixtureRequest) -> list[Patient]:
    return cohort(3, 40, world=request.param)


def test_readings_come_in_the_order_of_time_within_the_year(patients: list[Patient]) -> None:
    for patient in patients:
        times_s = [sample.time_s for sample in patient.samples]
        assert times_s == sorted(times_s)
        assert patient.start_s <= times_s[0]
        assert times_s[-1] <= patient.end_s


def test_readings_are_what_devices_can_show(patients: list[Patient]) -> None:
    wanted = {"weight": {1}, "pressure": {3}, "saturation": {2, 3}}
    for sample in (sample for patient in patients for sample in patient.samples):
        assert len(sample.values) in wanted[sample.channel]
        assert all(math.isfinite(value) for value in sample.values)
        if sample.channel == "weight":
            assert 10 < sample.values[0] < 200
        elif sample.channel == "pressure":
            assert 30 <= sample.values[1] < sample.values[0] <= 250
        else:
            assert 60 <= sample.values[0] <= 100


def test_episodes_do_not_overlap_and_follow_from_onset_to_recovery(patients: list[Patient]) -> None:
    for patient in patients:
        last_s = -math.inf
        for episode in patient.episodes:
            assert episode.onset_s < episode.event_s < episode.recovery_s
            assert episode.event_s > last_s
            last_s = episode.event_s
            if episode.kind != "respiratory":
                assert "heart_failure" in patient.conditions


def test_notes_are_those_that_the_hub_knows(patients: list[Patient]) -> None:
    said = {sample.note for patient in patients for sample in patient.samples if sample.note}
    plain = {note for note in said if not note.startswith("dry_weight:")}
    assert plain <= NOTES
    assert len(plain) >= 8  # the rarest may be missing among so few patients
    agreed_kg = [float(note.partition(":")[2]) for note in said - plain]
    assert agreed_kg
    assert all(30 < kg < 200 for kg in agreed_kg)


def test_a_seed_gives_the_same_patients_whatever_their_number() -> None:
    assert cohort(5, 6)[:3] == cohort(5, 3)
    assert cohort(5, 6)[4:] == cohort(5, 2, first=4)
    assert cohort(5, 1) != cohort(6, 1)
    assert cohort(5, 1) != cohort(5, 1, world="rough")


def test_the_worlds_differ_in_what_they_are_named_for() -> None:
    def noise_kg(world: str) -> float:
        found = []
        for patient in cohort(3, 25, days=120, world=world):
            weights = [(s.time_s, s.values[0]) for s in patient.samples if s.channel == "weight"]
            steps = [b[1] - a[1] for a, b in pairwise(weights) if b[0] - a[0] < 1.3 * DAY_S]
            found.append(float(np.median(np.abs(steps))))
        return float(np.mean(found))

    assert noise_kg("careful") < noise_kg("published") < noise_kg("rough")


def test_an_unknown_world_is_told() -> None:
    with pytest.raises(ValueError, match="published"):
        cohort(1, 1, world="flat")
