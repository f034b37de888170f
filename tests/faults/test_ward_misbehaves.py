"""A ward that commits and answers as no ward should: nothing is lost by it, and nothing is done before it is true."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.deliver.conftest import Running, RunningWard
from tests.faults.conftest import Told, committed
from tests.support import mischief, ward_side
from tests.support.messages import alert, reading
from tests.support.mischief import WAYS, Mischief, Way, misbehaving
from tests.support.mosquitto import Mosquitto
from tests.support.peer import peer
from wardgate.contract.messages import Ack, Event
from wardgate.store import Lane, Store

N = 300


async def _backlog(store: Store, n: int = N) -> None:
    await asyncio.gather(*[store.put_reading(reading(k), arrival_s=1.0) for k in range(1, n + 1)])


@pytest.fixture
async def naughty(
    monkeypatch: pytest.MonkeyPatch, mosquitto: Mosquitto, serving: RunningWard
) -> AsyncIterator[Mischief]:
    """The mischief of a ward that runs."""
    mischief.install(monkeypatch)
    with misbehaving(Mischief(random.Random(5))) as made:
        async with serving(mosquitto.settings()):
            yield made


@pytest.mark.parametrize("way", WAYS)
async def test_all_is_delivered_once_and_done_only_then(
    way: Way,
    naughty: Mischief,
    mosquitto: Mosquitto,
    store: Store,
    sending: Running,
    tmp_path: Path,
    hurried: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    early: list[int] = []
    mark_done = Store.mark_done

    def marking(here: Store, cumulative: int, selective: Collection[int] = (), **more: Any) -> Any:
        """What the hub is about to take for done is in the ward's database."""
        done = {*selective, *range(1, min(cumulative, more["reached"].get(Lane.BACKFILL, 0)) + 1)}
        with closing(sqlite3.connect(tmp_path / "ward.db")) as ward:
            there = {msgspec.json.decode(p)["seq"] for (p,) in ward.execute("SELECT payload FROM readings")}
        early.extend(done - there)
        return mark_done(here, cumulative, selective, **more)

    monkeypatch.setattr(Store, "mark_done", marking)
    await _backlog(store)
    naughty.way = way
    async with sending(mosquitto.settings()) as sender, asyncio.timeout(60):
        if way == "silent":
            await committed(store, lambda: naughty.withheld >= 4)
            assert sender.view().counts.waiting == N
            naughty.way = None
        await sender.wait_drained()
        assert sender.view().counts.parked == 0
    assert not early
    assert naughty.lies or naughty.withheld or way in ("twice", "disorder")
    kept = [r.id for r in ward_side.readings(tmp_path / "ward.db")]
    assert sorted(kept) == sorted(reading(k).id for k in range(1, N + 1))


async def test_a_ward_that_dies_between_its_commit_and_its_answer_gets_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
    mosquitto: Mosquitto,
    serving: RunningWard,
    store: Store,
    sending: Running,
    tmp_path: Path,
    hurried: None,
) -> None:
    mischief.install(monkeypatch)
    await _backlog(store)
    async with sending(mosquitto.settings()) as sender, asyncio.timeout(60):
        with misbehaving(Mischief(random.Random(6))) as made:
            made.way = "silent"
            async with serving(mosquitto.settings()) as ward:
                await committed(store, lambda: ward.counts.new >= N)
            assert sender.view().counts.waiting == N
        async with serving(mosquitto.settings()):
            await sender.wait_drained()
    assert len(ward_side.readings(tmp_path / "ward.db")) == N


async def test_numbers_that_were_stored_but_never_sent_are_not_done_by_any_answer(
    mosquitto: Mosquitto, store: Store, sending: Running
) -> None:
    """The window is full at a thousand. A ward that answers for more cannot have committed them."""
    await _backlog(store, 1500)
    async with peer(mosquitto.settings(), "wardgate/1/+/up/+") as ward, sending(mosquitto.settings()) as sender:
        await ward.until(lambda: len(ward.seqs("reading")) == 1000)
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=0, selective=(1400, 1500)))
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=1500))
        await ward.until(lambda: len(ward.seqs("reading")) == 1500)
        assert sorted(ward.seqs("reading")) == list(range(1, 1501)), "the rest was sent"
        await committed(store, lambda: sender.view().counts.waiting == 500)


async def test_a_lane_that_was_not_sent_is_not_done_by_an_answer_about_another(
    mosquitto: Mosquitto, store: Store, sending: Running
) -> None:
    """Alerts are sent first: an answer for the alert's high number says nothing of the old readings below it."""
    await _backlog(store, 1200)
    seq = await store.put_alert(alert(1))
    async with peer(mosquitto.settings(), "wardgate/1/+/up/+") as ward, sending(mosquitto.settings()):
        await ward.until(lambda: len(ward.seqs("reading")) == 1000 and bool(ward.seqs("alert")))
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=seq))
        await committed(store, lambda: not store.next_rows(Lane.ALERT, 0, 1))
        await ward.until(lambda: len(set(ward.seqs("reading"))) == 1200)


async def test_an_answer_that_makes_no_sense_is_told_in_words(
    mosquitto: Mosquitto, store: Store, sending: Running, events: list[Event], told: Told
) -> None:
    await _backlog(store, 3)
    async with peer(mosquitto.settings(), "wardgate/1/+/up/+") as ward, sending(mosquitto.settings()) as sender:
        await ward.until(lambda: len(ward.seqs("reading")) == 3)
        for nonsense in (b"", b"\xff\xfe", b"[]", b'{"schema":"wardgate/ack/2"}', b'{"cumulative":-1}', b"1e999"):
            ward.publish("wardgate/1/hub-1/down/ack", nonsense)
        await told.until(lambda: "makes no sense" in sender.view().problem)
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=10**15))
        await ward.until(lambda: ward.seqs("reading") == [1, 2, 3, 1, 2, 3])  # under a new epoch
        assert sender.view().counts.waiting == 3
        ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=3))
        await sender.wait_drained()
    assert [e.code for e in events] == ["ack-unreadable", "ack-too-high", "delivery-restored"]
