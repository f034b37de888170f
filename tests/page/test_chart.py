"""A chart is read back from its markup and held against the readings it was drawn from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

import pytest

from tests.support.home import NOW, Channel, alert, fever_and_pulse, history, morning, reading, series
from wardgate.contract.messages import Reading
from wardgate.control.messages import Limit, Series
from wardgate.faces.assets import Assets
from wardgate.faces.chart import Chart, draw
from wardgate.faces.marks import MOST_MARKS
from wardgate.faces.scale import PANELS, Panel
from wardgate.faces.words import Times
from wardgate.page.render import SPANS, Renderer

TIMES = Times(ZoneInfo("Europe/London"), NOW)
PANEL = {p.id: p for p in PANELS}
AXES = {
    "weight": (72, 84),
    "pulse": (40, 140),
    "blood_pressure": (40, 200),
    "saturation": (80, 100),
    "temperature": (35, 40),
}
"""UX's fixed scales; weight's is the usual 78.4 rounded to 2 kg, plus and minus 6."""
TOP, BOTTOM = 14.0, 164.0
RENDERER = Renderer(Assets())


@dataclass
class Element:
    """One element of the markup, with its attributes and those of what it stands in."""

    name: str
    attributes: dict[str, str]
    inside: tuple[Element, ...]
    text: str = ""

    def get(self, attribute: str) -> str:
        return next(e.attributes[attribute] for e in (self, *reversed(self.inside)) if attribute in e.attributes)

    def within(self, attribute: str, value: str) -> bool:
        return any(e.attributes.get(attribute) == value for e in self.inside)


class Markup(HTMLParser):
    """All elements of a document in order."""

    void = frozenset({"circle", "line", "path", "rect", "meta", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, tuple(self._open))
        self.all.append(element)
        if tag not in self.void:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in [e.name for e in self._open]:
            if self._open.pop().name == tag:
                break

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def of_class(self, word: str) -> Iterator[Element]:
        """What bears the class itself or stands in a group that does; samples in the key are none of the picture."""
        for element in self.all:
            groups = [element, *(e for e in element.inside[-1:] if e.name == "g")]
            named = any(word in e.attributes.get("class", "").split() for e in groups)
            if named and element.name != "g" and not element.within("class", "sample"):
                yield element


def drawn(panel: str, all_series: Sequence[Series], days: int) -> tuple[Chart, Markup]:
    chart = draw(PANEL[panel], all_series, days, TIMES)
    return chart, Markup(RENDERER.chart(chart))


def home_series(panel: Panel, days: int) -> list[Series]:
    everything = {**history(95), **fever_and_pulse(95)}
    return [series(channel, days, everything[channel]) for channel in panel.channels]


def quantity(of: Reading, name: str) -> float:
    """A belt has no other name for the pulse than its channel's."""
    names = ("pulse", "heart_rate") if name == "pulse" else (name,)
    return next(q.value for q in of.quantities if q.name in names)


def y_of(panel: str, value: float) -> float:
    low, high = AXES[panel]
    return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)


def marks(markup: Markup) -> dict[str, list[Element]]:
    """By reading id: the shapes that stand for it."""
    found: dict[str, list[Element]] = {}
    for element in markup.all:
        holder = next((e for e in (element, *element.inside) if "data-reading" in e.attributes), None)
        if holder and element.name in ("circle", "path"):
            found.setdefault(holder.attributes["data-reading"], []).append(element)
    return found


def x_percent(shape: Element) -> float:
    return float(re.sub("%", "", shape.attributes.get("cx") or shape.get("x")))


