"""An older copy of the database is put back: no number means two things to the ward, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.deliver.conftest import RunningWard, task_of
from tests.support.messages import reading
from tests.support.mosquitto import Mosquitto
from tests.support.peer import peer
from wardgate.clock import SystemClock
from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.contract.messages import Ack, Event
from wardgate.deliver import Sender
from wardgate.store import Lane, Store


def _opened(path: Path) -> Store:
    return Store.open(path, SystemClock())


def _copy(path: Path, to: Path) -> None:
    """As a careful person makes one of a hub that runs."""
    with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(to)) as there:
        here.backup(there)


def _put_back(copy: Path, path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, path)


async def _die(store: Store) -> None:
    """As after `kill -9`: no mark of its end."""
    await store._writer.close()
    store.read.close()
    store._lock.close()


@pytest.mark.parametrize("made", ["while it ran", "after it stopped"])
async def test_a_copy_is_known_at_the_start_and_what_waits_gets_the_new_epoch(tmp_path: Path, made: str) -> None:
    path, copy = tmp_path / "wardgate.db", tmp_path / "copy"
    store = _opened(path)
    await store.put_reading(reading(1), arrival_s=1.0)
    first = store.epoch
    if made == "while it ran":
        _copy(path, copy)
    await store.close()
    if made == "after it stopped":
        shutil.copyfile(path, copy)
        store = _opened(path)
        await store.put_reading(reading(2), arrival_s=1.0)
        await _die(store)
    _put_back(copy, path)
    store = _opened(path)
    assert store.is_copy
    assert store.epoch != first
    await store.put_reading(reading(3), arrival_s=1.0)
    rows = store.next_rows(Lane.BACKFILL, 0, 10)
    assert [row.seq for row in rows] == [1, 2]
    assert all(f'"epoch":"{store.epoch}"'.encode() in row.payload for row in rows)
    assert store.row(1) == rows[0]
    assert store.has_numbered_in(first)
    assert not store.has_numbered_in("another")
    await store.close()
    store = _opened(path)
    assert not store.is_copy, "once"
    await store.close()


async def test_a_hub_that_stops_or_falls_at_any_moment_numbers_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wardgate.db"
    store = _opened(path)
    epoch = store.epoch
    await store.close()
    store = _opened(path)
    await _die(store)
    with monkeypatch.context() as between:  # the power goes when the database has the mark, and the file knows both
        between.setattr("wardgate.store.lineage.settle", lambda _path, _new: None)
        await _die(_opened(path))
    mark = path.with_suffix(".mark")
    before = mark.read_bytes()
    store = _opened(path)
    await _die(store)
    mark.write_bytes(before.split()[-1] + b" 0123456789abcdef")  # and when only the file has it
    with closing(sqlite3.connect(path)) as here, here:
        here.execute("UPDATE meta SET value = ? WHERE key = 'mark'", (before.split()[-1].decode(),))
    mark.chmod(0o600)
    store = _opened(path)
    assert (store.epoch, store.is_copy) == (epoch, False)
    await store.close()
    mark.unlink()
    store = _opened(path)
    assert (store.epoch, store.is_copy) == (epoch, False), "a hub of an earlier version has no such file"
    await store.close()


async def _deliver(store: Store, broker: Broker, events: list[Event]) -> None:
    sender = Sender(broker, "hub-1", store, SystemClock(), events.append, version="0.1.0")
    async with task_of(asyncio.create_task(sender.run())):
        await sender.wait_drained()


async def test_the_wards_word_finds_a_copy_that_nothing_here_can_find(
    tmp_path: Path, serving: RunningWard, events: list[Event]
) -> None:
    """The whole card was put back, the file beside the database too."""
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    path, copy = tmp_path / "hub" / "wardgate.db", tmp_path / "copy"
    async with serving(broker.settings()) as ward, asyncio.timeout(60):
        store = _opened(path)
        first = store.epoch
        for n in range(5):
            await store.put_reading(reading(n), arrival_s=1.0)
        await _deliver(store, broker.settings(), events)
        _copy(path, copy)
        for n in range(5, 15):
            await store.put_reading(reading(n), arrival_s=1.0)
        await _deliver(store, broker.settings(), events)
        await _die(store)
        assert events == []
        _put_back(copy, path)
        path.with_suffix(".mark").unlink()
        store = _opened(path)
        assert (store.epoch, store.is_copy) == (first, False)
        for n in range(20, 24):
            await store.put_reading(reading(n), arrival_s=1.0)
        await _deliver(store, broker.settings(), events)
        assert store.epoch != first
        assert ward.counts.refused == 0
        assert [e.code for e in events] == ["ack-too-high", "delivery-restored"]
        assert store.outbox_counts().at_ward == 9
        await store.close()
    with closing(sqlite3.connect(tmp_path / "ward.db")) as there:
        assert there.execute("SELECT count(*), count(DISTINCT id) FROM readings").fetchone() == (19, 19)
    broker.stop()


async def test_a_ward_that_is_always_wrong_makes_it_begin_anew_once(tmp_path: Path, events: list[Event]) -> None:
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    store = _opened(tmp_path / "hub" / "wardgate.db")
    await store.put_reading(reading(1), arrival_s=1.0)
    async with peer(broker.settings(), topics.up("hub-1", "reading")) as ward, asyncio.timeout(60):
        sender = Sender(broker.settings(), "hub-1", store, SystemClock(), events.append, version="0.1.0")
        async with task_of(asyncio.create_task(sender.run())):
            await ward.until(lambda: len(ward.messages) == 1)
            ward.ack(Ack(hub="hub-1", epoch=store.epoch, cumulative=99))
            await ward.until(lambda: len(ward.messages) == 2)
            second = store.epoch
            ward.ack(Ack(hub="hub-1", epoch=second, cumulative=99))
            ward.ack(Ack(hub="hub-1", epoch=second, cumulative=1))
            await sender.wait_drained()
    assert store.epoch == second
    assert len({payload for _, payload in ward.messages}) == 2, "two epochs"
    await store.close()
    broker.stop()
