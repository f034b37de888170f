"""The rate cap: so many calls for a nurse in an hour and in a day, over all alerts of a patient (hazard H16).

It never holds back an alert of high priority, nor one that has become worse, nor the end of one. What it may hold back
are new alerts of medium and low priority and the raising again, and the latter first: what is new is counted against
what is new alone, the raising again against everything. What is held back is named in one event, and goes out as soon
as there is room.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from wardgate.clock import Clock
from wardgate.config import Config
from wardgate.contract.messages import Alert
from wardgate.watch import sentences
from wardgate.watch.alerts import Episode, Step
from wardgate.watch.alerts import Told as ToldAt
from wardgate.watch.quiet import Quiet
from wardgate.watch.rules import RANK, Sample

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


class Told(Protocol):
    """Whoever knows what was told; the store."""

    def alerts(self, since: datetime) -> list[Alert]:
        """Every revision that changed at or after a time, oldest first."""
        ...


class Cap:
    """Counts over the stored alerts, so that a restart forgets nothing."""

    def __init__(self, config: Config, store: Told) -> None:
        self._limits = ((HOUR, config.alerts.an_hour), (DAY, config.alerts.a_day))
        self._assignment = config.hub.assignment
        self._store = store

    def room_for_new(self, now: datetime, beside: int = 0) -> bool:
        """Whether one more new alert may go out; `beside` others go out with it."""
        return self._room([a for a in self._calls(now) if a.raised_count == 1], now, beside)

    def room_for_again(self, now: datetime) -> bool:
        """Whether an alert may be raised again."""
        return self._room(self._calls(now), now, 0)

    def _room(self, calls: list[Alert], now: datetime, beside: int) -> bool:
        return all(sum(a.changed > now - span for a in calls) + beside < limit for span, limit in self._limits)

    def _calls(self, now: datetime) -> list[Alert]:
        """Every revision of the last day that called for a nurse."""
        return [
            a
            for a in self._store.alerts(now - DAY)
            if a.assignment == self._assignment
            and a.state in ("raised", "updated")
            and a.changed <= now  # told by a clock that was ahead
            and (a.corrected is None or a.corrected.at != a.changed)  # dated anew: no news
        ]


class Gate:
    """What a step of an alert's life passes on its way out: the cap, quiet hours, and the home's words."""

    def __init__(self, config: Config, store: Told, clock: Clock) -> None:
        self.cap: Final = Cap(config, store)
        self.quiet: Final = Quiet(config.alerts, config.hub.timezone)
        self._home_values = config.alerts.home_values
        self._clock = clock

    def quiet_until(self, alert: Alert) -> datetime | None:
        """Until when an alert may wait now. A hub that does not know the time has no quiet hours."""
        return None if alert.priority == "high" else self.quiet_until_now()

    def quiet_until_now(self) -> datetime | None:
        """Until when the home makes no sound."""
        return self.quiet.until(self._clock.utc()) if self._clock.synchronised() else None

    def told(self) -> ToldAt:
        """This moment."""
        clock = self._clock
        return ToldAt(
            boot_id=clock.boot_id(),
            boottime_s=clock.boottime_s(),
            utc_s=clock.utc().timestamp(),
            known=clock.synchronised(),
        )

    def passed(self, held: bool, done: Step, sample: Sample, beside: int) -> Step:
        """The step as it goes out. `held` says whether the episode was held back before it."""
        alert, episode = done.alert, done.episode
        if alert is None:
            return done
        if episode is None:
            return Step(None, None if held else alert)
        if held:
            # Worse: it goes out, and the ward has not heard of it yet.
            alert = msgspec.structs.replace(alert, state="raised", revision=1, worse_revision=1)
        if self._home_values and (value := sentences.home_value(sample.values)):
            alert = msgspec.structs.replace(alert, home_sentence=f"{value} {alert.home_sentence}")
        alert = msgspec.structs.replace(alert, quiet_until=self.quiet_until(alert))
        episode = msgspec.structs.replace(episode, alert=alert, told=self.told(), held=False)
        new = alert.revision == 1 and not held
        if new and alert.priority != "high" and not self.cap.room_for_new(self._clock.utc(), beside):
            return Step(msgspec.structs.replace(episode, held=True), None)
        return Step(episode, alert)

    def released(self, held: Episode) -> Step:
        """What was held back, as it goes out now that there is room."""
        alert = msgspec.structs.replace(held.alert, quiet_until=self.quiet_until(held.alert), changed=self._clock.utc())
        return Step(msgspec.structs.replace(held, alert=alert, held=False, told=self.told()), alert)


def worst_first(episode: Episode) -> tuple[int, float]:
    """The order in which those that wait go out."""
    return -RANK[episode.alert.priority], episode.alert.raised.timestamp()