@pytest.mark.parametrize("days", SPANS)
@pytest.mark.parametrize("panel", PANELS, ids=lambda p: p.id)
def test_every_mark_is_a_stored_reading_at_its_time_and_value(panel: Panel, days: int) -> None:
    all_series = home_series(panel, days)
    stored = {r.id: r for s in all_series for r in s.readings}
    _, markup = drawn(panel.id, all_series, days)
    shown = marks(markup)
    assert shown
    assert set(shown) <= set(stored)
    if days < 30:
        names = {panel.quantity, "heart_rate"} if panel.id == "pulse" else {panel.quantity}
        assert set(shown) == {i for i, r in stored.items() if any(q.name in names for q in r.quantities)}
    for reading_id, shapes in shown.items():
        taken = stored[reading_id].time.taken
        share = 100 * (taken - all_series[0].since) / timedelta(days=days)
        assert x_percent(shapes[0]) == pytest.approx(share, abs=0.006)
        value = y_of(panel.id, quantity(stored[reading_id], panel.quantity))
        if panel.lower is None:
            y = shapes[0].attributes.get("cy") or shapes[0].get("y")
            assert float(y) == pytest.approx(value, abs=0.06)
        else:
            bar = next(s for s in shapes if s.attributes["class"] == "bar")
            upper, lower = re.fullmatch(r"M0 ([\d.]+)V([\d.]+)", bar.attributes["d"]).groups()  # type: ignore[union-attr]
            assert float(upper) == pytest.approx(value, abs=0.06)
            assert float(lower) == pytest.approx(y_of(panel.id, quantity(stored[reading_id], panel.lower)), abs=0.06)


def test_each_kind_of_reading_has_its_own_shape() -> None:
    days = [morning(d) for d in (5, 4, 3, 2, 1)]
    readings = [
        reading("weight", days[0], weight=78.0),
        reading("weight", days[1], weight=78.2, good=False),
        reading("weight", days[2], weight=78.4, theirs=False),
        reading("weight", days[3], weight=78.6, test=True),
        reading("weight", days[4], weight=78.8, backfill=True),
    ]
    chart, markup = drawn("weight", [series("weight", 7, readings)], 7)
    shapes = {r: sorted(e.attributes["class"] for e in found) for r, found in marks(markup).items()}
    assert [shapes[r.id] for r in readings] == [["dot"], ["hollow"], ["cross"], ["hollow"], ["dot", "tail"]]
    names = {r: {e.name for e in found} for r, found in marks(markup).items()}
    assert names[readings[1].id] == {"circle"}
    assert names[readings[3].id] == {"path"}
    words = dict(chart.key)
    assert words["other"] == "Another person, not used"
    assert words["doubtful"] == "Doubtful"
    assert words["test"] == "Test"
    assert [row.note for row in chart.table] == [
        "From the device's memory",
        "Test",
        "Another person, not used. 6.2 kg away from this patient's usual weight",
        "Doubtful. body movement",
        "",
    ]


def test_only_good_neighbours_within_two_cadences_are_joined() -> None:
    def joined(*taken: tuple[float, bool, bool]) -> int:
        readings = [reading("weight", morning(d), weight=78, good=good, theirs=theirs) for d, good, theirs in taken]
        _, markup = drawn("weight", [series("weight", 14, readings)], 14)
        return len(list(markup.of_class("join")))

    assert joined((3, True, True), (2, True, True), (1, True, True)) == 2
    assert joined((3, True, True), (1, True, True)) == 1
    assert joined((4, True, True), (1, True, True)) == 0
    assert joined((3, True, True), (2, False, True), (1, True, True)) == 0
    assert joined((3, True, True), (2, True, False), (1, True, True)) == 1


def test_a_join_ends_at_its_two_marks() -> None:
    readings = [reading("weight", morning(d), weight=78 + d) for d in (2, 1)]
    _, markup = drawn("weight", [series("weight", 7, readings)], 7)
    (line,) = markup.of_class("join")
    first, second = (marks(markup)[r.id][0].attributes for r in readings)
    assert (line.attributes["x1"], line.attributes["y1"]) == (first["cx"], first["cy"])
    assert (line.attributes["x2"], line.attributes["y2"]) == (second["cx"], second["cy"])


def test_a_gap_of_two_cadences_is_hatched_and_said() -> None:
    readings = [reading("weight", morning(d), weight=78) for d in (13.9, 13, 12, 5, 4, 3, 2, 1, 0)]
    chart, markup = drawn("weight", [series("weight", 14, readings)], 14)
    (gap,) = markup.of_class("gap")
    start, width = (float(gap.attributes[a].rstrip("%")) for a in ("x", "width"))
    left, right = (100 * (r.time.taken - (NOW - timedelta(days=14))) / timedelta(days=14) for r in readings[2:4])
    assert left < start < start + width < right
    assert [e.text for e in markup.of_class("none")] == ["no readings"]
    assert ("hatch", "No readings") in chart.key
    assert "No readings between 9 November and 16 November." in chart.describe


