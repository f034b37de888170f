"""Readings as marks: what kind each is, one a day over long spans, and where there are none.

Every mark is a stored reading; thinning chooses among readings, it never computes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Final, Literal

from wardgate.contract.messages import Reading
from wardgate.faces.scale import Panel, value_of

Kind = Literal["good", "doubtful", "other", "test"]
MOST_MARKS: Final = 600
THINNED_DAYS: Final = 30
"""Spans of so many days show one mark a day."""
_BUCKETS: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720))


@dataclass(frozen=True, slots=True)
class Mark:
    """One reading on a chart. A mark that stands for several carries the lowest and the highest of them."""

    reading: str
    at: datetime
    value: float
    low: float | None
    kind: Kind
    backfill: bool
    why: str = ""
    least: Mark | None = None
    most: Mark | None = None
    of: int = 1


def marks_of(panel: Panel, readings: Iterable[Reading]) -> list[Mark]:
    """In time order. Readings without the panel's quantity have no mark."""
    found = []
    for reading in readings:
        value = panel.value(reading)
        low = value_of(reading, panel.lower) if panel.lower else None
        if value is None or (panel.lower and low is None):
            continue
        found.append(
            Mark(reading.id, reading.time.taken, value, low, kind_of(reading), reading.backfill, _why(reading))
        )
    return sorted(found, key=lambda m: m.at)


def kind_of(reading: Reading) -> Kind:
    """A test stays a test whatever else it is; then whose it is; then how good."""
    if reading.test:
        return "test"
    if reading.attribution == "unattributed":
        return "other"
    return "good" if reading.quality.good else "doubtful"


def _why(reading: Reading) -> str:
    if reading.attribution == "unattributed":
        return reading.attribution_reason or ""
    return ", ".join((*reading.quality.flags, *reading.quality.status)).replace("-", " ").replace("_", " ")


def thinned(marks: Sequence[Mark], days: int, local: Callable[[datetime], datetime]) -> tuple[list[Mark], timedelta]:
    """At most `MOST_MARKS`: a day's median with its lowest and highest; a night's likewise by the minute.

    Returns the marks and the width of a bucket, zero where nothing was thinned.
    """
    if days >= THINNED_DAYS:
        return _bucketed(marks, lambda m: local(m.at).date()), timedelta(days=1)
    if len(marks) <= MOST_MARKS:
        return list(marks), timedelta(0)
    for bucket in _BUCKETS:
        few = _bucketed(marks, partial(_bucket_no, bucket))
        if len(few) <= MOST_MARKS:
            return few, bucket
    return _bucketed(marks, lambda m: local(m.at).date()), timedelta(days=1)


def _bucket_no(bucket: timedelta, mark: Mark) -> int:
    return int(mark.at.timestamp() // bucket.total_seconds())


def _bucketed(marks: Sequence[Mark], bucket_of: Callable[[Mark], object]) -> list[Mark]:
    groups: dict[tuple[object, Kind], list[Mark]] = {}
    for mark in marks:
        groups.setdefault((bucket_of(mark), mark.kind), []).append(mark)
    return sorted((_one(group) for group in groups.values()), key=lambda m: m.at)


def _one(group: list[Mark]) -> Mark:
    if len(group) == 1:
        return group[0]
    by_value = sorted(group, key=lambda m: m.value)
    least = min(group, key=lambda m: m.value if m.low is None else m.low)
    return replace(by_value[(len(group) - 1) // 2], least=least, most=by_value[-1], of=len(group))


def gaps(
    marks: Sequence[Mark], since: datetime, now: datetime, cadence_s: float | None
) -> list[tuple[datetime, datetime]]:
    """Where this patient has no reading for two cadences or more, both ends of the span counted."""
    if cadence_s is None:
        return []
    theirs = [m.at for m in marks if m.kind in ("good", "doubtful")]
    least = timedelta(seconds=2 * cadence_s)
    return [(start, end) for start, end in pairwise([since, *theirs, now]) if end - start >= least]


def joins(marks: Sequence[Mark], longest: timedelta) -> Iterator[tuple[Mark, Mark]]:
    """Neighbours of this patient that are both good and near enough to be one line."""
    theirs = [m for m in marks if m.kind in ("good", "doubtful")]
    for a, b in pairwise(theirs):
        if a.kind == b.kind == "good" and b.at - a.at <= longest:
            yield a, b
