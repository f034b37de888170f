"""Quiet hours: when an alert that is not of high priority may wait, and the home makes no sound.

Nothing is held back in them: every alert goes to the ward at once and says until when it may wait. What waits is the
raising again. An alert of high priority knows no quiet hours.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wardgate.config import Alerts


class Quiet:
    """The patient's quiet hours, by the civil time where the patient lives."""

    def __init__(self, alerts: Alerts, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._span = None
        if alerts.quiet_from is not None and alerts.quiet_until is not None:
            self._span = (time.fromisoformat(alerts.quiet_from), time.fromisoformat(alerts.quiet_until))

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours end in which `now` lies, UTC; None outside of them."""
        return next((end for begin, end in self._spans(now, now) if begin <= now < end), None)

    def quiet_s(self, since: datetime, until: datetime) -> float:
        """How many seconds of a stretch of time lie in quiet hours."""
        found = 0.0
        for begin, end in self._spans(since, until):
            found += max(0.0, (min(end, until) - max(begin, since)).total_seconds())
        return found

    def _spans(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """All quiet hours that may touch a stretch, in UTC: their length changes on the days when the clocks do."""
        if self._span is None:
            return []
        first, last = self._span
        day = since.astimezone(self._zone).date() - timedelta(days=1)
        spans = []
        while day <= until.astimezone(self._zone).date():
            end_day = day if first < last else day + timedelta(days=1)
            begin, end = (datetime.combine(d, t, self._zone) for d, t in ((day, first), (end_day, last)))
            spans.append((begin.astimezone(UTC), end.astimezone(UTC)))
            day += timedelta(days=1)
        return spans
