"""What happens to a hub by itself is in its audit, and cannot fill it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.living import LivingHome
from wardgate.capture.journal import Journal
from wardgate.control.chronicle import AN_HOUR, Chronicle
from wardgate.store.audit import Audit, Head
from wardgate.watch.life import Life


class AuditedHome(LivingHome):
    """A home whose hub keeps an audit."""

    def begin(self) -> None:
        super().begin()
        self.journal = Journal("hub-1", self.clock, self.store.put_event, self.changed.append)
        self.audit = Audit(self.store, self.clock)
        self.chronicle = Chronicle(self.audit, self.store, self.clock, self.journal)
        self.journal.on_event.append(self.chronicle.heard)
        self.life = Life(self.config, self.store, self.clock, self.journal, self.watcher, self.chronicle.acknowledged)

    async def lines(self) -> list[str]:
        await self.store.write(lambda _: None)
        return [row.what for row in reversed(self.audit.entries(1000))]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[AuditedHome]:
    made = AuditedHome(tmp_path / "wardgate.db")
    await made.watcher.start()
    yield made
    await made.store.close()


async def test_an_alert_that_the_ward_has_seen(home: AuditedHome) -> None:
    await home.low(90)
    alert = home.alerts()[-1]
    for _ in range(3):  # a ward repeats what it said until it is answered
        await home.says(alert)
    assert await home.lines() == ["alert-seen"]
    (row,) = home.audit.entries(1)
    assert (row.by, row.detail) == ("ward", {"alert": alert.id, "revision": 1})
    assert "nurse" in row.sentence
    assert "90" not in row.sentence


async def test_pairing_and_its_loss_are_lines_and_what_is_said_every_day_is_not(home: AuditedHome) -> None:
    home.journal.tell("paired", "info", "The cuff is paired with this hub.", device="cuff")
    home.journal.begin("pairing-lost", "problem", "The cuff no longer knows this hub.", device="cuff")
    home.journal.tell("battery-low", "attention", "The cuff's battery is low.", device="cuff")
    assert await home.lines() == ["paired", "pairing-lost"]
    assert home.audit.entries(1)[0].detail == {"device": "cuff"}


async def test_a_device_that_pairs_and_forgets_does_not_fill_it(home: AuditedHome) -> None:
    for _ in range(10 * AN_HOUR):
        home.journal.tell("paired", "info", "The cuff is paired with this hub.", device="cuff")
    home.journal.tell("clock-moved", "attention", "The clock was moved.")
    assert await home.lines() == [*["paired"] * AN_HOUR, "clock-moved"]
    home.clock.now += timedelta(hours=1, seconds=1)
    home.journal.tell("paired", "info", "The cuff is paired with this hub.", device="cuff")
    assert (await home.lines())[-1] == "paired"


async def test_a_hub_that_falls_again_and_again_does_not_fill_it(home: AuditedHome) -> None:
    for _ in range(3 * AN_HOUR):
        home.clock.now += timedelta(seconds=5)
        home.chronicle.started("2.0")
        await home.restart()
    assert await home.lines() == ["hub-started"] * AN_HOUR


async def test_the_ward_is_told_how_far_it_goes_once_a_day(home: AuditedHome) -> None:
    await home.chronicle.tell_head()
    assert await home.codes() == [], "there is nothing yet"
    await home.audit.note("claimed", "page", "The hub was claimed.")
    home.clock.knows_the_time = False
    await home.chronicle.tell_head()
    home.clock.knows_the_time = True
    told = []
    for hours in (0, 1, 22, 2, 30):
        home.clock.now += timedelta(hours=hours)
        await home.chronicle.tell_head()
        told.append([event.detail for event in await home.events()][-1:])
        if hours == 22:
            await home.audit.note("locked", "page", "The hub was locked.")
            await home.restart()
    first, second = (Head(number=row[0], seal=row[1].hex()) for row in await home.store.write(_rows))
    expected = [{"number": head.number, "seal": head.seal} for head in (first, first, first, second, second)]
    assert [detail for (detail,) in told] == expected
    assert [event.sentence for event in await home.events()] == [
        "The hub's audit has 1 line.",
        "The hub's audit has 2 lines.",
    ]
    assert await home.codes() == ["audit-head", "audit-head"]


def _rows(connection: sqlite3.Connection) -> list[tuple[int, bytes]]:
    return connection.execute("SELECT number, seal FROM audit ORDER BY number").fetchall()
