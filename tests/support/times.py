"""A hub whose clocks a test moves at will: real store, intake, watch and ward; true time, and what each clock shows."""

from __future__ import annotations

import asyncio
import math
import zoneinfo
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from wardgate import config
from wardgate.capture.devices import Devices, Known, known_devices
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH, SteadyClock, utc_from_s
from wardgate.contract.messages import TIME_UNKNOWN, Alert, Reading
from wardgate.intake.corrections import Corrections, kept_lines
from wardgate.intake.device_clock import civil_now, zone_offset_s
from wardgate.intake.intake import Intake
from wardgate.store.rows import Kind, Lane
from wardgate.store.store import Store
from wardgate.ward.check import checked
from wardgate.ward.received import Received
from wardgate.ward.store import WardStore
from wardgate.watch.shadow import Shadows
from wardgate.watch.watcher import Watcher
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome, Quantity

BEGIN: Final = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0
YEAR_S: Final = 365.25 * DAY_S
MODELS: Final = {"scale": "and-uc-352ble", "oximeter": "plx-oximeter", "plain": "xiaomi-scale"}
TRIAL: Final = config.Shadow(name="tight", rule="weight.guideline_esc", limits={"gain_3_days_kg": 1.0})
_TOPIC: Final = {
    Kind.READING: "reading",
    Kind.CORRECTION: "reading",
    Kind.TEST: "test",
    Kind.ALERT: "alert",
    Kind.EVENT: "event",
}


class WallClock:
    """A machine: its wall clock may be anything, its boot-time clock runs a little fast or slow."""

    def __init__(self) -> None:
        self.true_s = BEGIN.timestamp()
        self.boot = 0
        self.ppm = 0.0
        self.error_s = 0.0
        """The wall clock less true time."""
        self.disciplined = True
        self._booted_s = self.true_s - 60.0

    def utc(self) -> datetime:
        return utc_from_s(self.true_s + self.error_s)

    def boottime_s(self) -> float:
        return (self.true_s - self._booted_s) * (1 + self.ppm * 1e-6)

    def boot_id(self) -> str:
        return f"boot-{self.boot}"

    def synchronised(self) -> bool:
        return self.disciplined

    def boots(self, error_s: float, *, disciplined: bool = False, ppm: float = 0.0) -> None:
        """A new boot, with what its wall clock then shows."""
        self.boot += 1
        self._booted_s = self.true_s - 5.0
        self.error_s, self.disciplined, self.ppm = error_s, disciplined, ppm

    def syncs(self) -> None:
        """A time server is heard."""
        self.error_s, self.disciplined = 0.0, True


@dataclass
class DeviceClock:
    """The clock in a device: local civil time that somebody set once, running a little fast or slow, or not at all."""

    shown_s: float
    at_s: float
    ppm: float = 0.0
    runs: bool = True

    def civil_s(self, true_s: float) -> float:
        return self.shown_s + (true_s - self.at_s) * (1 + self.ppm * 1e-6) * self.runs

    def shows(self, civil_s: float, true_s: float) -> None:
        self.shown_s, self.at_s = civil_s, true_s

    def stops(self, true_s: float) -> None:
        self.shows(self.civil_s(true_s), true_s)
        self.runs = False


@dataclass
class Kept:
    """A measurement in a device's memory."""

    frame: bytes
    told: DeviceTime
    value: float


@dataclass
class SimDevice:
    """A device: what it keeps, and its clock."""

    name: str
    clock: DeviceClock
    memory: list[Kept] = field(default_factory=list)
    looked_at: bool = False
    """Since somebody last did something to its clock."""


