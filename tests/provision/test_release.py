"""A hub that goes from one patient to the next: no reading changes its owner, and nothing of the first one stays."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import booleans, integers

from tests.intake.test_sink import CONFIG, WEIGHED, HandClock
from wardgate import overlay
from wardgate.capture.bonds import NotForgotten
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH
from wardgate.contract.commands import Envelope
from wardgate.contract.messages import Reading
from wardgate.installation import Leaving
from wardgate.intake.intake import DeviceSink, Intake
from wardgate.probation import Kept, write
from wardgate.provision.refused import Refused
from wardgate.provision.release import Clearing
from wardgate.provision.test_reading import KEY
from wardgate.store import wipe
from wardgate.store.rows import Lane
from wardgate.store.store import Store
from wardgate.ward.commands import configuration
from wardgate_drivers.measurement import DeviceTime, Measurement, Quantity

T = TypeVar("T")
SOMEBODY = "somebody between two patients"


@dataclass(frozen=True)
class Measured:
    """One entry of the scale's memory, and who stood on it."""

    at: datetime
    kg: float
    by: str

    def as_told(self, *, stored: bool) -> Measurement:
        at = self.at
        told = DeviceTime.of(at.year, at.month, at.day, at.hour, at.minute, at.second)
        frame = round(self.kg * 1000).to_bytes(4, "big")
        quantities = (Quantity("weight", self.kg, "kg"),)
        return replace(WEIGHED, quantities=quantities, device_time=told, frame=frame, stored=stored)


class Reassigned(RuleBasedStateMachine):
    """One scale that forgets nothing, one hub, one ward, and patients one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        self.memory: list[Measured] = []
        self.patients = 0
        self.patient: str | None = None
        self.holder = SOMEBODY
        self.leaving: list[Leaving] = []
        self.at_ward: dict[str, set[tuple[str, str | None]]] = {}
        self.owners: dict[float, str] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def first(self) -> None:
        async def opened() -> Store:
            return Store.open(Path(self.directory.name) / "wardgate.db", self.clock)

        self.store = self.run(opened())
        self.assign()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.store.close())
        self.loop.close()
        self.directory.cleanup()

    # The home

    @rule(heard=booleans(), minutes=integers(2, 3000))
    def measure(self, heard: bool, minutes: int) -> None:
        """Whoever has the scale steps on it; the hub hears it, or is away."""
        self.clock.go(minutes * 60.0)
        one = Measured(self.clock.at, round(70.0 + len(self.memory) * 0.01, 2), self.holder)
        self.memory.append(one)
        self.owners[one.kg] = one.by
        if heard and self.patient is not None:
            self.run(self.tell([one], stored=False))

    @precondition(lambda self: self.patient is not None and self.memory)
    @rule()
    def dump(self) -> None:
        """The scale tells its whole memory once more."""
        self.clock.go(90.0)
        self.run(self.tell(self.memory, stored=True))

    async def tell(self, entries: Iterable[Measured], *, stored: bool) -> None:
        sink = self.session()
        for one in entries:
            await sink.measurement(one.as_told(stored=stored))

    def session(self) -> DeviceSink:
        """A hub that has just started, and the scale's clock looked at."""
        hub = msgspec.structs.replace(
            CONFIG.hub, patient=self.patient, assignment=f"a-{self.patients}", since=self.since
        )
        config = msgspec.structs.replace(CONFIG, hub=hub)
        journal = Journal("hub-1", self.clock, self.store.put_event, lambda _: None)
        devices = Devices(self.store, known_devices(config.device), lambda _: None)
        sink = Intake(config, self.store, self.clock, devices, journal, _nobody, lambda _: None).sink(devices.known[0])
        now = self.clock.at
        sink.clock(DeviceTime.of(now.year, now.month, now.day, now.hour, now.minute, now.second))
        return sink

    # The hub

    @precondition(lambda self: self.patient is None)
    @rule()
    def assign(self) -> None:
        self.clock.go(60.0)
        self.patients += 1
        self.patient = self.holder = f"patient-{self.patients}"
        self.since = self.clock.at
        self.clock.go(60.0)

    @precondition(lambda self: self.patient is not None)
    @rule()
    def release(self) -> None:
        """Sealed where something is unsent."""
        here = Leaving(assignment=f"a-{self.patients}", devices=("scale", "x"), upto=self.store.last_seq)
        self.leaving.append(here)
        self.patient, self.holder = None, SOMEBODY

    @rule()
    def clear(self) -> None:
        clearing = Clearing(self.store, _no_bonds, None)
        left = [self.run(clearing.step(one)) for one in self.leaving]
        self.leaving = [one for one in left if one is not None]

    # The ward

    @rule()
    def deliver(self) -> None:
        for lane in Lane:
            for row in self.store.next_rows(lane, 0, 10_000):
                if b'"wardgate/reading/1"' in row.payload:
                    self.take(msgspec.json.decode(row.payload, type=Reading))

        async def done() -> None:
            await self.store.mark_done(self.store.last_seq)

        self.run(done())

    def take(self, reading: Reading) -> None:
        self.at_ward.setdefault(reading.id, set()).add((reading.assignment, reading.patient))
        if reading.patient is not None:
            kg = next(q.value for q in reading.quantities if q.name == "weight")
            assert reading.patient == self.owners[kg], "delivered under another patient's name"
            assert reading.assignment == f"a-{reading.patient.removeprefix('patient-')}"

    @invariant()
    def each_reading_has_one_owner_for_ever(self) -> None:
        assert all(len(owners) == 1 for owners in self.at_ward.values())

    @invariant()
    def what_is_kept_is_of_who_measured_it(self) -> None:
        if hasattr(self, "store"):
            for reading in self.store.readings(None, EPOCH):
                self.take_kept(reading)

    def take_kept(self, reading: Reading) -> None:
        kg = next(q.value for q in reading.quantities if q.name == "weight")
        assert reading.patient in (None, self.owners[kg])

    @invariant()
    def nothing_stays_of_whom_the_ward_has_everything(self) -> None:
        if hasattr(self, "store") and not self.leaving:
            served = {f"a-{self.patients}"} if self.patient is not None else set()
            assert {reading.assignment for reading in self.store.readings(None, EPOCH)} <= served