def test_a_doubtful_reading_is_a_reading_and_another_persons_is_none() -> None:
    base = [reading("weight", morning(d), weight=78) for d in (6, 5, 3, 2, 1, 0)]
    for theirs, gaps in ((True, 0), (False, 1)):
        odd = reading("weight", morning(4), weight=78, good=False, theirs=theirs)
        chart, _ = drawn("weight", [series("weight", 7, [*base, odd])], 7)
        assert len(chart.hatches) == gaps, f"attributed: {theirs}"


def test_no_reading_at_all_is_said() -> None:
    chart, markup = drawn("weight", [series("weight", 14, [])], 14)
    assert chart.describe == "No readings in this time."
    assert chart.last == "No good reading yet"
    assert marks(markup) == {}
    assert len(chart.hatches) == 1


def test_scales_are_fixed_and_what_lies_outside_is_printed_at_the_edge() -> None:
    readings = [reading("saturation", morning(d, 8), spo2=v, pulse=70) for d, v in ((2, 91), (1, 74))]
    chart, markup = drawn("saturation", [series("saturation", 7, readings)], 7)
    assert [text for _, text in chart.ticks] == ["80", "84", "88", "92", "96", "100"]
    low = marks(markup)[readings[1].id]
    assert low[0].get("y") == "164.0"
    assert [e.text for e in markup.of_class("off")] == ["74"]


@pytest.mark.parametrize(("usual", "low", "high"), [(78.4, "72", "84"), (79.2, "74", "86"), (101.0, "94", "106")])
def test_weights_scale_stands_around_the_usual(usual: float, low: str, high: str) -> None:
    chart, _ = drawn("weight", [series("weight", 14, history(14)["weight"], usual=usual)], 14)
    assert (chart.ticks[0][1], chart.ticks[-1][1], len(chart.ticks)) == (low, high, 7)


def test_lines_and_their_numbers() -> None:
    chart, markup = drawn("weight", [series("weight", 14, history(14)["weight"])], 14)
    (limit,), (usual,) = markup.of_class("limit"), markup.of_class("usual")
    assert float(limit.attributes["y1"]) == pytest.approx(y_of("weight", 80.4), abs=0.06)
    assert float(usual.attributes["y1"]) == pytest.approx(y_of("weight", 78.4), abs=0.06)
    assert [e.text for e in markup.of_class("limit-number")] == ["80.4"]
    assert [e.text for e in markup.of_class("usual-number")] == ["78.4"]
    assert ("limit", "Ward's limit, 80.4 kg") in chart.key
    assert ("usual", "Usual for this patient, 78.4 kg") in chart.key


def test_numbers_in_the_gutter_never_touch() -> None:
    limits = tuple(Limit(quantity="weight", value=v) for v in (78.5, 78.6, 83.9, 84.0))
    chart, _ = drawn("weight", [series("weight", 14, history(14)["weight"], limits=limits)], 14)
    heights = [y for y, _, _ in chart.numbers]
    assert len(heights) == 5
    assert all(b - a >= 15 for a, b in pairwise(heights))
    assert heights[-1] <= BOTTOM


def test_a_changed_limit_is_a_step() -> None:
    changed = morning(4)
    limits = (Limit(quantity="weight", value=81.0), Limit(quantity="weight", value=80.0, since=changed))
    chart, markup = drawn("weight", [series("weight", 14, history(14)["weight"], limits=limits)], 14)
    before, after = markup.of_class("limit")
    step = 100 * (changed - (NOW - timedelta(days=14))) / timedelta(days=14)
    assert (before.attributes["x1"], after.attributes["x2"]) == ("0.0%", "100.0%")
    for edge in (before.attributes["x2"], after.attributes["x1"]):
        assert float(edge.rstrip("%")) == pytest.approx(step, abs=0.006)
    assert [text for _, text, kind in chart.numbers if kind == "limit"] == ["80.0"]


def test_target_is_a_band_with_edges() -> None:
    chart, markup = drawn("saturation", home_series(PANEL["saturation"], 14), 14)
    band = next(e for e in markup.of_class("band"))
    assert float(band.attributes["y"]) == pytest.approx(y_of("saturation", 92), abs=0.06)
    assert float(band.attributes["height"]) == pytest.approx(y_of("saturation", 88) - y_of("saturation", 92), abs=0.1)
    assert len(list(markup.of_class("edge"))) == 2
    assert ("target", "Ward's target, 88 to 92 %") in chart.key


