"""Quiet hours: when an alert that is not of high priority may wait, and the home makes no sound.

Nothing is held back in them: every alert goes to the ward at once and says until when it may wait. What waits is the
raising again. An alert of high priority knows no quiet hours.

Quiet is what the clock on the wall says. Where it says an hour twice, in autumn, that hour is quiet twice; in spring it
leaves out an hour, and quiet hours that begin or end in that one begin or end with the jump.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from wardgate.clock import utc_from_s
from wardgate.config import Alerts

_DAY: Final = timedelta(days=1)


class Quiet:
    """The patient's quiet hours, by the civil time where the patient lives."""

    def __init__(self, alerts: Alerts, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._span = None
        if alerts.quiet_from is not None and alerts.quiet_until is not None:
            self._span = (time.fromisoformat(alerts.quiet_from), time.fromisoformat(alerts.quiet_until))

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours end in which `now` lies, UTC; None outside of them."""
        return next((end for begin, end in self._spans(now, now + 2 * _DAY) if begin <= now), None)

    def quiet_s(self, since: datetime, until: datetime) -> float:
        """How many seconds of a stretch of time lie in quiet hours."""
        return sum((end - begin).total_seconds() for begin, end in self._spans(since, until))

    def _spans(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """The quiet parts of a stretch, in UTC."""
        spans: list[tuple[datetime, datetime]] = []
        for begin, end in self._parts(since, until):
            if spans and spans[-1][1] == begin:
                begin, _ = spans.pop()
            spans.append((begin, end))
        return spans

    def _parts(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The same, cut where a day is over or the clocks change."""
        if self._span is None:
            return
        first, last = self._span
        for begin, end, here in self._steady(since, until):
            day = begin.astimezone(here).date() - _DAY
            while day <= end.astimezone(here).date():
                end_day = day if first < last else day + _DAY
                quiet, loud = (datetime.combine(d, t, here) for d, t in ((day, first), (end_day, last)))
                if max(quiet, begin) < min(loud, end):
                    yield max(quiet.astimezone(UTC), begin), min(loud.astimezone(UTC), end)
                day += _DAY

    def _steady(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, timezone]]:
        """A stretch in pieces of a day at most, in each of which the clocks do not change."""
        begin = since
        while begin < until:
            offset, end = self._offset(begin), min(until, begin + _DAY)
            if self._offset(end) != offset:
                end = self._change(begin, end)
            yield begin, end, timezone(offset)
            begin = end

    def _change(self, begin: datetime, end: datetime) -> datetime:
        """When the clocks change between two moments: at a whole second."""
        seconds, before = range(int(begin.timestamp()), int(end.timestamp()) + 1), self._offset(begin)
        at = bisect_left(seconds, True, key=lambda s: self._offset(utc_from_s(s)) != before)
        return utc_from_s(seconds[at])

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self._zone).utcoffset() or timedelta(0)
