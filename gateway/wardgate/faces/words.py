"""How instants, spans and things are said: short, in the home's own time zone, the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wardgate.counted import count as count

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_UK: Final = "Europe/London"


@dataclass(frozen=True, slots=True)
class Times:
    """Says instants as people in this home would, seen from the hub's own `now`."""

    zone: ZoneInfo
    now: datetime

    def local(self, at: datetime) -> datetime:
        """The same instant on the home's clock."""
        return at.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        """`7:43am`, `midday`, `midnight`."""
        local = self.local(at)
        if local.minute == 0 and local.hour in (0, 12):
            return "midday" if local.hour else "midnight"
        return f"{_hour(local)}:{local.minute:02}{_half(local)}"

    def clock_s(self, at: datetime) -> str:
        """`7:43:02am`."""
        local = self.local(at)
        return f"{_hour(local)}:{local.minute:02}:{local.second:02}{_half(local)}"

    def day(self, at: datetime) -> str:
        """`today`, `yesterday`, `tomorrow`, `19 November`; with the year when it is another."""
        local, now = self.local(at), self.local(self.now)
        away = (local.date() - now.date()).days
        if away in (-1, 0, 1):
            return ("yesterday", "today", "tomorrow")[away + 1]
        return self.date(at) if local.year != now.year else f"{local.day} {_MONTHS[local.month - 1]}"

    def date(self, at: datetime) -> str:
        """`19 November 2026`."""
        local = self.local(at)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"

    def axis_day(self, at: datetime) -> str:
        """`19 Nov`: months are short on axes alone."""
        local = self.local(at)
        return f"{local.day} {_MONTHS[local.month - 1][:3]}"

    def when(self, at: datetime) -> str:
        """`today, 7:43am`; `19 November, midday`."""
        return f"{self.day(at)}, {self.clock(at)}"

    def at(self, at: datetime) -> str:
        """`at 7:43am` of today, `at 7:43am yesterday`, `at midday on 19 November`."""
        day = self.day(at)
        return f"at {self.clock(at)}" + {"today": "", "yesterday": " yesterday", "tomorrow": " tomorrow"}.get(
            day, f" on {day}"
        )

    def ago(self, at: datetime) -> str:
        """`12 minutes ago`, from the hub's clock."""
        return f"{span((self.now - at).total_seconds())} ago"

    def zone_sentence(self) -> str:
        """Named once a page."""
        place = "UK" if self.zone.key == _UK else self.zone.key
        return f"Times are {place} time ({self.local(self.now).tzname()})."

    def midnights(self, since: datetime) -> list[datetime]:
        """Every local midnight from `since` to now: days are the home's days, also when clocks change."""
        first = self.local(since).date()
        days = (self.local(self.now).date() - first).days
        local = (
            datetime(first.year, first.month, first.day, tzinfo=self.zone) + timedelta(days=d) for d in range(days + 1)
        )
        return [m for m in local if m >= since]


def _hour(local: datetime) -> int:
    return (local.hour - 1) % 12 + 1


def _half(local: datetime) -> str:
    return "am" if local.hour < 12 else "pm"


def span(seconds: float) -> str:
    """`12 seconds`, `4 minutes`, `3 hours`, `2 days`: whole ones that have passed."""
    whole = max(0, int(seconds))
    for size, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if whole >= size:
            return count(whole // size, noun)
    return count(whole, "second")


def later(seconds: float) -> str:
    """`0.02 seconds later`: for the doors a reading passes, where parts of a second tell something."""
    if seconds < 0.001:
        return "at once"
    if seconds >= 10:
        return f"{span(seconds)} later"
    return f"{seconds:.1f} seconds later" if seconds >= 1 else f"{seconds:.1g} seconds later"


def listed(things: Sequence[str]) -> str:
    """`the scale`, `the scale and the cuff`, `the scale, the cuff and the oximeter`."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"


def sentence(text: str) -> str:
    """With a capital first; nothing else is touched."""
    return text[:1].upper() + text[1:]


def number(value: float, decimals: int) -> str:
    """With the true minus sign."""
    return f"{value:.{decimals}f}".replace("-", "−")


def size(octets: int) -> str:
    """`14.2 GB`, `3.1 MB`."""
    return f"{octets / 1e9:.1f} GB" if octets >= 1e9 else f"{octets / 1e6:.1f} MB"
