"""From stored readings to findings: which readings count, and the rules run over them in the order of time."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from statistics import median
from types import MethodType
from typing import Final

from wardgate.contract.messages import TIME_UNKNOWN, Reading
from wardgate.intake.attribution import counts_as_usual
from wardgate.watch.noting import Noting
from wardgate.watch.rule import RANK, TOGETHER, Feed, Rule, Sample
from wardgate_signal.finding import Finding

log: Final = logging.getLogger(__name__)

KEEP: Final = 4000
"""Samples of a channel in memory: a year at several a day."""
DROP: Final = 400
MARK_EVERY: Final = 32
MARKS: Final = 8
"""Places to go back to: two months at four samples a day. Only of rules whose memory can be copied (`Rule.start`)."""
USUAL_S: Final = 30 * 86400.0
"""A month: the days of one episode do not become what is usual."""
USUAL_LEAST: Final = 5
FIRST_QUANTITY: Final = {
    "weight": "weight",
    "blood_pressure": "systolic",
    "saturation": "spo2",
    "temperature": "temperature",
    "heart_rate": "heart_rate",
    "body_composition": "fat",
}
"""What each channel is about. A channel without rules has a usual level all the same."""


def admissible(reading: Reading, assignment: str) -> bool:
    """Whether a reading may raise, worsen or clear anything: surely this patient's, of good quality, no test."""
    return (
        reading.assignment == assignment
        and counts_as_usual(reading)
        and any(q.name == FIRST_QUANTITY[reading.channel] for q in reading.quantities)
    )


def has_place(reading: Reading, boot_id: str) -> bool:
    """Whether a reading stands where it belongs among others: what the wrong clock of another boot dated does not."""
    return TIME_UNKNOWN not in reading.quality.flags or reading.time.boot_id == boot_id


def sample_of(reading: Reading) -> Sample:
    """What the rules see of it."""
    values = {q.name: q.value for q in reading.quantities}
    if reading.channel == "blood_pressure":
        values["irregular"] = float("irregular-pulse" in reading.quality.status)
    device = reading.device
    return Sample(
        reading.time.taken.timestamp(),
        reading.id,
        values,
        reading.channel,
        (device.id, device.model, device.address, device.serial),
    )


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules of a channel say at one sample."""

    sample: Sample
    findings: tuple[tuple[Rule, Finding], ...]
    failed: tuple[Rule, ...]
    """Rules that said nothing because they broke."""
    usual: float | None
    readings: dict[str, tuple[str, ...]]
    """Ids of the readings each rule's finding rests on."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place in a series to which its rules can go back. Its parts are copied out of it, never used."""

    fed: int
    noting: Noting
    feeds: list[tuple[Rule, Feed]]
    last: dict[str, Finding]
    failing: set[str]


