"""What one update of each detector costs after a year of history, beside a plain numpy look at the same year.

A night is streamed a minute at a time, beside plain numpy over the whole night at once. Times are the processor's, and
the least of many short rounds counts: whatever else runs on the machine shares its caches, and only ever adds.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.evidence.detectors import EVERY, Entry, Feed
from wardgate_signal.oximetry import DesaturationDetector
from wardgate_signal.pressure import PersistentLow
from wardgate_sim.cohort import Sample, cohort
from wardgate_sim.cohort.types import DAY_S, Floats

ROUNDS: Final = 25
SPAN: Final = 200
"""Updates timed in a round."""
NIGHT_S: Final = 8 * 3600
OURS: Final = ("weight.fluid_retention", "saturation.own_level", "fusion.patient")
BESIDE: Final = ("weight.guideline_esc", "weight.macd", "saturation.spot_target", "fusion.naive_bayes")


def plain_look(times_s: Floats, values: Sequence[Floats]) -> float:
    """As one would write it down: each series' last three days against the median of its last sixty."""
    recent, usual = times_s >= times_s[-1] - 3 * DAY_S, times_s >= times_s[-1] - 60 * DAY_S
    return float(sum(np.median(series[recent]) - np.median(series[usual]) for series in values))


def plain_night(spo2_pct: Floats) -> int:
    """As one would write it down: how often the saturation is 3 points below the highest of two minutes."""
    before = sliding_window_view(spo2_pct, 120).max(axis=1)
    low = before - spo2_pct[119:] >= 3
    return int(np.count_nonzero(low[1:] & ~low[:-1]))


def update_us(feed: Feed, year: Sequence[Sample], channel: str | None) -> float:
    """Microseconds of an update after a year: the least of the rounds. The year is gone through again after itself."""
    later = _later(feed, [s for s in year if channel is None or s.channel == channel])
    rounds = []
    for _ in range(ROUNDS):
        part = list(islice(later, SPAN))
        start = time.process_time()
        for sample in part:
            feed(sample)
        rounds.append((time.process_time() - start) / SPAN * 1e6)
    return min(rounds)


def one_channel_us(feed: Feed, year: Sequence[Sample], channel: str) -> float:
    """The same of one channel's updates alone, where a detector takes several."""
    later = _later(feed, year)
    rounds = []
    for _ in range(ROUNDS):
        times_s = []
        for sample in islice(later, SPAN):
            start = time.process_time()
            feed(sample)
            if sample.channel == channel:
                times_s.append(time.process_time() - start)
        rounds.append(statistics.fmean(times_s) * 1e6)
    return min(rounds)


def _later(feed: Feed, year: Sequence[Sample]) -> Iterator[Sample]:
    """The years after this one, once the detector has seen it: the same again and again."""
    for sample in year:
        feed(sample)
    span_s = year[-1].time_s - year[0].time_s + DAY_S
    return (Sample(s.time_s + turn * span_s, s.channel, s.values, s.note) for turn in count(1) for s in year)


def plain_us(series: int) -> float:
    """Microseconds of the plain look at so many series over a year, once a day."""
    rng = np.random.default_rng(7)
    times_s: Floats = np.arange(365.0) * DAY_S
    values = [rng.uniform(77, 79, 365) for _ in range(series)]
    return _least_us(lambda: plain_look(times_s, values), 100)


def _least_us(act: Callable[[], object], times: int) -> float:
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(times):
            act()
        rounds.append((time.process_time() - start) / times * 1e6)
    return min(rounds)


def a_night() -> tuple[Floats, Floats]:
    """Saturation and pulse at 1 Hz with a desaturation every two minutes."""
    rng = np.random.default_rng(7)
    at = np.arange(NIGHT_S)
    dip = 5 * np.clip(np.sin(2 * np.pi * at / 120), 0, 1) ** 4
    return np.round(96 - dip + rng.normal(0, 0.3, NIGHT_S)), np.round(62 + rng.normal(0, 2, NIGHT_S))


def streamed_ms(spo2_pct: Floats, pulse_bpm: Floats) -> float:
    """Milliseconds of a night, a minute at a time, with its report."""

    def stream() -> None:
        detector = DesaturationDetector()
        for first in range(0, NIGHT_S, 60):
            detector.update(spo2_pct[first : first + 60], pulse_bpm[first : first + 60])
        detector.finish()
        detector.report()

    return _least_us(stream, 1) / 1000


def run() -> dict[str, object]:
    """Figures by name: microseconds of an update, and as a ratio to the plain look."""
    patient = next(p for p in cohort(7, 20) if "heart_failure" in p.conditions)
    one, four = plain_us(1), plain_us(4)
    found: dict[str, object] = {}
    for entry in (entry for entry in EVERY if entry.name in (*OURS, *BESIDE)):
        us = update_us(entry.make(patient), patient.samples, _channel(entry))
        found |= _figures(entry.name, us, four if entry.name.startswith("fusion") else one)
        if entry.name == "fusion.patient":
            us = one_channel_us(entry.make(patient), patient.samples, "weight")
            found |= _figures("fusion.patient_weight", us, four)
    low = PersistentLow()
    us = update_us(lambda s: (low.update(s.time_s, s.values[0]).score, -1), patient.samples, "pressure")
    found |= _figures("pressure.persistent_low", us, one)
    spo2_pct, pulse_bpm = a_night()
    streamed, plain = streamed_ms(spo2_pct, pulse_bpm), _least_us(lambda: plain_night(spo2_pct), 3) / 1000
    return found | {"night_streamed_ms": round(streamed, 1), "night_of_plain_numpy": round(streamed / plain, 1)}


def _channel(entry: Entry) -> str | None:
    """The channel that a detector listens to; None: all of them."""
    room = entry.name.partition(".")[0]
    return None if room == "fusion" else room


def _figures(name: str, us: float, plain: float) -> dict[str, object]:
    key = name.replace(".", "_")
    return {f"{key}_us": round(us, 1), f"{key}_of_plain_numpy": round(us / plain, 2)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
