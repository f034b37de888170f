"""Simulated declines, and what the detector finds of them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.evidence import spot as evidence
from wardgate_signal.finding import DAY_S
from wardgate_sim.spot_declines import WORLDS, spot_patients

TUNING_SEED = 77


def test_the_same_seed_makes_the_same_patients_however_many_are_asked_for() -> None:
    few, many = (list(spot_patients(TUNING_SEED, count, world="rough")) for count in (2, 4))
    assert few == many[:2]
    assert list(spot_patients(TUNING_SEED + 1, 2, world="rough")) != few


@pytest.mark.parametrize("world", WORLDS)
def test_patients_are_what_they_are_said_to_be(world: str) -> None:
    for patient in spot_patients(TUNING_SEED, 4, world=world):
        times_s = [r.time_s for r in patient.readings]
        assert times_s == sorted(times_s)
        assert patient.start_s <= times_s[0] < times_s[-1] < patient.end_s
        assert all(r.spo2_pct == round(r.spo2_pct) <= 100 for r in patient.readings)
        for decline in patient.declines:
            assert 3 <= (decline.lowest_s - decline.onset_s) / DAY_S <= 10
            assert 2 <= decline.depth_pct <= 5
            assert decline.lowest_s < decline.event_s < decline.recovery_s < patient.end_s
        for one, other in pairwise(patient.declines):
            assert other.onset_s - one.recovery_s > 45 * DAY_S


def test_the_lowest_level_lies_as_far_below_the_usual_one_as_the_truth_says() -> None:
    off_pct: list[float] = []
    for patient in spot_patients(TUNING_SEED, 30, world="busy"):
        clean = [r for r in patient.readings if not r.spoiled]
        for d in patient.declines:
            low = [r.spo2_pct for r in clean if d.lowest_s <= r.time_s <= d.event_s]
            before = [r.spo2_pct for r in clean if d.onset_s - 14 * DAY_S <= r.time_s < d.onset_s]
            if low and before:
                off_pct.append(float(np.mean(before) - np.mean(low)) - d.depth_pct)
    assert np.mean(off_pct) == pytest.approx(0.0, abs=0.25)


def test_the_goal_holds_on_patients_of_every_kind() -> None:
    rows = evidence.run([TUNING_SEED], 8)
    ours, *others = (row for row in rows if row.world == "all")
    assert ours.detector == evidence.OWN
    assert ours.points[-1].reached
    assert ours.points[-1].sensitivity >= 0.90
    for row in others:
        assert row.behind is not None
        assert row.behind.low > 0.0, row.detector
    text = evidence.table(rows)
    assert text.count("\n") == len(rows) + 2
    assert all(world in text for world in WORLDS)


def test_the_chart_counts_standard_deviations_downwards() -> None:
    chart = evidence.EwmaChart()
    quiet = [chart.update(96.0 + math.sin(i)) for i in range(60)]
    assert max(quiet[30:]) < 1.0
    assert [chart.update(92.0) for _ in range(5)][-1] > 1.5
