"""What is measured for a test, and what was measured before the patient was given the hub, is nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.test_sink import CONFIG, NOW, WEIGHED, HandClock
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH, SteadyClock
from wardgate.contract.messages import Reading
from wardgate.intake.attribution import before_assignment
from wardgate.intake.corrections import Corrections, kept_lines
from wardgate.intake.intake import DeviceSink, Intake
from wardgate.store.store import Store
from wardgate_drivers.measurement import DeviceTime, Measurement, Quantity

HOUR = timedelta(hours=1)


class Trials:
    """Tests that the test switches on."""

    def __init__(self) -> None:
        self.on: set[str] = set()
        self.technician = False
        self.came_in: list[Reading] = []

    def is_on(self, device: str) -> bool:
        return device in self.on

    def being_set_up(self) -> bool:
        return self.technician

    def came(self, reading: Reading) -> None:
        self.came_in.append(reading)


class Door:
    """An intake of a patient who was given the hub an hour ago."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.store, self.clock, self.tests = store, clock, Trials()
        self.config = msgspec.structs.replace(CONFIG, hub=msgspec.structs.replace(CONFIG.hub, since=NOW - HOUR))
        self.journal = Journal("hub-1", clock, store.put_event, lambda _: None)
        self.devices = Devices(store, known_devices(CONFIG.device), lambda _: None)
        self.new: list[Reading] = []
        self.intake = Intake(
            self.config, store, clock, self.devices, self.journal, self._on_new, lambda _: None, self.tests
        )

    async def _on_new(self, reading: Reading) -> None:
        self.new.append(reading)

    def sink(self, *, knows_clock: bool = True) -> DeviceSink:
        sink = self.intake.sink(self.devices.known[0])
        if knows_clock:
            sink.clock(DeviceTime.of(2026, 11, 21, 9, 0, 0))
        return sink

    def readings(self) -> list[Reading]:
        return self.store.readings(None, EPOCH)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    clock = HandClock()
    store = Store.open(tmp_path / "wardgate.db", clock)
    door = Door(store, clock)
    running = asyncio.ensure_future(door.intake.run())
    yield door
    running.cancel()
    await asyncio.wait({running})
    await store.close()


def weighed(kg: float, ago: timedelta) -> Measurement:
    at = NOW - ago
    told = DeviceTime.of(at.year, at.month, at.day, at.hour, at.minute, at.second)
    return replace(WEIGHED, quantities=(Quantity("weight", kg, "kg"),), device_time=told)


async def test_what_is_measured_for_a_test_is_marked_and_nobodys(door: Door) -> None:
    door.tests.on.add("scale")
    await door.sink().measurement(WEIGHED)
    (reading,) = door.readings()
    assert (reading.test, reading.patient, reading.attribution) == (True, None, "unattributed")
    assert reading.attribution_reason is not None
    assert reading.attribution_reason.startswith("test:")
    assert [r.id for r in door.tests.came_in] == [reading.id]
    assert door.devices.row("scale").last_reading is None, "a test is no reading that was waited for"
    assert door.intake.usual("weight", None) == {"weight": None}
    assert not door.journal.stands("reading-unattributed", "scale")


async def test_what_is_measured_in_front_of_the_technician_is_nobodys(door: Door) -> None:
    door.tests.technician = True
    await door.sink().measurement(weighed(104.0, timedelta()))
    door.tests.technician = False
    await door.sink().measurement(weighed(78.2, timedelta(seconds=-5)))
    technician, patient = sorted(door.readings(), key=lambda r: -r.quantities[0].value)
    assert (technician.attribution, technician.patient, technician.test) == ("unattributed", None, False)
    assert technician.attribution_reason == "setting-up: the hub was not handed over yet"
    assert (patient.attribution, patient.patient) == ("assigned", "Copper Heron 93")
    assert not door.journal.stands("reading-unattributed", "scale"), "the ward need not ask who that was"


async def test_what_a_memory_holds_is_the_patients_also_while_a_technician_is_there(door: Door) -> None:
    door.tests.technician = True
    await door.sink().measurement(replace(weighed(78.2, timedelta(minutes=30)), stored=True))
    (reading,) = door.readings()
    assert (reading.backfill, reading.attribution) == (True, "assigned")


async def test_a_test_of_one_device_is_none_of_another(door: Door) -> None:
    door.tests.on.add("x")
    await door.sink().measurement(WEIGHED)
    (reading,) = door.readings()
    assert (reading.test, reading.patient) == (False, "Copper Heron 93")
    assert door.tests.came_in == []


async def test_what_a_memory_brings_meanwhile_is_no_test(door: Door) -> None:
    door.tests.on.add("scale")
    await door.sink().measurement(weighed(78.2, timedelta(minutes=30)))
    (reading,) = door.readings()
    assert (reading.backfill, reading.test, reading.patient) == (True, False, "Copper Heron 93")


