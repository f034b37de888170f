"""From what the database says to HTML. The list's parts are the same for the first load and for every live update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from wardgate.faces.assets import Assets
from wardgate.faces.templates import environment
from wardgate.faces.words import Times
from wardgate.ward.accounts import Account
from wardgate.ward.page import words
from wardgate.ward.page.board import Board, Open, Silent, key_of
from wardgate.ward.page.desk import DeskError
from wardgate.ward.page.file import SPANS, Asked, File, whose
from wardgate.ward.page.file_view import FileView, called_by

MOST_FOLLOWED: Final = 200
"""Lines that an open page keeps true."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks, and what their forms carry."""

    account: Account
    form_key: str


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
            "news": self._part("news.html", said=words.news(fresh), address="/", act=words.show(fresh)),
        }

    def signed_out(self, address: str = "/") -> str:
        """The bar above what is not kept true any more."""
        said = "You are signed out. This page stands still."
        return self._part("news.html", said=said, address=address, act="Sign in")

    def anothers(self, asked: Asked) -> str:
        """The bar above a hub's page when it has another patient meanwhile, or for the first time one."""
        said = (
            "Readings of a patient have come."
            if asked.whose == whose(asked.hub)
            else "This hub has another patient now."
        )
        said += " This page stands still."
        return self._part("news.html", said=said, address=asked.address, act="Show what is there now")

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
        have = tuple(key_of(one) for one in file.alerts)
        parts = FileView(file, have, visitor.account, times, self._part).parts()
        charts = [html for name, html in parts.items() if name.startswith("chart-")]
        return self._part(
            "patient.html",
            account=visitor.account,
            form_key=visitor.form_key,
            asked=file.asked,
            have=".".join(have),
            whose=file.whose,
            patient=called_by(file.home),
            spans=SPANS,
            told=[_safe(parts[f"told-{key}"]) for key in have],
            charts=[_safe(html) for html in charts],
            updated=f"Updated {times.clock_s(times.now)}",
            zone=times.zone_sentence(),
            **{name: _safe(parts[name]) for name in ("verdict", "news", "silent", "unused", "contact", "done")},
        )

    def patient_parts(self, file: File, times: Times, account: Account) -> dict[str, str]:
        """What an open page of a patient is to show now, by element."""
        return FileView(file, file.asked.have, account, times, self._part).parts()

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