def test_no_reading_changes_its_owner() -> None:
    run_state_machine_as_test(Reassigned, settings=settings(max_examples=12, stateful_step_count=20, deadline=None))


async def _nobody(_: Reading) -> None:
    return None


async def _no_bonds(_: Iterable[str]) -> None:
    return None


# One step after the other


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path / "wardgate.db", HandClock())
    yield opened
    await opened.close()


class Outside:
    """Bluetooth and the ward, which may be away."""

    def __init__(self) -> None:
        self.bluetooth_answers = self.ward_answers = False
        self.forgotten: list[str] = []
        self.ended: list[str] = []

    async def forget(self, addresses: Iterable[str]) -> None:
        if not self.bluetooth_answers:
            raise NotForgotten("Bluetooth does not answer.")
        self.forgotten += addresses

    def end(self, assignment: str) -> None:
        if not self.ward_answers:
            raise Refused("ward-away", "The ward does not answer.", "Try again.")
        self.ended.append(assignment)


async def test_what_cannot_be_cleared_now_is_cleared_later(store: Store) -> None:
    outside = Outside()
    clearing = Clearing(store, outside.forget, outside.end)
    both = ("F0:00:00:00:00:01", "F0:00:00:00:00:02")
    left = await clearing.step(Leaving(assignment="a-1", bonds=both, devices=("scale",), told=False))
    assert left is not None
    assert (left.bonds, left.told, left.memory) == (both, False, False)
    outside.bluetooth_answers = True
    left = await clearing.step(left, kept_devices=["F0:00:00:00:00:02"])
    assert left is not None
    assert outside.forgotten == ["F0:00:00:00:00:01"], "the other one is the next patient's by now"
    outside.ward_answers = True
    assert await clearing.step(left) is None
    assert outside.ended == ["a-1"]


async def test_what_was_learnt_of_a_patient_goes(store: Store) -> None:
    for key in ("therapy/a-1", "watch/a-1/weight", "adherence/a-1/uptime", "device/F0:00/x"):
        await store.put_detector_state(key, b"old")
    for key in ("therapy/a-10", "watch/a-2/weight", "canary", "command/a-1-nonce"):
        await store.put_detector_state(key, b"kept")
    outside = Outside()
    assert await Clearing(store, outside.forget, None).step(Leaving(assignment="a-1", devices=("scale",))) is None
    left = {key: store.detector_state(key) for key in ("therapy/a-1", "watch/a-1/weight", "device/F0:00/x")}
    assert set(left.values()) == {None}
    assert store.detector_state("therapy/a-10") == b"kept"
    assert store.detector_state("command/a-1-nonce") == b"kept"


async def test_numbers_go_on_after_everything_was_wiped(store: Store) -> None:
    machine_clock = HandClock()
    journal = Journal("hub-1", machine_clock, store.put_event, lambda _: None)
    journal.tell("noted", "info", "A fact about the first patient.")
    await store.write(lambda _: None)
    upto = store.last_seq
    outside = Outside()
    clearing = Clearing(store, outside.forget, None)
    left = await clearing.step(Leaving(assignment="a-1", upto=upto))
    assert left is not None, "the ward does not have it yet"
    await store.mark_done(upto)
    assert await clearing.step(left) is None
    assert store.read.messages_from(0, upto, 10) == []
    journal.tell("noted", "info", "A fact about the second.")
    await store.write(lambda _: None)
    assert store.last_seq == upto + 1


async def test_which_devices_were_tried_goes_with_the_patient(store: Store) -> None:
    """It is one row, which the next patient's takes the place of."""
    for kept, left in ((b'[{"assignment":"a-1"}]', None), (b'[{"assignment":"a-11"}]', b'[{"assignment":"a-11"}]')):
        await store.put_detector_state(KEY, kept)
        await store.write(lambda c: wipe.wipe_memory(c, "a-1", (), 0))
        rows = await store.write(lambda c: c.execute("SELECT state FROM detectors WHERE key = ?", (KEY,)).fetchone())
        assert (None if rows is None else rows[0]) == left


def test_what_was_configured_for_a_patient_goes_with_them(tmp_path: Path) -> None:
    def word(**parts: object) -> bytes:
        said = msgspec.json.encode(configuration("hub-1", "a-1", 3, **parts))
        return msgspec.json.encode(Envelope(schema="wardgate/signed/1", key="k1", signed=said, signature=bytes(64)))

    limits, keys = (
        word(limits={"gain_3_days_kg": 1.0}),
        word(command_keys=(f"k1:{base64.b64encode(bytes(32)).decode()}",)),
    )
    record = overlay.Record(version=3, envelopes=(limits, keys))
    write(tmp_path / overlay.NAME, Kept(record=record))
    overlay.leave_patient(tmp_path)
    left = msgspec.json.decode((tmp_path / overlay.NAME).read_bytes())["record"]
    assert left["version"] == 3, "an older configuration never holds again"
    assert left["envelopes"] == list(msgspec.to_builtins((keys,)))
    overlay.leave_patient(tmp_path / "nothing-here")
