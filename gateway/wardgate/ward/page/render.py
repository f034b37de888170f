"""From what the database says to HTML. The list's parts are the same for the first load and for every live update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from markupsafe import Markup

from wardgate.contract.messages import Alert
from wardgate.faces.assets import Assets
from wardgate.faces.chart import draw
from wardgate.faces.scale import PANELS
from wardgate.faces.templates import environment
from wardgate.faces.words import Times, count, sentence
from wardgate.ward.accounts import Account
from wardgate.ward.audit import Act
from wardgate.ward.called import called
from wardgate.ward.page import words
from wardgate.ward.page.board import Board, Open, Silent, key_of
from wardgate.ward.page.chart_data import Home, not_used, series_of
from wardgate.ward.page.desk import DeskError

SPANS: Final = (7, 14, 30, 90)
DEFAULT_DAYS: Final = 14
MOST_FOLLOWED: Final = 200
"""Lines that an open page keeps true."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks, and what their forms carry."""

    account: Account
    form_key: str


@dataclass(frozen=True, slots=True)
class Told:
    """An open alert at the head of a patient's page."""

    row: words.Row
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
class File:
    """All that a patient's page shows."""

    home: Home
    alerts: tuple[Open, ...]
    """The one that was pressed first, then the other open ones."""
    silent: Silent | None
    acts: tuple[Act, ...]
    contact: tuple[tuple[str, str], ...]
    days: int
    address: str


@dataclass(frozen=True, slots=True)
class Question:
    """The page on which somebody says that they have seen an alert, or closes it."""

    item: Open
    act: str
    revision: int
    note: str = ""
    rang: bool = False
    problem: DeskError | None = None


class Renderer:
    """Owns the templates."""

    def __init__(self, assets: Assets) -> None:
        self._env = environment(assets, "wardgate.ward.page")

    def parts(self, board: Board, have: Sequence[str], known: dict[str, Open | Silent], times: Times) -> dict[str, str]:
        """What an open page that shows the lines `have` is to show now, by element."""
        now = {key_of(item): item for item in board.items}
        first = [key_of(item) for item in board.items[:MOST_FOLLOWED]]
        fresh = [now[key] for key in first if key not in have]
        found = self._head(board, fresh, times)
        for key in have:
            if (item := now.get(key)) is not None:
                found[f"row-{key}"] = self._row(words.row(item, times))
            elif (gone := known.get(key)) is not None:
                found[f"row-{key}"] = self._row(words.over(gone, times))
        return found

    def _head(self, board: Board, fresh: Sequence[Open | Silent], times: Times) -> dict[str, str]:
        tone, headline, said = words.headline(board, times)
        title = Markup('<title id="title">{}</title>').format(words.title(board, len(fresh)))
        return {
            "title": str(title),
            "verdict": self._part("board_verdict.html", tone=tone, headline=headline, said=said),
            "news": self._part("news.html", said=words.news(fresh), address="/", act="Show them"),
        }

    def signed_out(self) -> str:
        """The bar above a list that is not kept true any more."""
        return self._part("news.html", said="You are signed out. This list stands still.", address="/", act="Sign in")

    def board(self, board: Board, times: Times, visitor: Visitor) -> str:
        """The whole list."""
        head = self._head(board, (), times)
        shown, closed = board.items[:MOST_FOLLOWED], board.closed[:MOST_FOLLOWED]
        return self._part(
            "board.html",
            account=visitor.account,
            form_key=visitor.form_key,
            title=words.title(board, 0),
            verdict=_safe(head["verdict"]),
            news=_safe(head["news"]),
            rows=[_safe(self._row(words.row(item, times))) for item in shown],
            more=words.more(len(shown), len(board.items)),
            closed=[_safe(self._row(words.row(item, times))) for item in closed],
            more_closed=words.more(len(closed), len(board.closed)),
            have=".".join(key_of(item) for item in shown),
            updated=f"Updated {times.clock_s(times.now)}",
            zone=times.zone_sentence(),
        )

    def patient(self, file: File, times: Times, visitor: Visitor) -> str:
        """One patient: alerts, charts, what was not used, contact, what was done."""
        home = file.home
        return self._part(
            "patient.html",
            account=visitor.account,
            form_key=visitor.form_key,
            patient=called(home.patient) or f"Hub {home.hub}",
            alerts=[_told(item, file.acts, visitor.account, times) for item in file.alerts],
            silent=words.row(file.silent, times) if file.silent else None,
            spans=SPANS,
            days=file.days,
            address=file.address,
            zone=times.zone_sentence(),
            charts=[_safe(html) for html in self._charts(file, times)],
            unused=[words.unused(r, times) for r in not_used(home)],
            contact=file.contact,
            done=[d for act in file.acts if (d := words.done(act, times))],
            asof=f"As it was at {times.clock_s(times.now)}",
        )

    def _charts(self, file: File, times: Times) -> Iterable[str]:
        channels = {r.channel for r in file.home.readings if r.time.taken >= file.home.since}
        for panel in PANELS:
            if channels & set(panel.channels):
                series = [series_of(file.home, c) for c in panel.channels if c in channels]
                yield self._part("chart.html", chart=draw(panel, series, file.days, times))

    def question(self, question: Question, times: Times, visitor: Visitor) -> str:
        """Seen, or Close: what it means, a note, one button."""
        return self._part(
            "act.html",
            account=visitor.account,
            form_key=visitor.form_key,
            row=words.row(question.item, times),
            act=question.act,
            revision=question.revision,
            note=question.note,
            rang=question.rang,
            problem=question.problem,
            zone=times.zone_sentence(),
            **_ASKED[question.act],
        )

    def sign_in(self, going_to: str, name: str = "", problem: DeskError | None = None) -> str:
        """Account and password."""
        return self._part("sign_in.html", account=None, form_key="", problem=problem, name=name, next=going_to, zone="")

    def hubs(self, hubs: Sequence[dict[str, str]], times: Times, visitor: Visitor) -> str:
        """Everybody."""
        return self._part(
            "hubs.html",
            account=visitor.account,
            form_key=visitor.form_key,
            hubs=hubs,
            zone=times.zone_sentence(),
        )

    def refusal(self, headline: str, said: str, what_to_do: str) -> str:
        """A request that cannot be served."""
        return self._part(
            "ward_refusal.html", account=None, form_key="", headline=headline, said=said, what_to_do=what_to_do, zone=""
        )

    def _row(self, row: words.Row) -> str:
        return self._part("board_row.html", row=row)

    def _part(self, template: str, **what: object) -> str:
        return self._env.get_template(template).render(**what).strip()


