"""From what the hub says to HTML: named parts, the same for the first load and for every live update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from wardgate.contract.messages import Alert
from wardgate.control.messages import Series, Status
from wardgate.faces.alert_words import age_words, rule_words
from wardgate.faces.assets import Assets
from wardgate.faces.chart import Chart, draw
from wardgate.faces.scale import PANELS
from wardgate.faces.templates import environment
from wardgate.faces.words import Times, sentence
from wardgate.page.delivery import hub_rows, way
from wardgate.page.devices import card, device_links, in_order
from wardgate.page.verdict import Verdict, away, hub_troubles, known_since, verdict, worst_first

SPANS: Final = (7, 14, 30, 90)
DEFAULT_DAYS: Final = 14
CHANNELS: Final = tuple(dict.fromkeys(c for p in PANELS for c in p.channels))
_PRIORITY_WORDS: Final = {"high": "High", "medium": "Medium", "low": "Low"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the hub said at one moment: all that a page needs."""

    status: Status
    series: Mapping[str, Series]
    days: int

    @property
    def times(self) -> Times:
        return Times(ZoneInfo(self.status.hub.timezone), self.status.hub.now)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One open alert."""

    id: str
    priority: str
    word: str
    sentence: str
    age: str
    rule: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of what happened."""

    when: str
    tone: str
    sentence: str
    what_to_do: str


class Renderer:
    """Owns the templates. Undefined names and unescaped text are bugs that show at once."""

    def __init__(self, assets: Assets) -> None:
        self._env = environment(assets, "wardgate.page")

    def parts(self, snapshot: Snapshot) -> dict[str, str]:
        """Each part's HTML by the id of its outermost element."""
        return self.state(snapshot.status, snapshot.times) | self.charts(snapshot)

    def state(self, status: Status, times: Times, pages: str = "") -> dict[str, str]:
        """All parts but the charts. With `pages`, every device has a page of its own below that address."""
        found = {
            "verdict": self._part("verdict.html", verdict=verdict(status)),
            "alerts": self._part("alerts.html", alerts=[_alert(a, times) for a in worst_first(status.open_alerts)]),
            "way": self._part("way.html", way=way(status, times)),
        }
        for device in in_order(status.devices):
            links = device_links(device, status.devices, pages) if pages else ()
            found[f"device-{device.id}"] = self._part("device.html", device=card(device, times), links=links)
        troubled = any(hub_troubles(status.hub, status.delivery))
        found["hub"] = self._part("hub.html", rows=hub_rows(status.hub, status.delivery), troubled=troubled)
        found["events"] = self._part("events.html", events=_happenings(status, times))
        return found

    def charts(self, snapshot: Snapshot) -> dict[str, str]:
        """The panels, which cost more than all the rest."""
        return {f"chart-{chart.id}": self.chart(chart) for chart in charts(snapshot)}

    def chart(self, chart: Chart) -> str:
        """One panel."""
        return self._part("chart.html", chart=chart)

    def page(self, snapshot: Snapshot) -> str:
        """The whole page."""
        parts = {name: Markup(html) for name, html in self.parts(snapshot).items()}  # noqa: S704 - our own templates' output
        hub = snapshot.status.hub
        return self._env.get_template("status.html").render(
            parts=parts,
            hub=hub,
            updated=self.updated(snapshot),
            zone=snapshot.times.zone_sentence(),
            days=snapshot.days,
            spans=SPANS,
            first=verdict(snapshot.status),
        )

    def updated(self, snapshot: Snapshot) -> str:
        """`Updated 9:15:12am`; the script writes `Live.` before it once it is."""
        return f"Updated {snapshot.times.clock_s(snapshot.status.hub.now)}"

    def away_page(self, why: str, what_to_do: str, days: int) -> str:
        """The page when the hub has not answered yet."""
        fine = "What the hub has stored stays stored. Devices keep their readings until the hub has them."
        said = away(why, what_to_do, fine)
        part = Markup(self._part("verdict.html", verdict=said))  # noqa: S704 - our own template's output
        return self._env.get_template("away.html").render(verdict=part, days=days, first=said)

    def away_part(self, why: str, what_to_do: str, last: Times | None) -> str:
        """The verdict when the hub stops answering while the page is open."""
        fine = known_since(last) if last else "What the hub has stored stays stored."
        return self._part("verdict.html", verdict=away(why, what_to_do, fine))

    def refusal(self, headline: str, said: str, what_to_do: str) -> str:
        """A request that cannot be served."""
        told = Verdict("unknown", headline, said, what_to_do=what_to_do)
        part = Markup(self._part("verdict.html", verdict=told))  # noqa: S704 - our own template's output
        return self._env.get_template("refusal.html").render(verdict=part, first=told)

    def _part(self, template: str, **what: object) -> str:
        return self._env.get_template(template).render(**what).strip()


def charts(snapshot: Snapshot) -> list[Chart]:
    """A panel for every kind of device that is here, or that has left readings."""
    kinds = {d.kind for d in snapshot.status.devices}
    found = []
    for panel in PANELS:
        series = [snapshot.series[c] for c in panel.channels if c in snapshot.series]
        if series and (kinds & set(panel.kinds) or any(s.readings for s in series)):
            found.append(draw(panel, series, snapshot.days, snapshot.times))
    return found


def _alert(alert: Alert, times: Times) -> AlertRow:
    word, age = _PRIORITY_WORDS[alert.priority], age_words(alert, times)
    return AlertRow(alert.id, alert.priority, word, alert.sentence, age, rule_words(alert))


def _happenings(status: Status, times: Times) -> list[Happening]:
    return [Happening(sentence(times.when(e.at)), e.severity, e.sentence, e.what_to_do) for e in status.events]