class World:
    """One home. `path` is where its hub's and its ward's databases are; by `error_s` its first clock is wrong."""

    def __init__(self, path: Path, zone: str = "Europe/London", error_s: float = 0.0) -> None:
        self.path = path
        self.zone = zoneinfo.ZoneInfo(zone)
        self.wall = WallClock()
        self.wall.error_s, self.wall.disciplined = error_s, not error_s
        self.config = config.Config(
            hub=config.Hub(id="hub-1", patient="Copper Heron 93", assignment="a-1", timezone=zone),
            broker=config.Broker(host="localhost"),
            watch=config.Watch(shadow=(TRIAL,)),
            device=tuple(
                config.Device(id=name, model=model, address=f"F0:00:00:00:00:0{n}")
                for n, (name, model) in enumerate(MODELS.items())
            ),
        )
        local_s = self.local_s()
        self.devices = {name: SimDevice(name, DeviceClock(local_s, self.wall.true_s)) for name in MODELS}
        self.taken_s: dict[str, float] = {}
        """True time of every measurement, by its frame."""
        self.ward = WardStore(path / "ward.db")
        self._count = 0
        self._begin()

    def local_s(self) -> float:
        """What a right clock on the patient's wall shows now."""
        return self.wall.true_s + zone_offset_s(self.zone, utc_from_s(self.wall.true_s))

    def _begin(self) -> None:
        self.clock = SteadyClock(self.wall)
        self.store = Store.open(self.path / "wardgate.db", self.clock)
        self.clock.recall(kept_lines(self.store))
        self.journal = Journal("hub-1", self.clock, self.store.put_event, lambda _: None)
        self.known = Devices(self.store, known_devices(self.config.device), lambda _: None)
        self.corrections = Corrections(self.config, self.store, self.clock, self.known, self.journal)

    async def start(self) -> None:
        """As the hub starts: what waits for its date first, then the series."""
        await self.corrections.run()
        self.watcher = Watcher(self.config, self.store, self.clock, self.journal, lambda _: None)
        self.intake = Intake(self.config, self.store, self.clock, self.known, self.journal, self._look, lambda _: None)
        notes = self.watcher.therapy.notes
        self.shadows = Shadows(self.config, self.watcher.plan, self.store, self.clock, self.journal, notes)
        await self.watcher.start()
        await self.shadows.start()
        self._task = asyncio.ensure_future(self.intake.run())

    async def _look(self, reading: Reading) -> None:
        await self.watcher.on_reading(reading)
        await self.shadows.on_reading(reading)

    async def stop(self) -> None:
        """The program ends."""
        self._task.cancel()
        await asyncio.wait({self._task})
        self.known.flush()
        await self.store.close()

    async def close(self) -> None:
        await self.stop()
        await self.ward.close()

    async def restart(self) -> None:
        """The program alone."""
        await self.stop()
        self._begin()
        await self.start()

    async def boots(self, error_s: float, *, disciplined: bool = False, ppm: float = 0.0) -> None:
        """The whole machine."""
        await self.stop()
        self.wall.boots(error_s, disciplined=disciplined, ppm=ppm)
        self._begin()
        await self.start()

    def go(self, seconds: float) -> None:
        """Time passes."""
        self.wall.true_s += seconds

    async def tick(self) -> tuple[Reading, ...]:
        """The hub looks after its house."""
        noted = await self.watcher.date_notes()
        corrected = await self.corrections.run()
        if corrected or noted:
            self.intake.learn()
            await self.watcher.corrected()
            self.shadows.corrected()
        return corrected

    async def syncs(self) -> tuple[Reading, ...]:
        """A time server is heard, and the hub notices."""
        self.wall.syncs()
        return await self.tick()

    # Devices

    def takes(self, device: str, value: float) -> None:
        """The patient uses a device. It keeps what it found."""
        mine = self.devices[device]
        self._count += 1
        frame = self._count.to_bytes(4, "big")
        self.taken_s[frame.hex()] = self.wall.true_s
        mine.memory.append(Kept(frame, DeviceTime(math.floor(mine.clock.civil_s(self.wall.true_s))), value))

    async def session(self, device: str, *, looks: bool = True, sets: bool = True) -> None:
        """The device hands over what it keeps, the latest last; the hub looks at its clock first, and sets it last."""
        mine, known = self.devices[device], self._known(device)
        sink = self.intake.sink(known)
        now_s = mine.clock.civil_s(self.wall.true_s)
        if looks and device != "plain":
            mine.looked_at = True
            sink.clock(DeviceTime(math.floor(now_s)))
        for n, kept in enumerate(mine.memory, start=1):
            stored = device == "oximeter" and n < len(mine.memory)
            await sink.measurement(_measurement(device, kept, stored=stored))
        mine.memory.clear()
        target = sink.clock_target()
        if sets and target is not None and device != "plain":
            mine.clock.shows(target.civil_s, self.wall.true_s)
            sink.clock_set(target)
        await self.intake.drained()

    async def measures(self, device: str, value: float, *, looks: bool = True, sets: bool = False) -> str:
        """The patient uses a device that is heard at once. The reading's id."""
        self.takes(device, value)
        self.go(20.0)
        await self.session(device, looks=looks, sets=sets)
        frame = self._count.to_bytes(4, "big").hex()
        return next(r.id for r in self.readings() if r.frame == frame)

    def _known(self, device: str) -> Known:
        return next(known for known in self.known.known if known.id == device)

    # What came of it

    def readings(self) -> list[Reading]:
        """As the hub has them, oldest first."""
        return self.store.readings(None, EPOCH - timedelta(days=1))

    def reading(self, reading_id: str) -> Reading:
        found = self.store.read.reading(reading_id)
        assert found is not None
        return found

    def alerts(self) -> list[Alert]:
        """Every revision, in the order in which it was told."""
        return sorted(self.store.alerts(EPOCH - timedelta(days=1)), key=lambda a: a.seq)

    def events(self, code: str) -> int:
        return sum(event.code == code for event in self.store.events(10_000))

    def error_s(self, reading: Reading) -> float:
        """How far its date is from the truth."""
        return abs(reading.time.taken.timestamp() - self.taken_s[reading.frame])

    def wrong(self) -> list[str]:
        """What breaks the promise: a date further from the truth than the reading says, and no mark on it."""
        return [
            f"{r.device.id} {r.frame}: {self.error_s(r):.1f} s off, says {r.time.uncertainty_s:.1f} s, {r.time}, "
            f"{r.quality.flags}, true {utc_from_s(self.taken_s[r.frame])}"
            for r in self.readings()
            if not is_unknown(r) and self.error_s(r) > r.time.uncertainty_s
        ]

    async def deliver(self) -> list[Reading | Alert]:
        """All that waits goes to the ward. What it had not seen."""
        shown: list[Reading | Alert] = []
        for lane in Lane:
            while rows := self.store.next_rows(lane, 0, 500):
                received = []
                for row in rows:
                    found = checked(f"wardgate/1/hub-1/up/{_TOPIC[row.kind]}", row.payload)
                    assert isinstance(found, Received), found
                    received.append(found)
                batch = await self.ward.commit(received, [])
                shown += [m for m in batch.new if isinstance(m, Reading | Alert)]
                await self.store.mark_done(0, [row.seq for row in rows])
        return shown


def is_unknown(reading: Reading) -> bool:
    return TIME_UNKNOWN in reading.quality.flags


def local(world: World) -> DeviceTime:
    """What a right clock shows."""
    return civil_now(world.zone, utc_from_s(world.wall.true_s))


def _measurement(device: str, kept: Kept, *, stored: bool) -> Measurement:
    if device == "oximeter":
        quantities = (Quantity("spo2", kept.value, "%"), Quantity("pulse", 70.0, "1/min"))
        return Measurement(Channel.SATURATION, Outcome.DECODE, quantities, kept.frame, kept.told, stored=stored)
    told = None if device == "plain" else kept.told
    weight = (Quantity("weight", kept.value, "kg"),)
    return Measurement(Channel.WEIGHT, Outcome.DECODE, weight, kept.frame, told)