def test_alerts_are_flags_with_numbers_that_the_list_repeats() -> None:
    alerts = (
        alert(2, raised=morning(0, 7), state="raised"),
        alert(1, raised=morning(6), state="acknowledged", changed=morning(6, 8, 10)),
        alert(3, raised=morning(40)),
    )
    chart, markup = drawn("weight", [series("weight", 14, history(14)["weight"], alerts=alerts)], 14)
    assert [e.text for e in markup.of_class("flag-number")] == ["1", "2"]
    assert [(n.n, n.when) for n in chart.notes] == [(1, "15 November, 7:43am"), (2, "Today, 7:43am")]
    assert chart.notes[0].rule == "Rule: weight gain 3 days, version 1. Seen by the ward 15 November, 8:10am."


def test_flags_that_would_cover_each_other_share_one() -> None:
    alerts = tuple(alert(n, raised=morning(0.1 * n, 9 - n)) for n in (1, 2, 3))
    chart, _ = drawn("weight", [series("weight", 14, history(14)["weight"], alerts=alerts)], 14)
    assert [f.text for f in chart.flags] == ["1–3"]


@pytest.mark.parametrize("days", [30, 90])
def test_long_spans_show_a_days_median_with_its_lowest_and_highest(days: int) -> None:
    readings = [reading("saturation", morning(3, hour), spo2=v, pulse=70) for hour, v in ((7, 91), (12, 95), (20, 88))]
    _, markup = drawn("saturation", [series("saturation", days, readings)], days)
    (shown,) = marks(markup)
    middle = median_low(quantity(r, "spo2") for r in readings)
    assert shown == next(r.id for r in readings if quantity(r, "spo2") == middle)
    (whisker,) = markup.of_class("whisker")
    assert (whisker.attributes["data-least"], whisker.attributes["data-most"]) == (readings[2].id, readings[1].id)
    for edge, value in (("y1", 88), ("y2", 95)):
        assert float(whisker.attributes[edge]) == pytest.approx(y_of("saturation", value), abs=0.06)


def test_a_night_of_oximetry_is_thinned_and_keeps_its_extremes() -> None:
    night = [
        reading("saturation", morning(1, 0, 0) + timedelta(seconds=4 * n), spo2=95 - 9 * (n == 3333), pulse=60)
        for n in range(7200)
    ]
    chart, markup = drawn("saturation", [series("saturation", 7, night)], 7)
    assert len(chart.glyphs) <= MOST_MARKS
    stored = {r.id for r in night}
    assert set(marks(markup)) <= stored
    assert any(w.attributes["data-least"] == night[3333].id for w in markup.of_class("whisker"))


def test_axis_days_are_local_midnights_at_most_seven_and_every_second_is_minor() -> None:
    for days in SPANS:
        chart, _ = drawn("weight", [series("weight", days, [])], days)
        assert 3 <= len(chart.days) <= 7
        assert [minor for _, _, minor in chart.days] == [bool(i % 2) for i in range(len(chart.days))]
        gaps = [a[0] - b[0] for a, b in pairwise(chart.days)]
        # 340 px is the narrowest plot that shows them all, 175 px the narrowest at all: labels stay 56 px apart.
        assert min(gaps) * 3.4 >= 56
        assert min(gaps) * 2 * 1.75 >= 56


def test_it_can_be_heard_and_read_as_a_table() -> None:
    channel: Channel = "weight"
    chart, markup = drawn(channel, [series(channel, 14, history(14)[channel], alerts=(alert(),))], 14)
    svg = next(e for e in markup.all if e.attributes.get("role") == "img")
    named = {e.attributes.get("id"): e.text for e in markup.all}
    name, story = (named[i] for i in svg.attributes["aria-labelledby"].split())
    assert name == "Weight, last 14 days"
    for said in (
        "Usual for this patient is 78.4 kg.",
        "1 alert.",
        "Another person, not used: 1.",
        "No readings between",
    ):
        assert said in story
    assert len(chart.table) == len(chart.glyphs)
    assert chart.table[0].when == "today, 7:43am"
    assert chart.table[0].value == "80.8 kg"
