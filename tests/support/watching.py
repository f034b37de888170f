"""A watch over a real store, and a clock that stands still until it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from wardgate import config
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH
from wardgate.contract.messages import Alert, DeviceBlock, Event, Quality, Quantity, Reading, TimeBlock
from wardgate.store.store import Store
from wardgate.watch.rules import Rule
from wardgate.watch.watcher import Watcher

MORNING = datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
Channel = Literal["weight", "blood_pressure", "saturation", "temperature", "heart_rate"]


@dataclass
class StillClock:
    """Time that only the test moves."""

    now: datetime = MORNING
    started: datetime = MORNING

    def utc(self) -> datetime:
        return self.now

    def boottime_s(self) -> float:
        return (self.now - self.started).total_seconds()

    def boot_id(self) -> str:
        return "boot-1"

    def synchronised(self) -> bool:
        return True


def make_reading(
    channel: Channel,
    taken: datetime,
    *,
    backfill: bool = False,
    unattributed: bool = False,
    good: bool = True,
    test: bool = False,
    **values: float,
) -> Reading:
    """A reading of the test's patient; its id follows from its content."""
    return Reading(
        id=f"{channel} {taken.isoformat()} {values}",
        hub="hub-1",
        assignment="assignment-1",
        patient=None if unattributed else "Copper Heron 93",
        attribution="unattributed" if unattributed else "assigned",
        channel=channel,
        quantities=tuple(
            Quantity(name=name, value=value, unit="x", original_value=value, original_unit="x")
            for name, value in values.items()
        ),
        time=TimeBlock(
            taken=taken,
            uncertainty_s=1.0,
            basis="arrival",
            received=taken,
            boot_id="boot-1",
            boottime_s=1.0,
            synchronised=True,
        ),
        device=DeviceBlock(id="device", model="model"),
        quality=Quality(good=good),
        backfill=backfill,
        test=test,
        frame="00",
    )


@dataclass
class Home:
    """One hub's store with a watch, which can die and come back."""

    path: Path
    clock: StillClock = field(default_factory=StillClock)
    watch: config.Watch = field(default_factory=config.Watch)
    rule_set: tuple[Rule, ...] | None = None

    def __post_init__(self) -> None:
        self.config = config.Config(
            hub=config.Hub(id="hub-1", patient="Copper Heron 93", assignment="assignment-1"),
            broker=config.Broker(host="localhost"),
            watch=self.watch,
        )
        self.begin()

    def begin(self) -> None:
        self.store = Store.open(self.path, self.clock)
        self.changed: list[str] = []
        journal = Journal("hub-1", self.clock, self.store.put_event, self.changed.append)
        self.watcher = Watcher(self.config, self.store, self.clock, journal, self.changed.append, self.rule_set)

    async def restart(self) -> None:
        await self.store.close()
        self.begin()
        await self.watcher.start()

    async def store_only(self, reading: Reading) -> None:
        """Commit a reading of which the watch never hears: the hub dies in between."""
        await self.store.put_reading(reading, arrival_s=1.0)

    async def take(self, reading: Reading) -> None:
        """A reading as it comes from the intake, at its time."""
        self.clock.now = max(self.clock.now, reading.time.taken)
        if (await self.store.put_reading(reading, arrival_s=1.0)).new:
            await self.watcher.on_reading(reading)

    async def weights(self, *day_kg: tuple[float, float], backfill: bool = False) -> None:
        for day, kg in day_kg:
            await self.take(make_reading("weight", MORNING + timedelta(days=day), weight=kg, backfill=backfill))

    async def saturations(self, *hour_pct: tuple[float, float]) -> None:
        for hour, pct in hour_pct:
            await self.take(make_reading("saturation", MORNING + timedelta(hours=hour), spo2=pct))

    def alerts(self) -> list[Alert]:
        return self.store.alerts(EPOCH)

    def states(self) -> list[str]:
        return [alert.state for alert in self.alerts()]

    async def events(self) -> list[Event]:
        """What has been told so far, oldest first."""
        await self.store.write(lambda _: None)
        return self.store.events(1000)[::-1]


def plain(alert: Alert) -> Alert:
    """An alert without what the hub's clock and numbering say."""
    return msgspec.structs.replace(alert, raised=MORNING, changed=MORNING, seq=0, epoch="")
