"""Readings through rules and the life of an alert, telling nobody: for trials, dry runs and golden weeks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from wardgate.config import Hub
from wardgate.contract.messages import Alert, Reading
from wardgate.watch.alerts import Episode, Step, step
from wardgate.watch.assess import Assessment
from wardgate.watch.panel import Panel
from wardgate.watch.rule import Rule, Sample

log: Final = logging.getLogger(__name__)


class Outlet(Protocol):
    """The way out of the alerts: quiet hours and the rate cap, as `cap.Gate` has them."""

    def passed(self, held: bool, done: Step, sample: Sample, beside: int) -> Step:
        """The step as it goes out. `held` says whether the episode was held back before it."""
        ...

    def tell(self, alerts: Sequence[Alert]) -> None:
        """These go out, together."""
        ...


class Replay:
    """What the rules would have told; before quiet hours and the rate cap, unless there is an outlet that has them."""

    def __init__(
        self,
        hub: Hub,
        rule_set: Sequence[Rule],
        notes: Sequence[tuple[float, str]] = (),
        outlet: Outlet | None = None,
    ) -> None:
        self._hub = hub
        self._outlet = outlet
        self._panel = Panel(hub.assignment, rule_set, self._failed, notes)
        self.open: dict[str, Episode] = {}
        """What is open, by the kind of alert."""
        self.failed: dict[str, str] = {}
        """Rules that broke, with the reason."""

    def add(self, reading: Reading) -> None:
        """A reading that is known and has been looked at before."""
        if self._panel.admits(reading):
            self._panel.add(reading)

    def take(self, reading: Reading, now: datetime) -> list[Alert]:
        """A reading as it came: what the ward would have been told."""
        if not self._panel.admits(reading):
            return []
        if reading.backfill:
            self._panel.add(reading)
            return []
        told = []
        for place, at in self._panel.assess(reading):
            told += self._take(place, at, now)
        return told

    def _take(self, place: str, at: Assessment, now: datetime) -> list[Alert]:
        told: list[Alert] = []
        for kind in self._panel.kinds[place]:
            before = self.open.pop(kind, None)
            done = step(kind, before, at, self._hub, now)
            if self._outlet is not None:
                done = self._outlet.passed(before is not None and before.held, done, at.sample, len(told))
            if done.episode is not None:
                self.open[kind] = done.episode
            if done.alert is not None:
                told.append(done.alert)
        if self._outlet is not None:
            self._outlet.tell(told)
        return told

    def noted(self, at_s: float) -> None:
        """A note on the treatment has come."""
        self._panel.noted(at_s)

    def _failed(self, rule: Rule, sample: Sample, why: str) -> None:
        log.warning("rule %s failed at reading %s: %s", rule.name, sample.reading_id, why)
        self.failed[rule.name] = why