class Series:
    """The admissible samples of a channel, and its rules fed with them.

    A sample older than one that has been fed makes the rules begin again: what they say never depends on the order
    in which readings arrived. Nothing is computed before somebody asks, so that a memory of 10,000 readings costs one
    run. A sample of the future (a wrong clock) waits until the series has come there.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        on_failure: Callable[[Rule, Sample, str], None],
        notes: Sequence[tuple[float, str]] = (),
    ) -> None:
        self._rules = tuple(rules)
        self._on_failure = on_failure
        self._notes = notes
        self._samples: list[Sample] = []
        self._broken: dict[str, float] = {}
        self._marks: list[_Mark] = []
        self._may_mark = True
        self._restart()

    def _restart(self, until: int = 0) -> None:
        """Go back to where no more than so many samples had been fed."""
        while self._marks and self._marks[-1].fed > until:
            self._marks.pop()
        feeds = _copied(self._marks[-1].feeds) if self._marks else None
        if feeds is None:
            self._marks.clear()
            self._fed = 0
            self._noting = Noting(self._notes)
            self._feeds: list[tuple[Rule, Feed]] = [(rule, _started(rule)) for rule in self._rules]
            self._last: dict[str, Finding] = {}
            self._failing: set[str] = set()
            return
        mark = self._marks[-1]
        self._fed = mark.fed
        self._noting = mark.noting.copy()
        self._feeds = feeds
        self._last, self._failing = dict(mark.last), set(mark.failing)

    def _mark(self, fed: int) -> None:
        """Remember this place, so that a sample that comes late need not make a year begin again."""
        if fed % MARK_EVERY or not self._may_mark or not all(isinstance(feed, MethodType) for _, feed in self._feeds):
            return
        feeds = _copied(self._feeds)
        if feeds is None:
            self._may_mark = False
            return
        self._marks.append(_Mark(fed, self._noting.copy(), feeds, dict(self._last), set(self._failing)))
        del self._marks[:-MARKS]

    def add(self, sample: Sample) -> int:
        """Put a sample in its place."""
        if len(self._samples) >= KEEP:
            del self._samples[:DROP]
            self._fed = max(self._fed - DROP, 0)
            self._marks = [replace(mark, fed=mark.fed - DROP) for mark in self._marks if mark.fed > DROP]
        place = bisect_right(self._samples, sample.time_s, key=lambda s: s.time_s)
        self._samples.insert(place, sample)
        if place < self._fed:
            self._restart(place)
        return place

    def noted(self, at_s: float) -> None:
        """A note has come. If samples after it have been fed, the rules begin again and meet it in its place."""
        before = bisect_left(self._samples, at_s, key=lambda s: s.time_s)
        if before < self._fed:
            self._restart(before)

    def assess(self, sample: Sample) -> Assessment:
        """Put a sample in its place and say what the rules find there, knowing nothing that came after it in time."""
        return self._at(self.add(sample))

    def reassess(self, reading_id: str) -> Assessment | None:
        """As `assess`, for a sample that is already here; None when it is not."""
        place = next((i for i, sample in enumerate(self._samples) if sample.reading_id == reading_id), None)
        return None if place is None else self._at(place)

    def _at(self, place: int) -> Assessment:
        if place + 1 < self._fed:
            self._restart(place + 1)
        self._feed(place + 1)
        found = tuple((rule, self._last[rule.name]) for rule in self._rules if rule.name in self._last)
        return Assessment(
            sample=self._samples[place],
            findings=found,
            failed=tuple(rule for rule in self._rules if rule.name in self._failing),
            usual=self._level(place + 1),
            readings={rule.name: self._ids(finding.evidence_s, place) for rule, finding in found},
        )

    def usual(self, until_s: float) -> float | None:
        """The patient's own level at a time, in the channel's first quantity; None while it is not known.

        The median of a month, which the days of an episode do not move.
        """
        return self._level(bisect_right(self._samples, until_s, key=lambda s: s.time_s))

    def _level(self, end: int) -> float | None:
        if not end or any(rule.channel == TOGETHER for rule in self._rules):
            return None
        since_s = self._samples[end - 1].time_s - USUAL_S
        recent = self._samples[bisect_right(self._samples, since_s, key=lambda s: s.time_s) : end]
        if len(recent) < USUAL_LEAST:
            return None
        names = FIRST_QUANTITY.values()
        return median(next(s.values[name] for name in names if name in s.values) for s in recent)

    def _ids(self, times_s: Iterable[float], place: int) -> tuple[str, ...]:
        wanted = set(times_s)
        first = bisect_right(self._samples, min(wanted), key=lambda s: s.time_s) - 1 if wanted else place
        ids = [s.reading_id for s in self._samples[max(first, 0) : place + 1] if s.time_s in wanted]
        newest = self._samples[place].reading_id
        return tuple(ids) if newest in ids else (*ids, newest)

    def _feed(self, end: int) -> None:
        for place, stored in enumerate(self._samples[self._fed : end], self._fed):
            sample = self._noting.with_note(stored)
            self._failing.clear()
            for rule, feed in self._feeds:
                self._feed_one(rule, feed, sample)
            self._mark(place + 1)
        self._fed = max(self._fed, end)

    def _feed_one(self, rule: Rule, feed: Feed, sample: Sample) -> None:
        try:
            finding = feed(sample)
            # What is asked of it later is asked here, where it fails alone.
            is_sound = finding is None or (rule.priority(finding) in RANK and finding.sound())
        except Exception as error:
            # Whatever a rule does wrong, the others and the rest of the hub go on.
            if rule.name not in self._broken:
                log.exception("rule %s failed at reading %s", rule.name, sample.reading_id)
            self._fail(rule, sample, type(error).__name__)
            return
        if not is_sound:
            self._fail(rule, sample, "a finding that is none")
            return
        if finding is None:
            self._last.pop(rule.name, None)
            return
        self._last[rule.name] = finding
        if self._broken.get(rule.name, sample.time_s) < sample.time_s:
            del self._broken[rule.name]

    def _fail(self, rule: Rule, sample: Sample, why: str) -> None:
        self._failing.add(rule.name)
        self._last.pop(rule.name, None)
        if rule.name not in self._broken:
            self._on_failure(rule, sample, why)
        self._broken[rule.name] = max(sample.time_s, self._broken.get(rule.name, sample.time_s))


def _copied(feeds: Sequence[tuple[Rule, Feed]]) -> list[tuple[Rule, Feed]] | None:
    """Rules with their memories; None where one of them cannot be copied."""
    try:
        return [(rule, deepcopy(feed)) for rule, feed in feeds]
    except Exception:
        log.exception("a rule cannot be copied: its series begins again where others go back a little")
        return None


def _started(rule: Rule) -> Feed:
    """A rule from its beginning. One that cannot even begin breaks at every sample, and nothing else does."""
    try:
        return rule.start()
    except Exception as error:
        log.exception("rule %s cannot begin", rule.name)
        return _broken(error)


def _broken(why: Exception) -> Feed:
    def feed(_: Sample) -> Finding | None:
        raise why

    return feed