async def test_the_same_measurement_after_the_test_stays_one(door: Door) -> None:
    door.tests.on.add("scale")
    await door.sink().measurement(WEIGHED)
    door.tests.on.clear()
    await door.sink().measurement(WEIGHED)
    assert [r.test for r in door.readings()] == [True]
    assert len(door.tests.came_in) == 1


async def test_usual_levels_are_not_moved_by_tests(door: Door) -> None:
    for day in range(4):
        door.tests.on = {"scale"} if day == 3 else set()
        door.clock.at = NOW + timedelta(days=day)
        sink = door.intake.sink(door.devices.known[0])
        at = door.clock.at
        sink.clock(DeviceTime.of(at.year, at.month, at.day, 9, 0, 0))
        told = DeviceTime.of(at.year, at.month, at.day, 8, 59, 50)
        kg = 140.0 if day == 3 else 78.0
        await sink.measurement(replace(WEIGHED, quantities=(Quantity("weight", kg, "kg"),), device_time=told))
    assert [(r.test, r.quality.good) for r in door.readings()] == [(False, True)] * 3 + [(True, True)]
    assert door.intake.usual("weight", None) == {"weight": 78.0}


async def test_a_memory_of_before_the_assignment_is_nobodys(door: Door) -> None:
    sink = door.sink()
    for kg, ago in ((61.0, timedelta(days=3)), (62.0, 2 * HOUR), (78.0, timedelta(minutes=50))):
        await sink.measurement(weighed(kg, ago))
    before, also, after = door.readings()
    assert [r.patient for r in (before, also, after)] == [None, None, "Copper Heron 93"]
    assert before.attribution_reason == "before-assignment: it was measured before this patient was given the hub"
    assert all(r.backfill and not r.test for r in (before, also, after))


async def test_a_memory_that_cannot_be_dated_is_nobodys(door: Door) -> None:
    """Its stamp says half an hour ago, and nobody has ever looked at that clock."""
    await door.sink(knows_clock=False).measurement(weighed(61.0, timedelta(minutes=30)))
    (reading,) = door.readings()
    assert reading.attribution_reason is not None
    assert reading.attribution_reason.startswith("before-assignment: it may have been")


async def test_what_is_measured_now_is_the_patients_also_while_nobody_knows_the_time(door: Door) -> None:
    door.clock.known, door.clock.at = False, EPOCH + timedelta(days=10)
    sink = door.intake.sink(door.devices.known[1])
    await sink.measurement(replace(WEIGHED, device_time=None))
    (reading,) = door.readings()
    assert (reading.patient, reading.backfill) == ("Copper Heron 93", False)


async def test_what_is_dated_later_is_then_seen_to_be_of_another_life(tmp_path: Path) -> None:
    """The patient's last reading came before the power went; what the memory holds is told to a hub without time."""
    wall = HandClock()
    clock = SteadyClock(wall)
    store = Store.open(tmp_path / "wardgate.db", clock)
    door = Door(store, wall)
    door.intake = Intake(
        door.config, store, clock, door.devices, door.journal, door._on_new, lambda _: None, door.tests
    )
    await door.sink().measurement(WEIGHED)
    wall.known = False
    other = SteadyClock(wall)
    other.recall(kept_lines(store))
    intake = Intake(door.config, store, other, door.devices, door.journal, door._on_new, lambda _: None, door.tests)
    await intake.sink(door.devices.known[0]).measurement(replace(weighed(61.0, 5 * HOUR), stored=True))
    wall.known = True
    wall.go(60.0)
    await Corrections(door.config, store, other, door.devices, door.journal).run()
    old = next(r for r in door.readings() if r.id != door.readings()[-1].id)
    assert (old.revision, old.patient) == (2, None)
    assert (old.attribution_reason or "").startswith("before-assignment")
    await store.close()


@given(ago_s=st.floats(-1e6, 1e6), doubt_s=st.floats(0.0, 1e6), backfill=st.booleans(), later_s=st.floats(0.0, 1e6))
def test_the_surer_and_the_later_the_sooner_it_is_the_patients(
    ago_s: float, doubt_s: float, backfill: bool, later_s: float
) -> None:
    taken = NOW - timedelta(seconds=ago_s)
    held = before_assignment(NOW, taken, doubt_s, backfill=backfill) is None
    if held:
        assert before_assignment(NOW, taken + timedelta(seconds=later_s), doubt_s, backfill=backfill) is None
        assert before_assignment(NOW, taken, doubt_s, backfill=False) is None
    elif backfill and taken >= NOW:
        assert before_assignment(NOW, taken, 0.0, backfill=True) is None
    assert before_assignment(None, taken, doubt_s, backfill=backfill) is None
