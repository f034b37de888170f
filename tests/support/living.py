"""A home whose open alerts are looked after between two readings, and a clock that may boot anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from tests.support.watching import Home, StillClock, make_reading
from wardgate.capture.journal import Journal
from wardgate.config import Alerts
from wardgate.contract.messages import Alert, AlertAck
from wardgate.watch.life import Life

MINUTE = timedelta(minutes=1)


@dataclass
class RebootingClock(StillClock):
    """A still clock that a test may also boot anew, with a wall clock that need not be right."""

    boot: int = 1
    knows_the_time: bool = True

    def boot_id(self) -> str:
        return f"boot-{self.boot}"

    def synchronised(self) -> bool:
        return self.knows_the_time

    def reboot(self, off: timedelta) -> None:
        """Off for so long."""
        self.now += off
        self.started = self.now
        self.boot += 1


@dataclass
class LivingHome(Home):
    """A home whose open alerts are looked after."""

    clock: RebootingClock = field(default_factory=RebootingClock)
    alerts_config: Alerts = field(default_factory=Alerts)

    def begin(self) -> None:
        self.config = msgspec.structs.replace(self.config, alerts=self.alerts_config)
        super().begin()
        journal = Journal("hub-1", self.clock, self.store.put_event, self.changed.append)
        self.life = Life(self.config, self.store, self.clock, journal, self.watcher)

    async def after(self, minutes: float) -> None:
        """So many minutes after the alert began, looked at twice a minute on the way."""
        until = self.begun + minutes * MINUTE
        while self.clock.now < until:
            self.clock.now = min(until, self.clock.now + timedelta(seconds=30))
            await self.life.check()

    async def low(self, pct: float, at: datetime | None = None) -> None:
        """A saturation now, or then, and a look at what is open."""
        await self.take_low(pct, at)
        await self.life.check()

    async def take_low(self, pct: float, at: datetime | None = None) -> None:
        """A saturation now, or then."""
        self.begun = at or self.clock.now
        await self.take(make_reading("saturation", self.begun, spo2=pct))

    async def says(self, alert: Alert, revision: int | None = None, by: str = "nurse") -> None:
        """The ward acknowledges a revision."""
        ack = AlertAck(id=alert.id, revision=revision or alert.revision, by=by, at=self.clock.now)
        self.life.acknowledge([ack])
        await self.life.check()

    def told(self) -> list[tuple[str, int, int]]:
        return [(a.state, a.revision, a.raised_count) for a in self.alerts()]

    async def codes(self) -> list[str]:
        return [event.code for event in await self.events()]
