"""A rule that is dear goes back to a mark for a sample that comes late, and says what it would have said."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from wardgate import config
from wardgate.watch import assess
from wardgate.watch.assess import Series
from wardgate.watch.rule import TOGETHER, Sample
from wardgate.watch.rules import rules
from wardgate_signal.finding import Finding, Level

DAY_S = 86400.0
(PATIENT,) = (rule for rule in rules(config.Watch(pathways=("heart-failure",))) if rule.channel == TOGETHER)


def samples(seed: int) -> list[Sample]:
    die = random.Random(seed)
    found = []
    for day in range(120):
        at_s = 1.7e9 + day * DAY_S
        values = {"weight": 78.0 + die.gauss(0, 0.4) + 0.1 * max(0, day - 100)}
        found.append(Sample(at_s, f"w{day}", values, "weight", ("scale",)))
        values = {"spo2": round(95 + die.gauss(0, 1)), "pulse": 70 + die.gauss(0, 4)}
        found.append(Sample(at_s + 600, f"s{day}", values, "saturation", ("clip",)))
    return found


def failed(*_: object) -> None:
    raise AssertionError("no rule may fail here")


def test_late_samples_and_notes_are_found_in_their_place() -> None:
    series = samples(1)
    notes: list[tuple[float, str]] = []
    late = {30, 101, 173, 231}
    piecemeal = Series([PATIENT], failed, notes)
    for i, sample in enumerate(series):
        if i not in late:
            piecemeal.assess(sample)
    for i in sorted(late, reverse=True):
        piecemeal.add(series[i])
    noted_s = series[180].time_s - 1.0
    notes.append((noted_s, "diuretic_up"))
    piecemeal.noted(noted_s)
    at_once = Series([PATIENT], failed, notes)
    for sample in series:
        at_once.add(sample)
    for reading_id in ("s119", "w60", "w110"):
        assert piecemeal.reassess(reading_id) == at_once.reassess(reading_id) is not None


def test_going_back_a_day_feeds_no_more_than_a_marks_worth() -> None:
    fed: list[float] = []

    class Counting:
        def feed(self, sample: Sample) -> None:
            fed.append(sample.time_s)

    rule = replace(PATIENT, start=lambda: Counting().feed)
    series = samples(2)
    counted = Series([rule], failed)
    for sample in series[:-3]:
        counted.assess(sample)
    counted.assess(series[-1])
    fed.clear()
    counted.add(series[-3])
    counted.assess(series[-2])
    assert 0 < len(fed) <= assess.MARK_EVERY + 3


class Uncopied:
    """A rule in which something is that cannot be copied, from its first or from its second copy on."""

    def __init__(self, copies: int) -> None:
        self.copies = copies
        self.heard: list[float] = []

    def __deepcopy__(self, _: object) -> Uncopied:
        if not self.copies:
            raise TypeError("cannot pickle a lock")
        copy = Uncopied(self.copies - 1)
        copy.heard = self.heard.copy()
        return copy

    def feed(self, sample: Sample) -> Finding | None:
        if self.heard and sample.time_s < self.heard[-1]:
            raise ValueError("older than the last one")
        self.heard.append(sample.time_s)
        return Finding("r", 1, Level.OK, 0.0, float(len(self.heard)), True, {}, (sample.time_s,))


@pytest.mark.parametrize("copies", [0, 1, 2])
def test_a_rule_that_cannot_be_copied_begins_again_and_stops_nothing(copies: int) -> None:
    rule = replace(PATIENT, start=lambda: Uncopied(copies).feed)
    series = Series([rule], failed)
    later = samples(2)[1:]
    for sample in later:
        series.assess(sample)
    late = replace(later[0], time_s=later[-3].time_s + 1.0, reading_id="late")
    found = series.assess(late)
    assert [finding.severity for _, finding in found.findings] == [len(later) - 1]
    assert found.failed == ()
