"""A rule that is dear goes back to a mark for a sample that comes late, and says what it would have said."""

from __future__ import annotations

import random
from dataclasses import replace

from wardgate import config
from wardgate.watch import assess
from wardgate.watch.assess import Series
from wardgate.watch.rule import TOGETHER, Sample
from wardgate.watch.rules import rules

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
