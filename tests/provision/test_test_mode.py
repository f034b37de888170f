"""A test is a test from the moment of capture on, and never once the hub is locked (H27)."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.intake.test_sink import CONFIG, WEIGHED, HandClock
from tests.support.mosquitto import Mosquitto
from tests.support.table import Table
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH
from wardgate.contract.messages import Reading
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Added, Audit
from wardgate.indicate.moment import of_reading
from wardgate.installation import Record, Stage
from wardgate.intake.intake import Intake
from wardgate.provision.refused import Refused
from wardgate.provision.test_reading import BEHIND_S, MOST_S, TestMode, in_words
from wardgate.store.store import Store
from wardgate.ward.store import WardStore
from wardgate.ward.ward import Ward
from wardgate.watch.assess import admissible
from wardgate_drivers.measurement import DeviceTime, Measurement, Quantity
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import Link

DEVICES = st.sampled_from(["scale", "x"])
SCALE = "F0:00:00:00:00:01"


async def _nobody(_: Reading) -> None: ...


class Bench:
    """An intake with a test mode on a real store, in the test's hand."""

    def __init__(self, directory: Path) -> None:
        self.clock = HandClock()
        self.stage: Stage = "assigned"
        self.store = Store.open(directory / "wardgate.db", self.clock)
        self.count = 0
        self.restart()

    def restart(self) -> None:
        """The program, or the machine, starts anew on what is on the disk."""
        clock, store = self.clock, self.store
        self.devices = Devices(store, known_devices(CONFIG.device), lambda _: None)
        self.mode = TestMode(store, clock, "a-1", self.devices, lambda: self.stage, lambda _: None)
        journal = Journal("hub-1", clock, store.put_event, lambda _: None)
        self.intake = Intake(CONFIG, store, clock, self.devices, journal, _nobody, lambda _: None, self.mode)

    def becomes(self, stage: Stage) -> None:
        """As the desk does it."""
        self.stage = stage
        self.mode.heard(Record(stage=stage))

    async def measure(self, device: str, ago: timedelta = timedelta()) -> Reading:
        """One measurement, like no other."""
        self.count += 1
        known = next(k for k in self.devices.known if k.id == device)
        sink = self.intake.sink(known)
        now, at = self.clock.at, self.clock.at - ago
        sink.clock(DeviceTime.of(now.year, now.month, now.day, now.hour, now.minute, now.second))
        measured = replace(_weighed(70.0 + self.count / 100, at), frame=self.count.to_bytes(4))
        await sink.measurement(measured)
        return next(r for r in self.readings() if r.frame == measured.frame.hex())

    def readings(self) -> list[Reading]:
        return self.store.readings(None, EPOCH)


def _kg(reading: Reading) -> float:
    return reading.quantities[0].value


def _weighed(kg: float, at: Any) -> Measurement:
    told = DeviceTime.of(at.year, at.month, at.day, at.hour, at.minute, at.second)
    return replace(WEIGHED, quantities=(Quantity("weight", kg, "kg"),), device_time=told)


