"""Test readings: a device is tried out while the hub is set up, and what it brings meanwhile is marked as a test.

The mode is for one device, is never on once the hub is locked, and ends by itself. It is kept in memory alone, so that
no restart and no power cut can find it on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.capture.devices import Devices
from wardgate.clock import Clock
from wardgate.contract.messages import Reading, Utc
from wardgate.installation import Record, Stage, TestWay
from wardgate.provision.devices import refuse_stage
from wardgate.store.rows import Way
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

MOST_S: Final = 600.0
"""The longest that a device is tried out at a time."""
BEHIND_S: Final = 15.0
"""What belongs to one measurement comes so soon behind it: a scale tells the body's composition after the weight."""
KEY: Final = "provision/tests"


class Tried(Struct, frozen=True, kw_only=True):
    """A device that has brought a test reading."""

    device: str
    identity: str
    """Which physical device that was."""
    assignment: str
    begun: Utc
    reading: str
    """The reading's id."""


class Run(Struct, frozen=True, kw_only=True):
    """A test as it stands now."""

    device: str
    begun: Utc
    left_s: float | None
    """None once it is over."""
    reading: Reading | None = None
    way: Way | None = None


class TestMode:
    """Which device is tried out now, and which have been."""

    __test__ = False  # for pytest, which takes the name for its own

    def __init__(
        self,
        store: Store,
        clock: Clock,
        assignment: str,
        devices: Devices,
        stage: Callable[[], Stage],
        changed: Callable[[str], None],
        being_set_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self.being_set_up: Final = being_set_up
        self._store = store
        self._clock = clock
        self._assignment = assignment
        self._identities = {known.id: known.identity for known in devices.known}
        self._stage = stage
        self._changed = changed
        self._device: str | None = None
        self._begun = clock.utc()
        self._until_s = float("-inf")
        self._reading: str | None = None
        self._behind_s: dict[str, float] = {}
        """By device: until when what it brings belongs to the test reading that it has brought."""
        self._tried = {t.device: t for t in self._kept()}

    def begin(self, device: str) -> None:
        """From now on, what this device measures is a test; of another one no longer.

        Raises:
            Refused: the hub has no patient, or is locked.
        """
        refuse_stage(self._stage())
        self._device, self._reading = device, None
        self._begun = self._clock.utc()
        self._until_s = self._clock.boottime_s() + MOST_S
        self._changed("devices")

    def end(self) -> None:
        """From now on, what is measured is real; what follows upon a test reading still belongs to that."""
        if self._until_s > float("-inf"):
            self._until_s = float("-inf")
            self._changed("devices")

    def heard(self, record: Record) -> None:
        """A hub that is locked tries nothing out, nor after it is unlocked."""
        if record.stage == "locked":
            self._stop()

    def is_on(self, device: str) -> bool:
        """Whether what this device brings at this moment is a test."""
        if self._stage() != "assigned":
            self._stop()
        until_s = self._until_s if device == self._device else float("-inf")
        return self._clock.boottime_s() < max(until_s, self._behind_s.get(device, float("-inf")))

    def _stop(self) -> None:
        """Whatever comes now, nothing of it is a test."""
        self._behind_s.clear()
        self.end()

    def came(self, reading: Reading) -> None:
        """A test reading is on the disk; the first one ends the mode."""
        device, identity = reading.device.id, self._identities.get(reading.device.id)
        if device != self._device or self._reading is not None or identity is None:
            return
        self._reading = reading.id
        self._behind_s[device] = self._clock.boottime_s() + BEHIND_S
        self._until_s = float("-inf")
        self._tried[device] = Tried(
            device=device, identity=identity, assignment=self._assignment, begun=self._begun, reading=reading.id
        )
        self._keep()
        self._changed("devices")

    def run(self) -> Run | None:
        """The test that goes on, or the last one; None when there was none."""
        if self._device is not None:
            on = self.is_on(self._device) and self._reading is None
            left_s = self._until_s - self._clock.boottime_s() if on else None
            return self._as_run(self._device, self._begun, left_s, self._reading)
        last = max(self.tried(), key=lambda t: t.begun, default=None)
        return None if last is None else self._as_run(last.device, last.begun, None, last.reading)

    def tried(self) -> tuple[Tried, ...]:
        """The devices that have brought a test reading for this patient, and are still the same."""
        return tuple(
            t
            for t in self._tried.values()
            if t.assignment == self._assignment and t.identity == self._identities.get(t.device)
        )

    def arrived(self, known: Collection[str], *, at_broker: bool) -> dict[str, TestWay]:
        """By device, but for those that are known: the way of its test reading, once the ward has confirmed it.

        With `at_broker`, where no ward confirms: once the broker has.
        """
        ways = {t.device: self._way(t.reading) for t in self.tried() if t.device not in known}
        return {d: way for d, way in ways.items() if way is not None and (way.broker if at_broker else way.ward)}

    def _way(self, reading: str) -> TestWay | None:
        kept, way = self._store.read.reading(reading), self._store.way(reading)
        if kept is None or way is None:
            return None
        return TestWay(seen=kept.time.received, stored=way.stored, broker=way.broker, ward=way.ward)

    def forget(self, device: str) -> None:
        """The device has gone, or another one has its name."""
        self._behind_s.pop(device, None)
        if self._device == device:
            self._device, self._reading = None, None
            self.end()
        if self._tried.pop(device, None) is not None:
            self._keep()

    def _as_run(self, device: str, begun: datetime, left_s: float | None, reading: str | None) -> Run:
        return Run(
            device=device,
            begun=begun,
            left_s=left_s,
            reading=None if reading is None else self._store.read.reading(reading),
            way=None if reading is None else self._store.way(reading),
        )

    def _kept(self) -> tuple[Tried, ...]:
        raw = self._store.detector_state(KEY)
        try:
            return () if raw is None else msgspec.json.decode(raw, type=tuple[Tried, ...])
        except msgspec.DecodeError as error:
            log.warning("which devices were tried cannot be read: %s", error)
            return ()

    def _keep(self) -> None:
        kept = msgspec.json.encode(self.tried())
        self._store.put_detector_state(KEY, kept).add_done_callback(_log_failure)


def in_words(reading: Reading) -> str:
    """What was measured: `80.9 kg`."""
    values = {q.name: q.value for q in reading.quantities}
    pulse = f", pulse {values['pulse']:.0f}" if "pulse" in values else ""
    match reading.channel:
        case "weight":
            return f"{values['weight']:.1f} kg"
        case "blood_pressure":
            return f"{values['systolic']:.0f}/{values['diastolic']:.0f} mmHg{pulse}"
        case "saturation":
            return f"{values['spo2']:.0f} %{pulse}"
        case "temperature":
            return f"{values['temperature']:.1f} °C"
        case "heart_rate":
            return f"{values['heart_rate']:.0f} beats a minute"
        case _:
            return "Body composition"


def _log_failure(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.warning("which devices were tried was not kept: %s", error)
