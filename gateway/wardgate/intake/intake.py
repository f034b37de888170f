"""Measurements become readings: identified, dated, attributed, judged, stored; only then is anybody told."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import zoneinfo
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Protocol, TypeVar

import msgspec

from wardgate.capture.devices import Devices, Known
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH, Clock, steady
from wardgate.config import Config
from wardgate.contract.messages import TIME_UNKNOWN, DeviceBlock, Reading, TimeBlock
from wardgate.intake.attribution import SETTING_UP, TEST, USUAL_DAYS, Usual, before_assignment, unattributed_because
from wardgate.intake.dating import Arrival, Dated, date
from wardgate.intake.device_clock import Leads, zone_offset_s
from wardgate.intake.device_facts import DeviceFacts
from wardgate.intake.identity import Anchors, needs_anchor, reading_id, said_by, said_in
from wardgate.intake.judging import NotPlausible, canonical_value, judge
from wardgate.store.errors import StoreError
from wardgate.store.rows import Put
from wardgate.store.store import Store
from wardgate_drivers.errors import FrameError
from wardgate_drivers.measurement import Measurement, Outcome
from wardgate_drivers.model.declaration import History, Serial

log: Final = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_BACK: Final = 2000
"""Readings looked at when the hub starts: some months of a patient who is measured often."""
_COUNTED: Final = {Outcome.NO_READING: "no_reading", Outcome.IMPLAUSIBLE: "implausible"}


class Tests(Protocol):
    """Whoever knows which device is being tried out."""

    def is_on(self, device: str) -> bool:
        """Whether what this device brings at this moment is a test."""
        ...

    def being_set_up(self) -> bool:
        """Whether a technician is at the hub, which was not handed over to its patient yet."""
        ...

    def came(self, reading: Reading) -> None:
        """A test reading is on the disk."""
        ...


class _NoTests:
    """Nobody tries anything out."""

    def is_on(self, device: str) -> bool:
        return False

    def being_set_up(self) -> bool:
        return False

    def came(self, reading: Reading) -> None: ...


NO_TESTS: Final = _NoTests()


class Intake:
    """The hub's one door for measurements."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        devices: Devices,
        journal: Journal,
        on_new: Callable[[Reading], Awaitable[None]],
        changed: Callable[[str], None],
        tests: Tests = NO_TESTS,
        on_nothing: Callable[[Known, tuple[str, ...]], None] = lambda known, status: None,
    ) -> None:
        """`on_nothing` is told when a device tried just now and has no value, with what it found wrong."""
        self.config: Final = config
        self.store: Final = store
        self.devices: Final = devices
        self.journal: Final = journal
        self.clock: Final = steady(clock)
        self.zone: Final = zoneinfo.ZoneInfo(config.hub.timezone)
        self.tests: Final = tests
        self.on_nothing: Final = on_nothing
        self._on_new = on_new
        self._changed = changed
        self._new: asyncio.Queue[Reading] = asyncio.Queue()
        self.anchors: Final = Anchors()
        self._remember_arrivals(self.learn())

    def learn(self) -> list[Reading]:
        """Look at the stored series anew, and return its latest part: call it when readings have been dated anew."""
        since = self.clock.utc() - timedelta(days=3 * USUAL_DAYS) if self.clock.synchronised() else EPOCH
        kept = self.store.readings(None, since, assignment=self.config.hub.assignment, limit=LOOK_BACK)
        self._usual = [Usual("weight", "weight", kept), Usual("blood_pressure", "systolic", kept)]
        return kept

    def _remember_arrivals(self, kept: list[Reading]) -> None:
        """So that a restart amid the repeats of one frame makes no second reading of it."""
        devices = {known.id: known for known in self.devices.known}
        boot_id = self.clock.boot_id()
        for reading in kept:
            known = devices.get(reading.device.id)
            if known is not None and reading.time.boot_id == boot_id:
                said, at_s = said_in(known.model, reading), reading.time.boottime_s
                self.anchors.of(known.identity, said, boot_id, at_s, test=reading.test)

    def sink(self, known: Known) -> DeviceSink:
        """The ear for one session with one device."""
        return DeviceSink(self, known)

    async def run(self) -> None:
        """Hand new readings on, one after the other, in the order in which they were committed."""
        while True:
            reading = await self._new.get()
            try:
                await self._on_new(reading)
            finally:
                self._new.task_done()

    async def drained(self) -> None:
        """Wait until every reading committed so far has been handed on."""
        await self._new.join()

    def usual(self, channel: str, taken_s: float | None) -> dict[str, float | None]:
        """The patient's usual levels of a channel at that moment; None: a moment that is not known."""
        return {u.quantity: u.at(taken_s) for u in self._usual if u.channel == channel}

    def stored(self, known: Known, reading: Reading, put: Put) -> None:
        """A reading is on the disk."""
        if not put.new:
            return
        reading = msgspec.structs.replace(reading, epoch=self.store.epoch, seq=put.seq)
        for usual in self._usual:
            usual.add(reading)
        if reading.test:
            self.tests.came(reading)
        else:
            self._note(known, reading)
        self._new.put_nowait(reading)
        self._changed("readings")

    def watch_store(self, put: asyncio.Future[Put]) -> None:
        """Say once when the disk refuses, and once when it is well again."""
        error = None if put.cancelled() else put.exception()
        if error is None:
            self.journal.over("store-failed", sentence="Readings are stored again.")
            return
        self.journal.begin(
            "store-failed",
            "problem",
            f"A reading could not be stored; the device keeps it. {error}",
            what_to_do="Free space on the disk, or replace the card.",
        )

    def _note(self, known: Known, reading: Reading) -> None:
        last = self.devices.row(known.id).last_reading
        if last is None or reading.time.taken > last:
            self.devices.change(known.id, last_reading=reading.time.taken)
        self._remark(known, reading)

    def _remark(self, known: Known, reading: Reading) -> None:
        name = f"The {known.model.kind.noun}"
        if reading.attribution_reason == SETTING_UP:
            return
        if reading.attribution == "unattributed":
            self.journal.begin(
                "reading-unattributed",
                "attention",
                f"{name} sent a reading that may be another person's ({reading.attribution_reason}).",
                what_to_do="Ask who used it. The reading is kept, and marked.",
                device=known.id,
            )
        else:
            self.journal.over("reading-unattributed", known.id)
        if "unit-step" in reading.quality.flags:
            self.journal.tell(
                "reading-doubtful",
                "attention",
                f"{name} sent a value that looks like a mix-up of units.",
                what_to_do="Check the unit that the device shows.",
                device=known.id,
            )