class Tests(RuleBasedStateMachine):
    """Begin, measure, end, lock, unlock, restart, time: in any order."""

    __test__ = False

    @initialize()
    def begin_all(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.place = tempfile.TemporaryDirectory()
        self.bench = self.loop.run_until_complete(self._open(Path(self.place.name)))
        self.on: str | None = None
        self.until_s = 0.0
        self.came = False
        self.behind_s: dict[str, float] = {}
        self.expected: dict[float, bool] = {}

    async def _open(self, directory: Path) -> Bench:
        return Bench(directory)

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            self.loop.run_until_complete(self.bench.store.close())
            self.loop.close()
            self.place.cleanup()

    def _is_on(self, device: str) -> bool:
        now_s = self.bench.clock.boottime_s()
        return (self.on == device and now_s < self.until_s) or now_s < self.behind_s.get(device, 0.0)

    @rule(device=DEVICES)
    def begin(self, device: str) -> None:
        if self.bench.stage == "locked":
            with pytest.raises(Refused) as caught:
                self.bench.mode.begin(device)
            assert caught.value.key == "locked"
            return
        self.bench.mode.begin(device)
        self.on, self.came = device, False
        self.until_s = self.bench.clock.boottime_s() + MOST_S

    @rule(device=DEVICES)
    def measure(self, device: str) -> None:
        self.bench.clock.go(1.0)
        test = self._is_on(device)
        reading = self.loop.run_until_complete(self.bench.measure(device))
        assert reading.test == test
        self.expected[_kg(reading)] = test
        if test and device == self.on and not self.came:
            self.came, self.until_s = True, 0.0
            self.behind_s[device] = self.bench.clock.boottime_s() + BEHIND_S

    @rule(device=DEVICES)
    def memory(self, device: str) -> None:
        self.bench.clock.go(1.0)
        reading = self.loop.run_until_complete(self.bench.measure(device, timedelta(hours=5, seconds=self.bench.count)))
        assert (reading.backfill, reading.test) == (True, False)
        self.expected[_kg(reading)] = False

    @rule()
    def end(self) -> None:
        self.bench.mode.end()
        self.on = None

    @rule()
    def lock(self) -> None:
        self.bench.becomes("locked")
        self.on, self.behind_s = None, {}

    @rule()
    def unlock(self) -> None:
        self.bench.becomes("assigned")

    @rule()
    def restart(self) -> None:
        self.loop.run_until_complete(self._restart())
        self.on, self.behind_s = None, {}

    async def _restart(self) -> None:
        self.bench.restart()

    @rule(seconds=st.sampled_from([5.0, BEHIND_S, 60.0, MOST_S - 1.0, MOST_S + 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.clock.go(seconds)

    @invariant()
    def what_is_kept_is_as_it_was_captured(self) -> None:
        if hasattr(self, "bench"):
            kept = self.bench.readings()
            assert {_kg(r): r.test for r in kept} == self.expected
            for reading in kept:
                assert not (reading.test and (reading.patient or admissible(reading, "a-1")))


Tests.TestCase.settings = settings(
    max_examples=20, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWhateverTheOrder = Tests.TestCase


async def test_locking_between_two_looks_ends_it_for_good(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.mode.begin("scale")
    bench.becomes("locked")
    bench.becomes("assigned")
    assert not (await bench.measure("scale")).test
    await bench.store.close()


async def test_what_comes_right_behind_the_first_belongs_to_it(tmp_path: Path) -> None:
    """A scale tells the body's composition after the weight; a minute later it is the patient's turn."""
    bench = Bench(tmp_path)
    bench.mode.begin("scale")
    first = await bench.measure("scale")
    bench.clock.go(BEHIND_S - 1)
    second = await bench.measure("scale")
    bench.clock.go(60)
    third = await bench.measure("scale")
    assert [r.test for r in (first, second, third)] == [True, True, False]
    run = bench.mode.run()
    assert run is not None
    assert run.reading is not None
    assert (run.reading.id, run.left_s) == (first.id, None)
    assert in_words(run.reading) == "70.0 kg"
    moment = of_reading(first, 1, values=False)
    assert moment is not None
    assert moment.what == "got", "whoever tries it out is not asked who it was"
    await bench.store.close()


@pytest.mark.parametrize("then", ["end", "x"])
async def test_the_rest_of_a_test_is_one_whatever_is_pressed_meanwhile(tmp_path: Path, then: str) -> None:
    """The command ends the test as soon as the ward has the weight; the composition is still on its way."""
    bench = Bench(tmp_path)
    bench.mode.begin("scale")
    await bench.measure("scale")
    if then == "end":
        bench.mode.end()
    else:
        bench.mode.begin(then)
    rest = await bench.measure("scale")
    bench.clock.go(BEHIND_S)
    assert (rest.test, rest.patient) == (True, None), "whoever tried it out is not the patient"
    assert not (await bench.measure("scale")).test
    await bench.store.close()


async def test_another_device_under_the_name_has_not_been_tried(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.mode.begin("scale")
    await bench.measure("scale")
    assert [t.device for t in bench.mode.tried()] == ["scale"]
    other = msgspec.structs.replace(CONFIG.device[0], address="F0:00:00:00:00:99")
    devices = Devices(bench.store, known_devices((other,)), lambda _: None)
    assert TestMode(bench.store, bench.clock, "a-1", devices, lambda: "assigned", lambda _: None).tried() == ()
    assert TestMode(bench.store, bench.clock, "a-2", bench.devices, lambda: "assigned", lambda _: None).tried() == ()
    await bench.store.close()


async def test_the_way_of_a_test_reading_to_the_ward(tmp_path: Path) -> None:
    """Seen, stored, broker, ward; the ward keeps it as a test, nothing is raised, and then the hub can be locked."""
    link, clock = Link(), LeapClock()
    scale = AndScale(link, SCALE, DeviceClock(lambda: clock.utc().timestamp()))
    await scale.start()
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    way = f'host = "127.0.0.1"\nport = {broker.port}\ntls = false'
    table = Table(tmp_path, link, clock, broker=way)
    heard: list[Any] = []
    ward = asyncio.create_task(Ward(broker.settings(), tmp_path / "ward.db", heard.append).run())
    try:
        async with table.running():
            await table.ask("add_device", Added, address=SCALE, model=scale.MODEL)
        async with table.running():
            await table.do("pair_start", device="scale")
            await scale.press_pairing_key()
            await table.until_device("scale", lambda d: d.pairing == "paired")
            await scale.asleep()
            assert "test-scale" in [m.key for m in (await table.installation()).missing]
            assert "marked as a test" in await table.do("test_begin", device="scale")
            begun = (await table.installation()).test
            assert begun is not None
            assert begun.left_s is not None
            assert 590 < begun.left_s <= 600
            await scale.take({"weight": 150.0})
            done = await table.until_device("scale", lambda d: d.tested is not None)
            run = (await table.installation()).test
            assert run is not None
            assert (run.sentence, run.left_s, run.waiting_s, run.ward_can_confirm) == ("150.0 kg", None, None, True)
            times = [run.seen, run.stored, run.broker, run.ward]
            assert None not in times
            assert run.ward == done.tested
            assert table.record.tested == {"scale": run.ward}
            assert done.way is not None
            assert [done.way.seen, done.way.stored, done.way.broker, done.way.ward] == times
            assert (await table.installation()).ward_can_confirm
            (reading,) = table.readings()
            assert (reading.test, reading.patient, reading.id) == (True, None, run.reading)
            await scale.asleep()
            await table.do("read_back")
            assert (await table.installation()).missing == ()
            revision = (await table.installation()).revision
            await table.do("lock", revision=revision)
            with pytest.raises(ControlError, match="locked"):
                await table.do("test_begin", device="scale")
            await scale.take({"weight": 78.0})
            await table.until(lambda: len(table.readings()) == 2)
            assert [r.test for r in table.readings()] == [True, False]
            await table.hub.drained()
            assert table.hub.store.open_alerts() == []
            lines = [e.what for e in (await table.ask("audit", Audit, limit=99)).entries]
            assert [w for w in reversed(lines) if w in ("test-begun", "test-read", "limits-read-back", "locked")] == [
                "test-begun",
                "test-read",
                "limits-read-back",
                "locked",
            ]
        async with table.running():
            again = await table.device("scale")
            assert (again.tested, again.way) == (done.tested, done.way), "it is remembered"
    finally:
        ward.cancel()
        await asyncio.gather(ward, return_exceptions=True)
        broker.stop()
        await scale.stop()
    kept = WardStore(tmp_path / "ward.db")
    at_ward = await kept.reading("hub-1", reading.id)
    await kept.close()
    assert at_ward is not None
    assert at_ward.test


async def test_a_test_that_the_ward_has_not_answered_waits_with_its_seconds(tmp_path: Path) -> None:
    """The broker is away. Nothing is lost, and the wait is counted by the hub."""
    link, clock = Link(), LeapClock()
    scale = AndScale(link, SCALE, DeviceClock(lambda: clock.utc().timestamp()))
    await scale.start()
    table = Table(tmp_path, link, clock)
    async with table.running():
        await table.ask("add_device", Added, address=SCALE, model=scale.MODEL)
    async with table.running():
        await table.do("test_begin", device="scale")
        await scale.press_pairing_key()
        await table.until(lambda: bool(table.events("paired")))
        await scale.asleep()
        await scale.take({"weight": 78.4})
        await table.until(lambda: len(table.readings()) == 1)
        run = (await table.installation()).test
        assert run is not None
        assert run.stored is not None
        assert (run.broker, run.ward) == (None, None)
        assert run.waiting_s is not None
        assert (await table.device("scale")).tested is None
        assert await table.do("test_end") == "From now on every reading counts."
        await scale.asleep()
    await scale.stop()


async def test_where_the_broker_alone_answers_nothing_says_that_the_ward_has_it(tmp_path: Path) -> None:
    link, clock = Link(), LeapClock()
    scale = AndScale(link, SCALE, DeviceClock(lambda: clock.utc().timestamp()))
    await scale.start()
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    way = f'host = "127.0.0.1"\nport = {broker.port}\ntls = false\nconfirm = "broker"'
    table = Table(tmp_path, link, clock, broker=way)
    try:
        async with table.running():
            await table.ask("add_device", Added, address=SCALE, model=scale.MODEL)
        async with table.running():
            await table.do("pair_start", device="scale")
            await scale.press_pairing_key()
            await table.until_device("scale", lambda d: d.pairing == "paired")
            await scale.asleep()
            gaps = {m.key: m.sentence for m in (await table.installation()).missing}
            assert gaps["test-scale"] == "No test reading of the scale was sent yet."
            await table.do("test_begin", device="scale")
            await scale.take({"weight": 78.4})
            done = await table.until_device("scale", lambda d: d.tested is not None)
            assert done.way is not None
            assert (done.way.broker, done.way.ward) == (done.tested, None)
            seen = await table.installation()
            assert not seen.ward_can_confirm
            lines = (await table.ask("audit", Audit, limit=99)).entries
            (told,) = [e.sentence for e in lines if e.what == "test-read"]
            assert told == "A test reading of the scale was sent. This ward does not say what it has."
            await scale.asleep()
    finally:
        broker.stop()
        await scale.stop()
