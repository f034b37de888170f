"""The stream of a night: any cutting, any rate, what is refused, what is remembered."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wardgate_signal.oximetry import Desaturation, DesaturationDetector, NightReport
from wardgate_sim.nights import DEVICES, Night, night

Floats = NDArray[np.float64]
NIGHTS = {name: night("sawtooth", 3, device, hours=1.0) for name, device in DEVICES.items() if name != "quick"}
QUICK = night("sinusoid", 3, DEVICES["quick"], hours=0.4)


def fed(night: Night, cuts: list[int], detector: DesaturationDetector) -> tuple[list[Desaturation], NightReport]:
    """The night cut before each of the sample numbers."""
    edges = [0, *sorted(cuts), night.spo2_pct.size]
    found: list[Desaturation] = []
    for first, last in pairwise(edges):
        flow = None if night.perfusion is None else night.perfusion[first:last]
        found += detector.update(night.spo2_pct[first:last], night.pulse_bpm[first:last], flow)
    found += detector.finish()
    return found, detector.report()


def whole(night: Night) -> tuple[list[Desaturation], NightReport]:
    return fed(night, [], DesaturationDetector(night.device.sample_rate_hz))


@settings(max_examples=16, deadline=None)
@given(name=st.sampled_from(sorted(NIGHTS)), data=st.data())
def test_any_cutting_gives_the_same_night(name: str, data: st.DataObject) -> None:
    night = NIGHTS[name]
    cuts = data.draw(st.lists(st.integers(0, night.spo2_pct.size), max_size=60))
    assert fed(night, cuts, DesaturationDetector(night.device.sample_rate_hz)) == whole(night)


@pytest.mark.parametrize("step", [13, 4501])
def test_a_quick_stream_in_small_and_large_pieces(step: int) -> None:
    cuts = list(range(0, QUICK.spo2_pct.size, step))
    assert fed(QUICK, cuts, DesaturationDetector(75.0)) == whole(QUICK)
    assert whole(QUICK)[0]


@settings(max_examples=12, deadline=None)
@given(cut=st.integers(0, 3600), name=st.sampled_from(["restless", "cold", "dropping"]))
def test_a_saved_night_goes_on_exactly(cut: int, name: str) -> None:
    night = NIGHTS[name]
    flow = None if night.perfusion is None else night.perfusion
    first = DesaturationDetector()
    found = first.update(night.spo2_pct[:cut], night.pulse_bpm[:cut], None if flow is None else flow[:cut])
    second = DesaturationDetector()
    second.restore(json.loads(json.dumps(first.state(), allow_nan=False)))
    found += second.update(night.spo2_pct[cut:], night.pulse_bpm[cut:], None if flow is None else flow[cut:])
    found += second.finish()
    assert (found, second.report()) == whole(night)


def test_memory_is_bounded() -> None:
    detector = DesaturationDetector()
    sizes = []
    for _ in range(4):
        detector.update(np.full(7200, 96.0), np.full(7200, 60.0))
        sizes.append(len(json.dumps(detector.state())))
    assert max(sizes[1:]) < 1.05 * sizes[1]


def test_an_event_is_told_within_eight_minutes_of_its_nadir() -> None:
    course = NIGHTS["careful"]
    told: list[tuple[float, Desaturation]] = []
    detector = DesaturationDetector()
    for n in range(course.spo2_pct.size):
        told += [
            (float(n), event) for event in detector.update(course.spo2_pct[n : n + 1], course.pulse_bpm[n : n + 1])
        ]
    assert told
    assert all(0 < now_s - event.nadir_s <= 480 for now_s, event in told)


@pytest.mark.parametrize("rate_hz", [0.25, 0.5, 1.0, 1.5, 3.0, 60.0, 75.0])
def test_seconds_are_seconds_at_any_rate(rate_hz: float) -> None:
    # Ten dips of 6 points, 30 s down and 30 s up, every five minutes, the lowest at 230 s.
    time_s = np.arange(0, 3100, 1 / rate_hz)
    since_s = (time_s - 200) % 300
    dip = np.where(time_s > 200, 6 * np.clip(1 - np.abs(since_s - 30) / 30, 0, 1), 0)
    detector = DesaturationDetector(rate_hz)
    found = detector.update(96 - dip, np.full(time_s.size, 60.0)) + detector.finish()
    assert len(found) == 10
    for n, event in enumerate(found):
        assert event.nadir_s == pytest.approx(230 + 300 * n, abs=1 + 1 / rate_hz)
        assert event.depth_pct == pytest.approx(6, abs=0.5)
        assert 45 <= event.end_s - event.start_s <= 75
    assert detector.report().valid_s == pytest.approx(3100, abs=2)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, math.nan, math.inf, 0.001])
def test_a_rate_that_is_none_is_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="sample rate"):
        DesaturationDetector(rate_hz)


def test_lengths_that_differ_are_refused_without_a_trace() -> None:
    detector = DesaturationDetector()
    before = detector.state()
    with pytest.raises(ValueError, match="one length"):
        detector.update([96.0, 96.0], [60.0])
    with pytest.raises(ValueError, match="one length"):
        detector.update([96.0], [60.0], [1.0, 1.0])
    assert detector.state() == before


def test_a_finished_night_takes_no_more() -> None:
    detector = DesaturationDetector()
    assert detector.update([], []) == []
    assert detector.finish() == []
    assert detector.finish() == []
    with pytest.raises(ValueError, match="finished"):
        detector.update([96.0], [60.0])
    report = detector.report()
    assert (report.odi3_per_h, report.odi4_per_h, report.t90_fraction, report.valid_s) == (0, 0, 0, 0)
    assert math.isnan(report.nadir_pct)


@pytest.mark.parametrize("saved", [{}, {"rate_hz": 1.0}, {"rate_hz": 2.0}])
def test_what_is_no_state_is_refused(saved: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no state"):
        DesaturationDetector().restore({**saved})
    with pytest.raises(ValueError, match="no state"):
        DesaturationDetector(2.0).restore(DesaturationDetector().state())
