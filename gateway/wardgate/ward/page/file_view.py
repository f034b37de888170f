"""A patient's page in parts, each with its id: the same for the first load and for every live update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec
from markupsafe import Markup

from wardgate.faces.chart import draw
from wardgate.faces.scale import PANELS
from wardgate.faces.words import Times, count, sentence
from wardgate.ward.accounts import Account
from wardgate.ward.audit import Act
from wardgate.ward.called import called
from wardgate.ward.page import words
from wardgate.ward.page.board import Open, key_of
from wardgate.ward.page.chart_data import Home, not_used, series_of
from wardgate.ward.page.file import File


class Part(Protocol):
    """Renders a template."""

    def __call__(self, template: str, **what: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Told:
    """An alert at the head of a patient's page."""

    row: words.Row
    n: int
    """Its place on the page, by which its buttons are told apart."""
    word: str
    seen: str
    closed: str
    can_see: bool
    can_close: bool
    inputs: list[tuple[str, str]]
    readings: str

    @property
    def acts(self) -> bool:
        """Whether anything is to be pressed."""
        return self.can_see or self.can_close


@dataclass(frozen=True, slots=True)
class FileView:
    """One look at a patient's page. `have` are the alerts that stand on it, in their order."""

    file: File
    have: tuple[str, ...]
    account: Account
    times: Times
    part: Part

    def parts(self) -> dict[str, str]:
        """Each part's HTML by the id of its element."""
        file, part = self.file, self.part
        fresh = [one for one in file.alerts if key_of(one) not in self.have]
        tone, said = truth(file, self.times)
        title = Markup('<title id="title">{}{} – Wardgate ward</title>').format(
            f"({len(fresh)} new) " if fresh else "", called_by(file.home)
        )
        return {
            "title": str(title),
            "verdict": part("board_verdict.html", tone=tone, headline=called_by(file.home), said=said),
            "news": part("news.html", said=words.news(fresh), address=file.asked.address, act=words.show(fresh)),
            **dict(self._told()),
            "silent": part("silent.html", silent=words.row(file.silent, self.times) if file.silent else None),
            **dict(self._charts()),
            "unused": part("unused.html", unused=[words.unused(r, self.times) for r in not_used(file.home)]),
            "contact": part("contact.html", contact=file.contact),
            "done": part("done.html", done=[d for act in file.acts if (d := words.done(act, self.times))]),
        }

    def _told(self) -> Iterator[tuple[str, str]]:
        for one in self.file.alerts:
            if key_of(one) not in self.have:
                continue
            n = self.have.index(key_of(one)) + 1
            told = _told(one, n, self.file.acts, self.account, self.times)
            yield f"told-{key_of(one)}", self.part("told.html", told=told)

    def _charts(self) -> Iterator[tuple[str, str]]:
        home = self.file.home
        channels = {r.channel for r in home.readings if r.time.taken >= home.since}
        for panel in PANELS:
            if channels & set(panel.channels):
                series = [series_of(home, c) for c in panel.channels if c in channels]
                chart = draw(panel, series, self.file.asked.days, self.times)
                yield f"chart-{panel.id}", self.part("chart.html", chart=chart)


def called_by(home: Home) -> str:
    """How the patient is called; by the hub where none is known."""
    return called(home.patient) or f"Hub {home.hub}"


def truth(file: File, times: Times) -> tuple[str, str]:
    """Tone and the one sentence of truth."""
    if file.deaf_since is not None:
        since = times.when(file.deaf_since)
        return "problem", f"Nobody listens to the hubs. Since {since} nothing new can stand here."
    still = [one for one in file.alerts if one.alert.state != "resolved" and one.closing is None]
    unseen = sum(1 for one in still if one.seen is None and one.alert.state != "acknowledged")
    if still:
        seen = f"{unseen} not seen by anybody yet." if unseen else "Each has been seen."
        silent = " The hub is silent." if file.silent else ""
        worst = "problem" if any(one.alert.priority == "high" for one in still) else "attention"
        return worst, f"{count(len(still), 'open alert')}. {seen}{silent}"
    if file.silent:
        return "attention", words.row(file.silent, times).sentence
    if not any(r.time.taken >= file.home.since for r in file.home.readings):
        return "unknown", f"No alert is open. No reading has come in {count(file.asked.days, 'day')}."
    return "good", "No alert is open for this patient."


def _told(item: Open, n: int, acts: Sequence[Act], account: Account, times: Times) -> Told:
    alert = item.alert
    mine = [a for a in acts if (a.hub, a.alert) == (alert.hub, alert.id)]
    seen = words.seen_by(item, account.name, mine, times)
    closing = item.closing
    closed = ""
    if closing is not None:
        closed = f"Closed by the {closing.role} {times.at(closing.at)}: {closing.note}"
    over = alert.state == "resolved"
    if over:
        closed = f"Over {times.when(alert.changed)}."
    # Who has seen it stands in a line of its own here.
    plain = replace(item, alert=msgspec.structs.replace(alert, state="raised"), seen=None) if seen else item
    row = words.row(plain, times)
    return Told(
        replace(row, tone="good", shape="good") if over else row,
        n,
        "Over" if over else words.PRIORITY[alert.priority],
        "" if over else seen,
        closed,
        can_see=not over and not seen,
        can_close=not over and item.seen is not None and closing is None,
        inputs=words.inputs(alert),
        readings=sentence(count(len(alert.readings), "reading")) if alert.readings else "None named",
    )