_ASKED: Final = {
    "seen": {
        "headline": "I have seen this",
        "note_label": "Note, if you want",
        "button": "I have seen this",
        "explained": ("The hub is told and stops asking. The alert stays open until the patient is better.",),
    },
    "close": {
        "headline": "Close this alert",
        "note_label": "What is being done?",
        "button": "Close this alert",
        "explained": (
            "Closing takes the alert off the ward's list. It does not say that the patient is better.",
            "The hub goes on watching. If it finds the patient worse, the alert is open again and has to be seen anew.",
        ),
    },
}


def _safe(html: str) -> Markup:
    return Markup(html)  # noqa: S704 - our own templates' output


def _told(item: Open, acts: Sequence[Act], account: Account, times: Times) -> Told:
    alert = item.alert
    mine = [a for a in acts if (a.hub, a.alert) == (alert.hub, alert.id)]
    seen = words.seen_by(item, account.name, mine, times)
    closing = item.closing
    closed = ""
    if closing is not None:
        closed = f"Closed by the {closing.role} at {times.clock(closing.at)}, {times.day(closing.at)}: {closing.note}"
    over = alert.state == "resolved"
    # Who has seen it stands in a line of its own here.
    plain = replace(item, alert=msgspec.structs.replace(alert, state="raised"), seen=None) if seen else item
    return Told(
        words.row(plain, times),
        "Over" if over else words.PRIORITY[alert.priority],
        "" if over else seen,
        closed,
        can_see=not over and not seen,
        can_close=not over and item.seen is not None and closing is None,
        inputs=words.inputs(alert),
        readings=_rests_on(alert),
    )


def _rests_on(alert: Alert) -> str:
    return sentence(count(len(alert.readings), "reading")) if alert.readings else "None named"
