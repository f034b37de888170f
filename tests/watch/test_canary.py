"""The canary walks the whole way of an alert, is nobody's reading, and its absence is told (hazard H18)."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.living import LivingHome
from tests.support.mosquitto import Mosquitto
from tests.support.watching import make_reading
from wardgate import config
from wardgate.capture.journal import Journal
from wardgate.contract.messages import CANARY, Event, Reading
from wardgate.deliver import Sender
from wardgate.pathways.pathway import names
from wardgate.store import Lane
from wardgate.store.errors import StoreFull
from wardgate.store.salvage import salvage
from wardgate.store.store import Store
from wardgate.ward import Ward
from wardgate.ward.store import WardStore
from wardgate.watch.canary import EVERY_S, FIRST_S, LATE_S, PLAIN, Canary
from wardgate.watch.plan import make_plan
from wardgate.watch.rules import Feed, Rule, Sample, Setup, made, rules
from wardgate_signal.finding import Finding

PATIENCE_S = 60.0


class Nest:
    """A store with a canary, and a ward that commits when it is told to."""

    def __init__(self, path: Path, rule_set: tuple[Rule, ...] | None = None) -> None:
        self.home = LivingHome(path)
        home = self.home
        journal = Journal("hub-1", home.clock, home.store.put_event, home.changed.append)
        self.canary = Canary(home.config.hub, home.store, home.clock, journal, rule_set or rules(config.Watch()))

    async def after(self, seconds: float, *, ward: bool) -> None:
        """Look every minute; the ward commits what there is, or is away."""
        until = self.home.clock.now + timedelta(seconds=seconds)
        while self.home.clock.now < until:
            self.home.clock.now = min(until, self.home.clock.now + timedelta(seconds=60))
            if ward and not self.home.store.drained():
                await self.home.store.mark_done(self.home.store.last_seq)
            await self.canary.check()

    def waiting(self) -> list[Event]:
        return [msgspec.json.decode(r.payload, type=Event) for r in self.home.store.next_rows(Lane.EVENT, 0, 1000)]

    async def codes(self) -> list[str]:
        return [event.code for event in await self.home.events()]


@pytest.fixture
async def nest(tmp_path: Path) -> AsyncIterator[Nest]:
    made = Nest(tmp_path / "wardgate.db")
    yield made
    await made.home.store.close()


async def test_every_quarter_of_an_hour_one_comes_through(nest: Nest) -> None:
    await nest.after(FIRST_S - 1, ward=True)
    assert nest.waiting() == []
    await nest.after(61, ward=False)
    (sent,) = nest.waiting()
    assert (sent.code, sent.severity, sent.device) == (CANARY, "info", None)
    await nest.after(6 * 3600 + 120, ward=True)
    state = nest.canary.state()
    assert (state.late, state.stage) == (False, None)
    assert state.last_age_s is not None
    assert state.last_age_s <= EVERY_S
    assert nest.home.store.last_seq == 25, "one every quarter of an hour, and nothing else"
    assert await nest.codes() == []


async def test_it_is_nobodys_reading_and_no_alert(nest: Nest) -> None:
    await nest.after(6 * 3600, ward=True)
    store, long_ago = nest.home.store, nest.home.clock.now - timedelta(days=3650)
    assert store.readings(None, long_ago) == []
    assert store.read.last_live_reading() is None
    assert (store.alerts(long_ago), store.open_alerts(), store.events(100)) == ([], [], [])
    raw = store.detector_state("canary")
    assert raw is not None
    assert {r.test for r in msgspec.json.decode(zlib.decompress(raw), type=list[Reading])} == {True}
    assert not [device for device in store.devices() if device.counts]


async def test_the_card_is_spared(nest: Nest) -> None:
    """What came through leaves an empty row of a few bytes."""
    await nest.after(12 * 3600, ward=True)

    def texts(kept: Store) -> asyncio.Future[tuple[int, int]]:
        return kept.write(
            lambda c: c.execute("SELECT count(*), count(CASE WHEN payload != x'' THEN 1 END) FROM messages").fetchone()
        )

    rows, full = await texts(nest.home.store)
    assert rows == 48
    assert full == 1


async def test_while_the_ward_is_away_one_waits_and_one_event_tells_the_gap(nest: Nest) -> None:
    await nest.after(3600, ward=True)
    await nest.after(LATE_S + EVERY_S + 120, ward=False)
    assert nest.canary.state().stage == "ward"
    assert nest.canary.state().late
    assert [e.code for e in nest.waiting()] == [CANARY, "canary-missed"]
    await nest.after(12 * 3600, ward=False)
    assert [e.code for e in nest.waiting()] == [CANARY, "canary-missed"]
    (gap,) = [e for e in await nest.home.events() if e.code == "canary-missed"]
    assert (gap.severity, gap.detail["stage"]) == ("problem", "ward")
    await nest.after(3600, ward=True)
    assert not nest.canary.state().late
    assert await nest.codes() == ["canary-missed", "canary-missed-over"]


async def test_a_slow_line_is_no_gap(nest: Nest) -> None:
    for _ in range(12):
        await nest.after(600, ward=False)
        await nest.after(300, ward=True)
    assert await nest.codes() == []


def silenced(name: str, how: str) -> tuple[Rule, ...]:
    """The usual rules, one of them mute or broken."""

    def start() -> Feed:
        def feed(sample: Sample) -> Finding | None:
            if how == "throws":
                raise ArithmeticError("broken")
            return None

        return feed

    setup = Setup(make_plan(config.Watch()), config.Watch())
    usual = [made(each, setup) for each in PLAIN]
    return tuple(replace(rule, start=start) if rule.name == name else rule for rule in usual)


@pytest.mark.parametrize("how", ["throws", "mute"])
@pytest.mark.parametrize("name", PLAIN)
async def test_a_plain_limit_that_no_longer_speaks_is_told(tmp_path: Path, name: str, how: str) -> None:
    """H18: silence of the rules looks like health to everybody else."""
    nest = Nest(tmp_path / "wardgate.db", silenced(name, how))
    await nest.after(LATE_S + 120, ward=True)
    (gap,) = await nest.home.events()
    assert (gap.code, gap.detail["stage"]) == ("canary-missed", "rules")
    assert name in str(gap.detail["why"])
    assert nest.waiting() == []
    await nest.home.store.close()


PATHWAYS = [(), *((name,) for name in names()), tuple(names())]


@pytest.mark.parametrize("pathways", PATHWAYS, ids=["+".join(each) or "none" for each in PATHWAYS])
async def test_it_cries_wolf_on_no_pathway(tmp_path: Path, pathways: tuple[str, ...]) -> None:
    nest = Nest(tmp_path / "wardgate.db", rules(config.Watch(pathways=pathways)))
    await nest.after(LATE_S + 120, ward=True)
    assert (await nest.codes(), nest.canary.state().late) == ([], False)
    await nest.home.store.close()


def test_every_plain_limit_is_in_some_plan_that_is_tried() -> None:
    tried = {rule.name for pathways in PATHWAYS for rule in rules(config.Watch(pathways=pathways))}
    assert tried >= set(PLAIN)


async def test_a_disk_that_refuses_is_told(nest: Nest, monkeypatch: pytest.MonkeyPatch) -> None:
    await nest.after(3600, ward=True)
    keep = nest.home.store.put_detector_state

    def full(_key: str, _state: bytes) -> None:
        raise StoreFull("The disk is full.")

    monkeypatch.setattr(nest.home.store, "put_detector_state", full)
    await nest.after(LATE_S + 120, ward=True)
    (gap,) = await nest.home.events()
    assert (gap.code, gap.detail["stage"]) == ("canary-missed", "store")
    monkeypatch.setattr(nest.home.store, "put_detector_state", keep)
    await nest.after(EVERY_S + 120, ward=True)
    assert await nest.codes() == ["canary-missed", "canary-missed-over"]


async def test_a_salvage_leaves_them_behind_and_calls_none_lost(nest: Nest, tmp_path: Path) -> None:
    home = nest.home
    for day in range(3):
        home.clock.now += timedelta(days=1)
        await home.store.put_reading(make_reading("weight", home.clock.now, weight=78.0 + day), arrival_s=1.0)
        await nest.after(3600, ward=True)
    await home.store.close()
    new = Store.open(tmp_path / "new.db", home.clock)
    await new.close()
    connection = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    assert salvage(home.path, connection, "epoch") == (3, 0)
    connection.close()
    home.begin()  # the fixture closes it


@contextlib.asynccontextmanager
async def running(*tasks: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_to_a_real_ward_and_shown_to_nobody(nest: Nest, tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    shown: list[object] = []
    ward = Ward(broker.settings(), tmp_path / "ward.db", shown.append)
    home = nest.home
    sender = Sender(broker.settings(), "hub-1", home.store, home.clock, lambda _: None, version="1")
    tasks = [asyncio.create_task(work) for work in (ward.run(), sender.run())]
    async with running(*tasks), asyncio.timeout(PATIENCE_S):
        for _ in range(3):
            await nest.after(EVERY_S, ward=False)
            await sender.wait_drained()
        await nest.after(30, ward=False)
    broker.stop()
    state = nest.canary.state()
    assert (state.late, state.stage) == (False, None)
    assert not [m for m in shown if isinstance(m, Event | Reading)]
    kept = WardStore(tmp_path / "ward.db")
    assert await kept.last_canary("hub-1") is not None
    assert await kept.open_alerts() == []
    await kept.close()
