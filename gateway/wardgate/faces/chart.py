"""A chart's geometry: x in percent, y in px, fixed scales. The template draws it, a test reads it back.

After the evidence on how novices read health charts: one channel a panel, dots and bands, no curves, no fill, no
second axis, and no words where the newest points are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wardgate.contract.messages import Alert
from wardgate.control.messages import Limit, Series
from wardgate.faces.alert_words import rule_words, seen_words
from wardgate.faces.marks import Mark, gaps, joins, marks_of, thinned
from wardgate.faces.scale import BOTTOM_PX, TOP_PX, Panel, Scale, scale_of
from wardgate.faces.words import Times, count, number, sentence

_MOST_DAY_LABELS: Final = 6
_APART_PX: Final = 15
"""Two numbers in the right gutter never touch."""
_FLAG_PERCENT: Final = 8.0
"""Flags nearer than this would cover each other on a phone: they share one."""
_HATCH_WORD_PERCENT: Final = ((27.0, "no readings"), (14.0, "none"))
_MARK_WORDS: Final = {"doubtful": "Doubtful", "other": "Another person, not used", "test": "Test"}


@dataclass(frozen=True, slots=True)
class Glyph:
    """One mark as drawn. `edge` is -1 or 1 where the value lies off the scale and is printed instead."""

    reading: str
    kind: str
    x: float
    y: float
    y_low: float | None
    backfill: bool
    edge: int
    text: str


@dataclass(frozen=True, slots=True)
class Whisker:
    """From the lowest to the highest reading that one mark stands for."""

    x: float
    y_low: float
    y_high: float
    least: str
    most: str


@dataclass(frozen=True, slots=True)
class Line:
    """A limit or the usual: dash, colour and printed number tell them apart."""

    kind: str
    x1: float
    x2: float
    y: float


@dataclass(frozen=True, slots=True)
class Flag:
    """Where alerts were raised; the text is their numbers in the list below."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """One alert under the plot."""

    n: int
    when: str
    sentence: str
    rule: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table that says the same."""

    when: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws."""

    id: str
    bars: bool
    heading: str
    last: str
    last_when: str
    describe: str
    ticks: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str, bool], ...]
    hatches: tuple[tuple[float, float, str], ...]
    band: tuple[float, float] | None
    lines: tuple[Line, ...]
    numbers: tuple[tuple[float, str, str], ...]
    joins: tuple[tuple[Glyph, Glyph], ...]
    whiskers: tuple[Whisker, ...]
    glyphs: tuple[Glyph, ...]
    flags: tuple[Flag, ...]
    key: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]
    table: tuple[Entry, ...]


def draw(panel: Panel, series: Sequence[Series], days: int, times: Times) -> Chart:
    """One panel from the series of its channels; at least one."""
    return _Drawing(panel, series, days, times).chart()


class _Drawing:
    """One panel while it is drawn: what all its steps share."""

    def __init__(self, panel: Panel, series: Sequence[Series], days: int, times: Times) -> None:
        self.panel, self.days, self.times = panel, days, times
        self.since = min(s.since for s in series)
        self.now = max(s.now for s in series)
        self.all = marks_of(panel, (r for s in series for r in s.readings))
        self.marks, self.bucket = thinned(self.all, days, times.local)
        self.cadence_s = max((s.cadence_s for s in series if s.cadence_s), default=None)
        # A series' usual, target and alerts are about its channel's first quantity, not about a pulse that came along.
        self.own = series[0] if len(panel.channels) == 1 else None
        self.limits = [x for s in series for x in s.limits if x.quantity == panel.quantity]
        self.usual = self.own.usual if self.own else None
        self.good = [m for m in self.all if m.kind == "good"]
        self.scale: Scale = scale_of(panel, self.usual, lambda: [m.value for m in self.good or self.all])
        self.gaps = gaps(self.all, self.since, self.now, self.cadence_s)

    def x(self, at: datetime) -> float:
        share = (at - self.since) / (self.now - self.since)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def chart(self) -> Chart:
        panel, alerts = self.panel, self.alerts()
        glyphs = {m.reading: self.glyph(m) for m in self.marks}
        longest = max(timedelta(seconds=2 * self.cadence_s) if self.cadence_s else timedelta(days=2), 2 * self.bucket)
        joined = (
            () if panel.lower else tuple((glyphs[a.reading], glyphs[b.reading]) for a, b in joins(self.marks, longest))
        )
        last = self.good[-1] if self.good else None
        return Chart(
            id=panel.id,
            bars=panel.lower is not None,
            heading=f"{panel.title}, last {self.days} days",
            last=panel.say(last.value, last.low)
            if last
            else "No good reading yet"
            if not self.all
            else "No good reading",
            last_when=self.times.when(last.at) if last else "",
            describe=" ".join(self.story(alerts)),
            ticks=tuple((self.scale.y(v), number(v, 0)) for v in self.scale.ticks),
            days=tuple(self.day_labels()),
            hatches=tuple(self.hatches()),
            band=self.band(),
            lines=tuple(self.lines()),
            numbers=tuple(self.numbers()),
            joins=joined,
            whiskers=tuple(self.whisker(m) for m in self.marks if m.least and m.most),
            glyphs=tuple(glyphs.values()),
            flags=tuple(self.flags(alerts)),
            key=tuple(self.key()),
            notes=tuple(self.note(n, a) for n, a in enumerate(alerts, 1)),
            table=tuple(self.entry(m) for m in reversed(self.marks)),
        )

    def glyph(self, mark: Mark) -> Glyph:
        edge = self.scale.outside(mark.value) or (0 if mark.low is None else self.scale.outside(mark.low))
        low = None if mark.low is None else self.scale.y(mark.low)
        text = (
            number(mark.value, self.panel.decimals)
            if mark.low is None
            else self.panel.say(mark.value, mark.low).split()[0]
        )
        return Glyph(mark.reading, mark.kind, self.x(mark.at), self.scale.y(mark.value), low, mark.backfill, edge, text)

    def whisker(self, mark: Mark) -> Whisker:
        least, most = mark.least or mark, mark.most or mark
        bottom = least.value if least.low is None else least.low
        return Whisker(self.x(mark.at), self.scale.y(bottom), self.scale.y(most.value), least.reading, most.reading)

    def day_labels(self) -> Iterator[tuple[float, str, bool]]:
        """Counted back from today; every second one is hidden where there is little room."""
        step = -(-self.days // _MOST_DAY_LABELS)
        for i, midnight in enumerate(self.times.midnights(self.since)[::-1][::step]):
            yield self.x(midnight), self.times.axis_day(midnight), bool(i % 2)

    def hatches(self) -> Iterator[tuple[float, float, str]]:
        half = timedelta(seconds=(self.cadence_s or 0) / 2)
        for start, end in self.gaps:
            x = self.x(start if start == self.since else start + half)
            width = round(self.x(end if end == self.now else end - half) - x, 2)
            yield x, width, next((word for wide, word in _HATCH_WORD_PERCENT if width >= wide), "")

    def target(self) -> tuple[float, float] | None:
        own = self.own
        if own is None or own.target_low is None or own.target_high is None:
            return None
        return own.target_low, own.target_high

    def band(self) -> tuple[float, float] | None:
        target = self.target()
        return (self.scale.y(target[1]), self.scale.y(target[0])) if target else None

    def held(self) -> Iterator[tuple[Limit, datetime, datetime]]:
        """Each limit with when it began and ended: it ends where a later one of its kind begins."""
        starts = sorted({x.since for x in self.limits if x.since is not None})
        for limit in self.limits:
            start = limit.since or self.since
            end = next((s for s in starts if s > start), self.now)
            if end > self.since:
                yield limit, max(start, self.since), min(end, self.now)

    def lines(self) -> Iterator[Line]:
        if self.usual is not None and not self.scale.outside(self.usual):
            yield Line("usual", 0, 100, self.scale.y(self.usual))
        for limit, start, end in self.held():
            if not self.scale.outside(limit.value):
                yield Line("limit", self.x(start), self.x(end), self.scale.y(limit.value))

    def numbers(self) -> Iterator[tuple[float, str, str]]:
        """The lines' values in the right gutter, pushed apart where they are near each other."""
        wanted = [(self.scale.y(v), number(v, self.panel.decimals), kind) for kind, v in self.levels()]
        wanted.sort()
        below = TOP_PX - _APART_PX * 1.0
        placed = []
        for y, text, kind in wanted:
            below = max(y, below + _APART_PX)
            placed.append((below, text, kind))
        overflow = max(0.0, below - BOTTOM_PX)
        return ((round(y - overflow, 1), text, kind) for y, text, kind in placed)

    def levels(self) -> Iterator[tuple[str, float]]:
        for value in self.target() or ():
            yield "target", value
        if self.usual is not None and not self.scale.outside(self.usual):
            yield "usual", self.usual
        current = {limit.value for limit, _, end in self.held() if end == self.now}
        yield from (("limit", v) for v in sorted(current) if not self.scale.outside(v))

    def alerts(self) -> list[Alert]:
        own = self.own.alerts if self.own else ()
        return sorted((a for a in own if self.since <= a.raised <= self.now), key=lambda a: a.raised)

    def flags(self, alerts: list[Alert]) -> Iterator[Flag]:
        group: list[tuple[float, int]] = []
        for n, alert in enumerate(alerts, 1):
            x = self.x(alert.raised)
            if group and x - group[0][0] >= _FLAG_PERCENT:
                yield _flag(group)
                group = []
            group.append((x, n))
        if group:
            yield _flag(group)

    def note(self, n: int, alert: Alert) -> Note:
        after = ""
        if alert.state == "acknowledged":
            after = f" {seen_words(alert, self.times)}"
        elif alert.state == "resolved":
            after = f" Over {self.times.when(alert.changed)}."
        return Note(n, sentence(self.times.when(alert.raised)), alert.sentence, rule_words(alert) + after)

    def key(self) -> Iterator[tuple[str, str]]:
        kinds = {m.kind for m in self.marks}
        if "good" in kinds:
            yield "good", "Upper and lower" if self.panel.lower else "Reading"
        if any(m.least for m in self.marks):
            a_day = self.bucket >= timedelta(days=1)
            yield "whisker", "Lowest to highest of the day" if a_day else "Lowest to highest"
        yield from ((kind, word) for kind, word in _MARK_WORDS.items() if kind in kinds)
        if any(m.backfill and m.kind == "good" for m in self.marks):
            yield "backfill", "From the device's memory"
        decimals, unit = self.panel.decimals, self.panel.unit
        upper = " for the upper" if self.panel.lower else ""
        if target := self.target():
            yield (
                "target",
                f"Ward's target{upper}, {number(target[0], decimals)} to {number(target[1], decimals)} {unit}",
            )
        if self.usual is not None:
            yield "usual", f"Usual for this patient, {self.panel.say(self.usual)}"
        current = sorted({limit.value for limit, _, end in self.held() if end == self.now})
        yield from (("limit", f"Ward's limit{upper}, {self.panel.say(v)}") for v in current)
        if self.gaps:
            yield "hatch", "No readings"

    def story(self, alerts: list[Alert]) -> Iterator[str]:
        """What the picture says, for those who do not see it."""
        if not self.all:
            yield "No readings in this time."
            return
        say, times = self.panel.say, self.times
        yield f"{count(len(self.all), 'reading')} from {times.day(self.all[0].at)} to {times.day(self.all[-1].at)}."
        if self.good:
            first, last = self.good[0], self.good[-1]
            yield f"The first good one is {say(first.value, first.low)}, the last {say(last.value, last.low)}."
            lowest, highest = (f(m.value for m in self.good) for f in (min, max))
            yield f"Lowest {say(lowest)}, highest {say(highest)}."
        if self.usual is not None:
            yield f"Usual for this patient is {say(self.usual)}."
        if alerts:
            yield f"{count(len(alerts), 'alert')}."
        yield from (f"No readings between {times.day(a)} and {times.day(b)}." for a, b in self.gaps)
        for kind, word in _MARK_WORDS.items():
            if n := sum(m.kind == kind for m in self.all):
                yield f"{word}: {n}."

    def entry(self, mark: Mark) -> Entry:
        words = [_MARK_WORDS.get(mark.kind, ""), mark.why, "From the device's memory" if mark.backfill else ""]
        if mark.least and mark.most:
            low = mark.least.value if mark.least.low is None else mark.least.low
            decimals = self.panel.decimals
            words = [
                f"Middle one of {mark.of}, lowest {number(low, decimals)}, highest {number(mark.most.value, decimals)}"
            ]
        note = ". ".join(w for w in words if w)
        return Entry(self.times.when(mark.at), self.panel.say(mark.value, mark.low), note)


def _flag(group: list[tuple[float, int]]) -> Flag:
    first, last = group[0][1], group[-1][1]
    return Flag(group[-1][0], str(first) if first == last else f"{first}–{last}")
