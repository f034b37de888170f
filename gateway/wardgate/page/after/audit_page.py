"""`/setup/audit`: what was done on this hub, by whom and when, fifty lines a page, and whether the log is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.control.provisioning import Audit, AuditEntry
from wardgate.faces.words import Times, sentence
from wardgate.page.setup.step import NoSuchPage, Shown, Visit

LINES: Final = 50
_WHO: Final = {
    "page": "on these pages",
    "command": "by command",
    "ward": "by the ward",
    "hub": "by the hub",
    "button": "by the hub's button",
    "home": "in the home",
}
_MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Line:
    """One act."""

    number: int
    when: str
    who: str
    sentence: str


class AuditPage:
    """Newest first. It is read when it is asked for: all of the log is looked at for that."""

    number: Final = 0
    name: Final = "audit"
    title: Final = "What was done"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        if visit.path:
            raise NoSuchPage
        if visit.live:  # the list stands as it was read; a visit every two seconds would read all of the log
            return Shown(template="after/audit.html", title=self.title, still=True)
        before = _number(visit.query.get("before", ""))
        found = await visit.ask("audit", Audit, limit=LINES, before=before)
        lines = tuple(_line(entry, visit.times) for entry in found.entries)
        last = found.entries[-1].number if found.entries else 0
        return Shown(
            template="after/audit.html",
            title=self.title,
            said=_said(found),
            context={
                "lines": lines,
                "broken": found.broken,
                "older": last if len(lines) == LINES and last > 1 else None,
                "newest": before is None,
            },
        )

    async def act(self, visit: Visit, act: str) -> str:
        """Nobody changes what was done."""
        raise NoSuchPage


def _number(text: str) -> int | None:
    """The line before which to begin; anything else is the newest, since an address is nobody's fault."""
    is_one = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) > 0
    return int(text) if is_one else None


def _said(found: Audit) -> str:
    if found.broken_at is None:
        return "The log is whole: no line was changed, and none is missing."
    return f"The log is not whole from line {found.broken_at} on. Tell the ward."


def _line(entry: AuditEntry, times: Times) -> Line:
    when = times.when(entry.at) if entry.synchronised else f"{times.when(entry.at)}, by a clock that was not set"
    return Line(entry.number, sentence(when), _WHO.get(entry.by, entry.by), entry.sentence)
