"""What has to hold for every detector, whatever it is fed with."""

from __future__ import annotations

import ast
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wardgate_signal
from wardgate_signal.finding import DAY_S, Finding, Saved
from wardgate_signal.oximetry import (
    AboveTarget,
    News2Scale1,
    News2Scale2,
    OximetryAtHome,
    SpotSaturationDetector,
    SpotTarget,
)
from wardgate_signal.pressure import LowUnderTherapy, PersistentLow, SustainedHigh
from wardgate_signal.pulse import RestingTrend
from wardgate_signal.weight import FluidRetentionDetector, GuidelineEsc, GuidelineUs


class Detector(Protocol):
    """What all of them have in common."""

    def update(self, time_s: float, value: float, /) -> Finding | None: ...

    def state(self) -> Saved: ...

    def restore(self, saved: Saved) -> None: ...


class Fed:
    """A rule that wants more than one number, fed with what one number stands for."""

    def __init__(self, rule: Remembers, update: Callable[[float, float], Finding | None]) -> None:
        self.update = update
        self.state = rule.state
        self.restore = rule.restore


class Remembers(Protocol):
    """What can be saved and restored."""

    def state(self) -> Saved: ...

    def restore(self, saved: Saved) -> None: ...


class _Spot(Remembers, Protocol):
    def update(self, time_s: float, spo2_pct: float, /) -> Finding | None: ...


def spot(rule: _Spot) -> Fed:
    """Saturation alone, without pulse and perfusion."""
    return Fed(rule, rule.update)


def cuff() -> Fed:
    rule = SustainedHigh()
    return Fed(rule, lambda time_s, value: rule.update(time_s, value, 0.6 * value))


Case = tuple[Callable[[], Detector], float, float]
CASES: Final[dict[str, Case]] = {
    "esc": (GuidelineEsc, 70.0, 90.0),
    "us": (GuidelineUs, 70.0, 90.0),
    "fluid retention": (FluidRetentionDetector, 74.0, 84.0),
    "fluid retention from a dry weight": (lambda: FluidRetentionDetector(78.0), 74.0, 84.0),
    "fluid retention, everything on the scale": (FluidRetentionDetector, 20.0, 180.0),
    "saturation target": (lambda: spot(SpotTarget(94.0, 98.0)), 84.0, 100.0),
    "saturation above target": (lambda: spot(AboveTarget(92.0)), 84.0, 100.0),
    "saturation at home": (lambda: spot(OximetryAtHome()), 84.0, 100.0),
    "NEWS2 scale 1": (lambda: spot(News2Scale1()), 84.0, 100.0),
    "NEWS2 scale 2": (lambda: spot(News2Scale2()), 80.0, 100.0),
    "saturation from the own level": (lambda: spot(SpotSaturationDetector(94.0, 98.0)), 84.0, 100.0),
    "persistently low pressure": (PersistentLow, 70.0, 140.0),
    "low pressure under therapy": (LowUnderTherapy, 70.0, 140.0),
    "high pressure": (cuff, 110.0, 190.0),
    "resting pulse": (RestingTrend, 38.0, 130.0),
}
every_detector = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
steps = st.lists(
    st.tuples(st.floats(0.0, 12.0).map(lambda days: days * DAY_S), st.floats(0.0, 1.0)), min_size=1, max_size=60
)
Steps = list[tuple[float, float]]


def played(case: Case, gaps: Steps) -> list[tuple[float, float]]:
    """The series that the drawn gaps and shares stand for."""
    _, low, high = case
    time_s, series = 1_790_000_000.0, []
    for gap_s, share in gaps:
        time_s += gap_s
        series.append((time_s, round(low + share * (high - low), 1)))
    return series


@every_detector
@given(gaps=steps, cut=st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_a_saved_state_goes_on_as_if_nothing_had_been(case: Case, gaps: Steps, cut: int) -> None:
    make, _, _ = case
    whole, series = make(), played(case, gaps)
    for value in series[:cut]:
        whole.update(*value)
    again = make()
    again.restore(json.loads(json.dumps(whole.state())))
    assert again.state() == whole.state()
    for value in series[cut:]:
        assert again.update(*value) == whole.update(*value)
    assert again.state() == whole.state()


@every_detector
@given(gaps=steps, cut=st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_the_future_never_changes_the_past(case: Case, gaps: Steps, cut: int) -> None:
    make, _, _ = case
    series = played(case, gaps)
    short, long = make(), make()
    of_short = [short.update(*value) for value in series[:cut]]
    of_long = [long.update(*value) for value in series]
    assert of_long[:cut] == of_short


@every_detector
@given(gaps=steps)
@settings(max_examples=30, deadline=None)
def test_every_number_is_one_and_every_evidence_was_seen(case: Case, gaps: Steps) -> None:
    make, _, _ = case
    detector, seen = make(), set()
    for time_s, value in played(case, gaps):
        seen.add(time_s)
        finding = detector.update(time_s, value)
        assert finding is not None
        assert finding.sound()
        assert finding.severity >= 0 or finding.rule.startswith("weight.guideline")
        assert seen.issuperset(finding.evidence_s)


@every_detector
@pytest.mark.parametrize(("seconds", "number"), [(np.int64, np.float64), (np.float64, np.int32)])
def test_numpy_s_numbers_are_numbers(
    case: Case, seconds: Callable[[float], float], number: Callable[[float], float]
) -> None:
    make, low, high = case
    plain, fed = make(), make()
    for day in range(40):
        time_s, value = 1_790_000_000 + day * 86_400, float(round(low + (high - low) * ((7 * day) % 11) / 11))
        assert fed.update(seconds(time_s), number(value)) == plain.update(float(time_s), value)
    assert json.dumps(fed.state()) == json.dumps(plain.state())


@every_detector
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_and_leaves_no_trace(case: Case, bad: float) -> None:
    make, low, _ = case
    detector = make()
    detector.update(1000.0, low)
    before = detector.state()
    with pytest.raises(ValueError, match="not a number"):
        detector.update(2000.0, bad)
    with pytest.raises(ValueError, match="not a number"):
        detector.update(bad, low)
    assert detector.state() == before


@every_detector
def test_what_comes_out_of_order_is_refused_and_leaves_no_trace(case: Case) -> None:
    make, low, _ = case
    detector = make()
    detector.update(2000.0, low)
    before = detector.state()
    with pytest.raises(ValueError, match="older than the last one"):
        detector.update(1999.0, low)
    assert detector.state() == before


@every_detector
@pytest.mark.parametrize("saved", [{}, {"window": "x"}, {"window": [[1.0]]}, {"window": [["a", "b"]]}])
def test_a_foreign_state_is_refused(case: Case, saved: Saved) -> None:
    make, _, _ = case
    with pytest.raises(ValueError, match="saved"):
        make().restore(saved)


def test_detectors_know_numpy_and_nothing_else() -> None:
    allowed = sys.stdlib_module_names | {"numpy", "wardgate_signal"}
    for path in Path(wardgate_signal.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path.name
