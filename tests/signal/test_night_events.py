"""Desaturations against the simulated truth, and what is no desaturation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wardgate_signal.oximetry import Desaturation, DesaturationDetector, NightReport
from wardgate_sim.nights import DEVICES, KINDS, night
from wardgate_sim.nights.scoring import Score, f1, score

Floats = NDArray[np.float64]
HOURS = 3.0
# Nearly all of these lie at the limit itself, where whole points cannot tell: F1 says nothing there, the index does.
CLEAR = sorted(set(KINDS) - {"shallow", "healthy"})


def read(
    spo2: Floats, pulse: Floats | None = None, flow: Floats | None = None, rate_hz: float = 1.0
) -> tuple[list[Desaturation], NightReport]:
    detector = DesaturationDetector(rate_hz)
    found = detector.update(spo2, np.full(spo2.size, 60.0) if pulse is None else pulse, flow) + detector.finish()
    return found, detector.report()


def scores(kind: str, device: str, seeds: range) -> list[Score]:
    done: list[Score] = []
    for seed in seeds:
        of = night(kind, seed, DEVICES[device], hours=HOURS)
        found, report = read(of.spo2_pct, of.pulse_bpm, of.perfusion, of.device.sample_rate_hz)
        done.append(score(of, found, report.odi3_per_h, report.odi4_per_h, report.t90_fraction))
    return done


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_indices_of_a_plain_night_are_the_true_ones(kind: str) -> None:
    done = scores(kind, "careful", range(2000, 2004))
    # Four nights of three hours: the mean of each is good to about half an event an hour.
    assert abs(np.mean([each.odi3_error_per_h for each in done])) <= 1.5
    assert np.mean([abs(each.t90_error_pct) for each in done]) <= 1.0
    if kind in CLEAR:
        assert f1(done) >= 0.93


@pytest.mark.parametrize("device", sorted(set(DEVICES) - {"quick"}))
def test_every_device_shows_the_events(device: str) -> None:
    assert f1([each for kind in ("sawtooth", "sinusoid") for each in scores(kind, device, range(2000, 2002))]) >= 0.93


def flat(minutes: float, level_pct: float = 96.0) -> Floats:
    return np.full(round(minutes * 60), level_pct)


def dipped(depth_pct: float, fall_s: int, low_s: int, rise_s: int) -> Floats:
    """A quarter of an hour at 96 % with one dip after five minutes."""
    down = np.linspace(0, depth_pct, fall_s + 1)[1:]
    up = np.linspace(depth_pct, 0, rise_s + 1)[1:]
    shape = np.concatenate([down, np.full(low_s, depth_pct), up])
    course = flat(15)
    course[300 : 300 + shape.size] -= shape
    return course


@pytest.mark.parametrize(
    ("depth_pct", "three", "four"), [(2.6, 0, 0), (3.3, 1, 0), (3.7, 1, 0), (4.3, 1, 1), (20.0, 1, 1)]
)
def test_three_and_four_points(depth_pct: float, three: int, four: int) -> None:
    found, report = read(dipped(depth_pct, 25, 0, 20))
    assert len(found) == three
    assert report.odi3_per_h == pytest.approx(4 * three)
    assert report.odi4_per_h == pytest.approx(4 * four)
    for event in found:
        assert event.depth_pct == pytest.approx(depth_pct, abs=0.3)
        assert event.start_s == pytest.approx(300, abs=7)
        assert event.nadir_s == pytest.approx(325, abs=2)
        assert event.end_s == pytest.approx(345, abs=5)


def test_a_slow_drift_and_a_change_of_level_are_no_events() -> None:
    drift = 94 - 3 * np.cos(2 * np.pi * np.arange(7200) / 1800)
    assert read(drift)[0] == []
    lower = np.concatenate([flat(10), np.linspace(96, 90, 60), flat(40, 90.0)])
    assert read(lower)[0] == []


def test_a_dip_within_a_drift_is_as_deep_as_it_is_from_its_own_level() -> None:
    drift = np.linspace(97, 90, 2400)
    drift[1000:1020] -= np.linspace(0, 5, 20)
    drift[1020:1035] -= np.linspace(5, 0, 15)
    (event,) = read(drift)[0]
    assert event.depth_pct == pytest.approx(5, abs=0.4)


def test_two_dips_that_come_back_are_two_and_a_shoulder_is_none() -> None:
    one = dipped(6, 30, 0, 15)
    two = np.minimum(one, np.roll(one, 55))
    assert len(read(two)[0]) == 2
    shoulder = dipped(8, 30, 0, 30)
    shoulder[338:352] = shoulder[338]  # stays where it is for a while on its way back
    assert len(read(shoulder)[0]) == 1


@pytest.mark.parametrize("fill", [0.0, 127.0, 255.0, 511.0, -1.0, np.nan, np.inf])
def test_a_clip_that_is_off_is_no_desaturation(fill: float) -> None:
    course, pulse = flat(60), np.full(3600, 60.0)
    for first, last in ((300, 304), (900, 930), (1800, 2100)):
        course[first:last] = pulse[first:last] = fill
    found, report = read(course, pulse)
    assert found == []
    assert report.t90_fraction == 0
    assert report.nadir_pct == 96
    assert 3600 - 334 - 12 <= report.valid_s <= 3600 - 334


def test_saturation_without_a_pulse_is_not_believed_where_the_device_tells_pulses() -> None:
    course, pulse = dipped(10, 20, 60, 20), np.full(900, 60.0)
    pulse[295:410] = np.nan
    assert read(course, pulse)[0] == []
    assert len(read(course, np.full(900, np.nan))[0]) == 1


def test_a_hand_that_moves_is_no_desaturation() -> None:
    rng = np.random.default_rng(5)
    course, pulse = flat(60), 60 + np.round(rng.normal(0, 1, 3600))
    for first in range(300, 3400, 400):
        course[first : first + 12] = np.round(rng.uniform(50, 85) + rng.normal(0, 2, 12))
        pulse[first : first + 12] += np.round(rng.normal(0, 30, 12))
    found, report = read(course, pulse)
    assert found == []
    assert report.t90_fraction == 0


def test_a_fall_that_blood_cannot_make_is_no_desaturation_without_a_pulse_to_say_so() -> None:
    course = flat(20)
    course[300:310] = 52
    course[600:603] = 88
    course[900:906] = [91, 84, 77, 78, 85, 92]
    course[1100:1104] = 100
    found, report = read(course)
    assert found == []
    assert report.nadir_pct >= 91


def test_a_quick_heart_at_the_end_of_an_apnoea_is_no_movement() -> None:
    course = dipped(10, 30, 0, 12)
    pulse = np.full(900, 55.0)
    pulse[328:350] += np.round(35 * np.sin(np.pi * np.arange(22) / 22))
    (event,) = read(course, pulse)[0]
    assert event.depth_pct == pytest.approx(10, abs=0.5)
    assert read(course, pulse)[1].valid_s == 900


def test_a_weak_pulse_is_not_believed() -> None:
    course, flow = dipped(10, 20, 20, 20), np.full(900, 2.0)
    assert len(read(course, flow=flow)[0]) == 1
    flow[290:370] = 0.1
    found, report = read(course, flow=flow)
    assert found == []
    assert report.valid_s <= 820
    assert len(read(course, flow=np.full(900, np.nan))[0]) == 1


def test_a_value_that_is_held_is_not_believed_but_a_steady_patient_is() -> None:
    rng = np.random.default_rng(6)
    pulse = np.round(60 + rng.normal(0, 2, 3600))
    course = flat(60, 88.0)
    assert read(course, pulse)[1].valid_s == 3600
    pulse[1800:3000] = pulse[1800]
    assert read(course, pulse)[1].valid_s == pytest.approx(2400, abs=20)
    assert read(course)[1].valid_s == 3600


def test_time_below_ninety() -> None:
    course = np.concatenate([flat(30, 95.0), np.linspace(95, 85, 600), flat(20, 85.0)])
    assert read(course)[1].t90_fraction == pytest.approx(1500 / 3600, abs=0.004)
    # Whole points: 90 is shown from 90.5 down to 89.5.
    assert read(np.round(course))[1].t90_fraction == pytest.approx(1500 / 3600, abs=0.004)
    assert read(flat(60, 90.0))[1].t90_fraction == 0
    assert read(flat(60, 89.0))[1].t90_fraction == 1