class DeviceSink(DeviceFacts):
    """What a session tells lands here (see `wardgate_drivers.link.sink.SessionSink`)."""

    def __init__(self, intake: Intake, known: Known) -> None:
        super().__init__(known, intake.devices, intake.store, intake.journal, intake.clock, intake.zone)
        self._intake = intake
        row = intake.devices.row(known.id)
        self._last_reading_s = None if row.last_reading is None else (row.last_reading - EPOCH).total_seconds()
        self._leads = Leads(row.stamp_leads)
        self.measurements = 0
        """Frames with something to judge in this session."""

    def measurement(self, measurement: Measurement) -> asyncio.Future[None]:
        """Take a measurement, stamped with its arrival now. Done once it is on the disk, or counted.

        The future fails with a StoreError when the disk refuses: the device must keep what it has.
        """
        arrival = self._arrival()
        self.measurements += 1
        if measurement.outcome is not Outcome.DECODE:
            self._tell_nothing(measurement, arrival)
            return _after(self._devices.count(self._known.id, _COUNTED[measurement.outcome]))
        try:
            reading = self._reading(measurement, arrival)
            if self._known.model.may_replay and self._leads.note(measurement, arrival):
                self._devices.change(self._known.id, save=False, stamp_leads=self._leads.all)
        except NotPlausible as verdict:
            log.warning("%s: %s; frame %s", self._known.id, verdict, measurement.frame.hex())
            self._tell_nothing(measurement, arrival)
            return _after(self._devices.count(self._known.id, "implausible"))
        try:
            put = self._intake.store.put_reading(reading, arrival_s=arrival.boottime_s)
        except StoreError as error:  # closed: the hub is going down
            put = asyncio.get_running_loop().create_future()
            put.set_exception(error)
        put.add_done_callback(self._intake.watch_store)
        return _after(put, lambda done: self._intake.stored(self._known, reading, done))

    def _tell_nothing(self, measurement: Measurement, arrival: Arrival) -> None:
        """What fails now, and to the patient as far as anybody can tell, can be done again."""
        tried, dated = dataclasses.replace(measurement, quantities=()), self._date(measurement, arrival)
        if not dated.backfill and self._unattributed_because(tried, dated, arrival, None) is None:
            self._intake.on_nothing(self._known, measurement.status)

    def rejected(self, error: FrameError, frame: bytes) -> None:
        """Count a refused frame; the log keeps its bytes."""
        log.warning("%s: frame refused, %s: %s", self._known.id, error, frame.hex())
        self._devices.count(self._known.id, "rejected")

    def _reading(self, measurement: Measurement, arrival: Arrival) -> Reading:
        dated = self._date(measurement, arrival)
        taken_s = (dated.taken - EPOCH).total_seconds() if arrival.synchronised else None
        flags = dated.flags if arrival.synchronised else (*dated.flags, TIME_UNKNOWN)
        judged = judge(measurement, self._intake.usual(measurement.channel, taken_s), flags)
        # Frozen here, as the assignment is: what is decided later never makes a test of a reading, nor the reverse.
        test = not dated.backfill and self._intake.tests.is_on(self._known.id)
        reason = TEST if test else self._unattributed_because(measurement, dated, arrival, taken_s)
        hub = self._intake.config.hub
        return Reading(
            id=self._id(measurement, arrival, test=test),
            hub=hub.id,
            assignment=hub.assignment,
            patient=hub.patient if reason is None else None,
            attribution="assigned" if reason is None else "unattributed",
            attribution_reason=reason,
            channel=measurement.channel.value,
            quantities=judged.quantities,
            time=_time_block(measurement, arrival, dated),
            device=self._device_block(measurement),
            quality=judged.quality,
            backfill=dated.backfill,
            test=test,
            frame=measurement.frame.hex(),
        )

    def _id(self, measurement: Measurement, arrival: Arrival, *, test: bool) -> str:
        said, anchor = said_by(self._known.model, measurement), ""
        if needs_anchor(self._known.model, measurement):
            anchors = self._intake.anchors
            anchor = anchors.of(self._known.identity, said, arrival.boot_id, arrival.boottime_s, test=test)
        return reading_id(self._known.identity, measurement, said, anchor)

    def _date(self, measurement: Measurement, arrival: Arrival) -> Dated:
        model = self._known.model
        return date(
            arrival,
            measurement.device_time,
            self._story.pieces(arrival),
            zone_offset_s=zone_offset_s(self._zone, arrival.utc),
            stored=measurement.stored,
            live_s=model.live_s,
            memory=model.history is not History.NONE,
            last_reading_s=self._last_reading_s,
            resolution_s=measurement.time_resolution_s,
            may_replay=model.may_replay,
            leads=self._leads.earlier,
            newest_lead_s=self._leads.newest_s,
            moved_since_s=self._story.moved_since_s,
        )

    def _unattributed_because(
        self, measurement: Measurement, dated: Dated, arrival: Arrival, taken_s: float | None
    ) -> str | None:
        if not dated.backfill and self._intake.tests.being_set_up():
            return SETTING_UP
        return self._before_assignment(dated, arrival) or unattributed_because(
            measurement,
            user_slots=self._known.model.user_slots,
            patient_slot=self._known.device.user_index,
            weight_kg=canonical_value(measurement, "weight"),
            usual_weight_kg=self._intake.usual("weight", taken_s)["weight"],
            other_person_kg=self._intake.config.watch.weight.other_person_kg,
        )

    def _before_assignment(self, dated: Dated, arrival: Arrival) -> str | None:
        """Where the hub does not know the time: what a memory has kept since this patient's last reading is theirs."""
        since, taken, doubt_s = self._intake.config.hub.since, dated.taken, dated.uncertainty_s
        if not arrival.synchronised:
            if not dated.backfill:
                return None
            taken, doubt_s = EPOCH + timedelta(seconds=self._last_reading_s or 0.0), 0.0
        return before_assignment(since, taken, doubt_s, backfill=dated.backfill)

    def _device_block(self, measurement: Measurement) -> DeviceBlock:
        row = self._devices.row(self._known.id)
        return DeviceBlock(
            id=self._known.id,
            model=self._known.model.id,
            address=self._known.device.address,
            serial=row.serial,
            firmware=row.firmware,
            user_index=measurement.user_index,
            bonded=None if isinstance(self._known.model.link, Serial) else row.bonded is True,
        )


def _time_block(measurement: Measurement, arrival: Arrival, dated: Dated) -> TimeBlock:
    told = measurement.device_time
    return TimeBlock(
        taken=dated.taken,
        uncertainty_s=round(dated.uncertainty_s, 3),
        basis=dated.basis,
        received=arrival.utc,
        device_time=None if told is None else str(told),
        device_offset_s=None if dated.device_offset_s is None else round(dated.device_offset_s, 3),
        boot_id=arrival.boot_id,
        boottime_s=arrival.boottime_s,
        synchronised=arrival.synchronised,
    )


def _after(committed: asyncio.Future[T], then: Callable[[T], None] | None = None) -> asyncio.Future[None]:
    """A future of its own for the session: what the session does with it changes nothing about the commit."""
    answer: asyncio.Future[None] = committed.get_loop().create_future()
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody has to ask

    def settle(done: asyncio.Future[T]) -> None:
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        if not answer.done():
            answer.set_result(None) if error is None else answer.set_exception(error)
        if error is None and then is not None:
            then(done.result())

    committed.add_done_callback(settle)
    return answer
