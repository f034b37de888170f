"""Silence is told once, with its cause."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.watching import MORNING, StillClock
from wardgate import config
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.journal import Journal
from wardgate.contract.messages import Event
from wardgate.store.store import Store
from wardgate.watch.adherence import Adherence
from wardgate.watch.plan import make_plan

HUB = config.Hub(id="hub-1", patient="Copper Heron 93", assignment="assignment-1")
SCALE = config.Device(id="scale", model="and-uc-352ble", address="AA:BB:CC:DD:EE:01", cadence_h=24)
CUFF = config.Device(id="cuff", model="and-ua-651ble", address="AA:BB:CC:DD:EE:02", cadence_h=12)


def ignore(_: str) -> None:
    """Nobody looks."""


class Waiting:
    """The devices of one home, and who waits for them."""

    def __init__(
        self,
        path: Path,
        clock: StillClock,
        devices: tuple[config.Device, ...] = (SCALE, CUFF),
        watch: config.Watch | None = None,
    ) -> None:
        self.path, self.clock = path, clock
        self.configured, self.watch = devices, watch or config.Watch()
        self.begin()

    def begin(self) -> None:
        self.store = Store.open(self.path, self.clock)
        self.devices = Devices(self.store, known_devices(self.configured), ignore)
        self.journal = journal = Journal("hub-1", self.clock, self.store.put_event, ignore)
        self.adherence = Adherence(HUB, self.store, self.clock, journal, self.devices, make_plan(self.watch))

    async def restart(self) -> None:
        await self.store.close()
        self.begin()

    async def at(self, hour: float) -> list[Event]:
        """Everything told by that hour, oldest first."""
        self.clock.now = MORNING + timedelta(hours=hour)
        self.adherence.check()
        await self.store.write(lambda _: None)
        return self.store.events(100)[::-1]

    def bring(self, device: str, hour: float) -> None:
        self.devices.change(device, last_reading=MORNING + timedelta(hours=hour), last_heard=self.clock.now)


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[Waiting]:
    made = Waiting(tmp_path / "wardgate.db", StillClock())
    made.bring("scale", 0)
    made.bring("cuff", 0)
    yield made
    await made.store.close()


async def test_each_device_by_its_own_cadence_and_once(waiting: Waiting) -> None:
    assert await waiting.at(18) == []  # one and a half cadences of the cuff
    (cuff,) = await waiting.at(18.1)
    assert (cuff.code, cuff.device, cuff.severity) == ("reading-overdue", "cuff", "attention")
    assert cuff.sentence == "No reading from the cuff for 18 hours."
    assert len(await waiting.at(30)) == 1
    assert [e.device for e in await waiting.at(36.1)] == ["cuff", "scale"]
    assert len(await waiting.at(100)) == 2
    assert waiting.adherence.overdue("scale")


async def test_a_reading_ends_it_and_the_next_silence_is_told_again(waiting: Waiting) -> None:
    await waiting.at(20)
    waiting.bring("cuff", 21)
    assert [e.code for e in await waiting.at(21)] == ["reading-overdue", "reading-overdue-over"]
    assert not waiting.adherence.overdue("cuff")
    events = [e for e in await waiting.at(40) if e.device == "cuff" and e.code == "reading-overdue"]
    assert len(events) == 2
    assert events[0].id != events[1].id


async def test_a_restart_does_not_tell_it_again(waiting: Waiting) -> None:
    await waiting.at(20)
    await waiting.restart()
    assert [e.device for e in await waiting.at(30)] == ["cuff"]


async def test_a_device_that_never_came_is_waited_for_from_the_beginning(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "new.db", StillClock())
    await waiting.at(10)
    await waiting.restart()
    assert [e.device for e in await waiting.at(18.5)] == ["cuff"]
    await waiting.store.close()


async def test_a_hub_that_was_off_listens_first(waiting: Waiting) -> None:
    waiting.clock.now = MORNING + timedelta(hours=72)
    await waiting.restart()
    assert await waiting.at(72.5) == []
    waiting.bring("cuff", 71)  # out of its memory
    assert [e.device for e in await waiting.at(73.1)] == ["scale"]


@pytest.mark.parametrize(
    ("cause", "changes"),
    [
        ("not-woken", {}),
        ("battery", {"battery_percent": 33}),
        ("not-paired", {"bonded": False}),
        ("no-good-reading", {"last_heard": MORNING + timedelta(hours=15)}),
    ],
)
async def test_silence_has_a_cause(waiting: Waiting, cause: str, changes: dict[str, Any]) -> None:
    waiting.devices.change("cuff", **changes)
    (event,) = await waiting.at(20)
    assert event.detail["cause"] == cause
    assert event.what_to_do


class Adrift(StillClock):
    """A clock that no server has set."""

    known = True

    def synchronised(self) -> bool:
        return self.known


async def test_a_hub_that_does_not_know_the_time_blames_its_clock(tmp_path: Path) -> None:
    clock = Adrift()
    waiting = Waiting(tmp_path / "clock.db", clock)
    waiting.bring("cuff", 0)
    clock.known = False
    (event,) = await waiting.at(20)
    assert event.detail["cause"] == "clock"
    assert "network" in event.what_to_do
    await waiting.store.close()


WRONG = {"1970": -56 * 365.25, "2018": -8 * 365.25, "in ten years": 10 * 365.25}


class Leaping(Adrift):
    """A machine that boots with a wrong clock, and hears of the time later."""

    def __init__(self, *, known: bool = False) -> None:
        super().__init__()
        self.known = known
        self.boot = 1

    def boot_id(self) -> str:
        return f"boot-{self.boot}"

    def leap(self, days: float) -> None:
        """The wall clock alone."""
        self.now += timedelta(days=days)
        self.started += timedelta(days=days)

    def boots(self, off: timedelta, wrong_days: float) -> None:
        self.now += off
        self.started = self.now
        self.boot += 1
        self.known = False
        self.leap(wrong_days)

    def syncs(self, wrong_days: float) -> None:
        self.leap(-wrong_days)
        self.known = True


def passes(waiting: Waiting, hours: float) -> None:
    """The hub looks every ten minutes."""
    for _ in range(round(6 * hours)):
        waiting.clock.now += timedelta(minutes=10)
        waiting.adherence.check()


async def overdue(waiting: Waiting) -> list[Event]:
    await waiting.store.write(lambda _: None)
    return [e for e in waiting.store.events(100)[::-1] if e.code == "reading-overdue"]


@pytest.mark.parametrize("days", WRONG.values(), ids=WRONG)
async def test_a_wrong_clock_at_the_first_start_makes_nobody_overdue_by_years(tmp_path: Path, days: float) -> None:
    clock = Leaping()
    clock.leap(days)
    waiting = Waiting(tmp_path / "new.db", clock)
    passes(waiting, 1)
    clock.syncs(days)
    passes(waiting, 17.5)
    assert await overdue(waiting) == []
    passes(waiting, 1)
    (event,) = await overdue(waiting)
    assert (event.device, event.detail["cause"]) == ("cuff", "not-woken")
    assert event.sentence == "No reading from the cuff for 18 hours."
    await waiting.store.close()


@pytest.mark.parametrize("days", WRONG.values(), ids=WRONG)
async def test_a_hub_that_never_hears_of_the_time_counts_by_its_own_boot(tmp_path: Path, days: float) -> None:
    clock = Leaping(known=True)
    waiting = Waiting(tmp_path / "wrong.db", clock)
    waiting.bring("cuff", 0)
    clock.boots(timedelta(hours=1), days)
    await waiting.restart()
    passes(waiting, 17.5)
    assert await overdue(waiting) == []
    passes(waiting, 1)
    (event,) = await overdue(waiting)
    assert (event.device, event.detail["cause"]) == ("cuff", "clock")
    assert event.sentence == "No reading from the cuff for 18 hours."
    await waiting.store.close()


@pytest.mark.parametrize("days", WRONG.values(), ids=WRONG)
async def test_that_the_hub_was_off_is_known_although_it_booted_with_a_wrong_clock(tmp_path: Path, days: float) -> None:
    """As a hub without a battery for its clock does after every power cut."""
    clock = Leaping(known=True)
    waiting = Waiting(tmp_path / "off.db", clock)
    waiting.bring("cuff", 0)
    waiting.bring("scale", 0)
    passes(waiting, 3)
    clock.boots(timedelta(hours=15), days)
    await waiting.restart()
    passes(waiting, 0.5)
    clock.syncs(days)
    passes(waiting, 1)
    (event,) = await overdue(waiting)
    assert (event.device, event.detail["cause"]) == ("cuff", "hub")
    assert event.detail["hub_off_s"] == 15 * 3600
    await waiting.store.close()


async def test_what_ran_without_the_time_was_not_off(tmp_path: Path) -> None:
    clock = Leaping(known=True)
    waiting = Waiting(tmp_path / "ran.db", clock)
    waiting.bring("cuff", 0)
    waiting.bring("scale", 0)
    clock.boots(timedelta(minutes=15), WRONG["2018"])
    await waiting.restart()
    passes(waiting, 16)
    clock.boots(timedelta(hours=0), -WRONG["2018"])
    clock.known = True
    await waiting.restart()
    passes(waiting, 2)
    (event,) = await overdue(waiting)
    assert (event.detail["cause"], event.detail["hub_off_s"]) == ("not-woken", 0)
    await waiting.store.close()


async def test_a_device_whose_clock_is_wrong_is_heard_and_its_clock_blamed(waiting: Waiting) -> None:
    waiting.devices.change("cuff", last_heard=MORNING + timedelta(hours=15))
    waiting.journal.begin("device-clock-wrong", "info", "The clock of the cuff was wrong.", device="cuff")
    event = (await waiting.at(20))[-1]
    assert (event.code, event.detail["cause"]) == ("reading-overdue", "clock")


@pytest.mark.parametrize("code", ["radio-lost", "radio-stuck"])
async def test_a_deaf_radio_is_named_before_any_device(waiting: Waiting, code: str) -> None:
    waiting.devices.change("cuff", battery_percent=5, bonded=False)
    waiting.journal.begin(code, "problem", "The radio does not listen.")
    event = (await waiting.at(20))[-1]
    assert (event.code, event.detail["cause"]) == ("reading-overdue", "radio")
    waiting.journal.over(code)
    waiting.bring("cuff", 21)
    await waiting.at(21)
    overdue = [e for e in await waiting.at(60) if e.code == "reading-overdue" and e.device == "cuff"]
    assert [e.detail["cause"] for e in overdue] == ["radio", "not-paired"]


async def test_a_serial_line_that_is_away_is_named_and_a_deaf_radio_is_not_its_cause(tmp_path: Path) -> None:
    clip = config.Device(id="clip", model="nonin-9560-serial", port="/dev/none", cadence_h=12)
    waiting = Waiting(tmp_path / "serial.db", StillClock(), (clip,))
    waiting.journal.begin("radio-lost", "problem", "The radio does not listen.")
    assert (await waiting.at(20))[-1].detail["cause"] == "not-woken"
    waiting.bring("clip", 21)
    await waiting.at(21)
    waiting.journal.begin("serial-lost", "problem", "The line is away.", device="clip")
    event = (await waiting.at(60))[-1]
    assert (event.detail["cause"], event.what_to_do) == ("radio", "Plug in the oximeter's cable.")
    await waiting.store.close()


async def test_a_hub_that_was_off_while_it_should_have_listened_blames_itself(waiting: Waiting) -> None:
    for hour in range(4):
        await waiting.at(hour)
    waiting.clock.now = MORNING + timedelta(hours=19)
    await waiting.restart()
    assert await waiting.at(19.5) == []
    (event,) = await waiting.at(20.1)
    assert (event.device, event.detail["cause"]) == ("cuff", "hub")
    assert event.detail["hub_off_s"] == 16 * 3600
    await waiting.at(36.5)
    scale = (await waiting.at(36.5))[-1]
    assert (scale.device, scale.detail["cause"]) == ("scale", "hub")


async def test_a_short_pause_of_the_hub_is_no_excuse(waiting: Waiting) -> None:
    await waiting.at(3)
    waiting.clock.now = MORNING + timedelta(hours=4)
    await waiting.restart()
    assert (await waiting.at(19.6))[-1].detail["cause"] == "not-woken"


async def test_either_of_two_scales_will_do(tmp_path: Path) -> None:
    other = config.Device(id="upstairs", model="and-uc-352ble", address="AA:BB:CC:DD:EE:03")
    waiting = Waiting(tmp_path / "two.db", StillClock(), (SCALE, other))
    waiting.bring("scale", 0)
    waiting.bring("upstairs", 30)
    assert await waiting.at(40) == []
    (event,) = await waiting.at(66.1)
    assert (event.device, event.detail["channel"]) == ("upstairs", "weight")
    assert waiting.adherence.overdue("scale")
    await waiting.store.close()


async def test_the_plan_says_how_often_and_a_channel_that_it_does_not_want_is_not_waited_for(tmp_path: Path) -> None:
    scale = config.Device(id="scale", model="and-uc-352ble", address="AA:BB:CC:DD:EE:01")
    cuff = config.Device(id="cuff", model="and-ua-651ble", address="AA:BB:CC:DD:EE:02")
    waiting = Waiting(tmp_path / "copd.db", StillClock(), (scale, cuff), config.Watch(pathways=("frailty",)))
    waiting.bring("scale", 0)
    waiting.bring("cuff", 0)
    assert waiting.adherence.cadence_s("scale") == 168 * 3600
    assert await waiting.at(100) == []
    assert [e.device for e in await waiting.at(109)] == ["cuff"]
    assert [e.device for e in await waiting.at(253)] == ["cuff", "scale"]
    await waiting.store.close()
    extra = Waiting(tmp_path / "extra.db", StillClock(), (scale, cuff), config.Watch(pathways=("hypertension",)))
    assert extra.adherence.cadence_s("scale") is None
    assert {e.device for e in await extra.at(1000)} == {"cuff"}
    await extra.store.close()


async def test_comfort_reminds_nobody(tmp_path: Path) -> None:
    watch = config.Watch(pathways=("heart-failure", "comfort"))
    waiting = Waiting(tmp_path / "comfort.db", StillClock(), (SCALE, CUFF), watch)
    assert await waiting.at(2000) == []
    assert not waiting.adherence.overdue("scale")
    await waiting.store.close()
