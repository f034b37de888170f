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

HUB = config.Hub(id="hub-1", patient="Copper Heron 42", assignment="assignment-1")
SCALE = config.Device(id="scale", model="and-uc-352ble", address="AA:BB:CC:DD:EE:01", cadence_h=24)
CUFF = config.Device(id="cuff", model="and-ua-651ble", address="AA:BB:CC:DD:EE:02", cadence_h=12)


def ignore(_: str) -> None:
    """Nobody looks."""


class Waiting:
    """The devices of one home, and who waits for them."""

    def __init__(self, path: Path, clock: StillClock) -> None:
        self.path, self.clock = path, clock
        self.begin()

    def begin(self) -> None:
        self.store = Store.open(self.path, self.clock)
        self.devices = Devices(self.store, known_devices((SCALE, CUFF)), ignore)
        journal = Journal("hub-1", self.clock, self.store.put_event, ignore)
        self.adherence = Adherence(HUB, self.store, self.clock, journal, self.devices, make_plan(config.Watch()))

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
