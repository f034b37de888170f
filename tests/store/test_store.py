"""What is kept, and what comes back."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.messages import BEGIN, alert, event, reading
from wardgate.clock import SystemClock
from wardgate.contract.messages import Reading
from wardgate.store import DeviceRow, Kind, Lane, Put, Store, StoreBusy, StoreError, StoreNewer
from wardgate.store.schema import MIGRATIONS, migrate, version


async def test_a_reading_is_there_and_queued_once_its_future_is_done(store: Store) -> None:
    put = await store.put_reading(reading(1), arrival_s=101.0)

    assert put == Put(new=True, seq=1)
    (row,) = store.next_rows(Lane.BACKFILL, 0, 10)
    sent = msgspec.json.decode(row.payload, type=Reading)
    assert sent == msgspec.structs.replace(reading(1), epoch=store.epoch, seq=1)
    assert store.readings("weight", BEGIN) == [sent]


async def test_the_same_reading_twice_is_one_and_counted(store: Store) -> None:
    await store.put_reading(reading(1), arrival_s=101.0)
    await store.put_reading(reading(2), arrival_s=102.0)
    again = await store.put_reading(reading(1), arrival_s=900.0)

    assert again == Put(new=False, seq=1)
    assert len(store.next_rows(Lane.BACKFILL, 0, 10)) == 2
    device = store.device("scale")
    assert device is not None
    assert device.counts == {"readings": 2, "duplicates": 1}


async def test_numbers_are_given_without_a_gap_whatever_fails(store: Store) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO counts VALUES ('x', 'y', 1)")
        raise ValueError("on purpose")

    first = store.put_reading(reading(1), arrival_s=1.0)
    bad = store.write(fails)
    alerted = store.put_alert(alert(1))
    last = store.put_event(event(1))

    assert (await first).seq == 1
    with pytest.raises(ValueError, match="on purpose"):
        await bad
    assert (await alerted, await last) == (2, 3)
    assert store.devices()[0].counts == {"readings": 1}, "nothing of the failed operation was kept"


async def test_one_commit_for_all_that_is_queued_together(store: Store) -> None:
    commits = 0

    def count() -> None:
        nonlocal commits
        commits += 1

    store.listen(count)
    await asyncio.gather(*[store.put_reading(reading(n), arrival_s=1.0) for n in range(500)])

    assert commits <= 10


async def test_what_is_queued_when_it_closes_is_written_and_told(path: Path) -> None:
    store = Store.open(path, SystemClock(), max_group=1)
    puts = [store.put_reading(reading(n), arrival_s=1.0) for n in range(1, 51)]
    await store.close()
    assert [put.seq for put in await asyncio.gather(*puts)] == list(range(1, 51))
    with pytest.raises(StoreError, match="closed"):
        store.put_event(event(1))


async def test_alerts_come_before_what_was_queued_earlier(store: Store) -> None:
    await store.put_reading(reading(1), arrival_s=1.0)
    await store.put_reading(reading(2, backfill=False), arrival_s=1.0)
    await store.put_event(event(1))
    await store.put_alert(alert(1))

    order = [row.kind for lane in Lane for row in store.next_rows(lane, 0, 10)]
    assert order == [Kind.ALERT, Kind.READING, Kind.EVENT, Kind.READING]


async def test_a_test_is_a_message_of_its_own_kind_however_it_is_queued(path: Path) -> None:
    store = Store.open(path, SystemClock())
    test = msgspec.structs.replace(reading(1, backfill=False), test=True)
    await store.put_reading(test, arrival_s=1.0)
    assert [(row.kind, row.lane) for row in store.next_rows(Lane.LIVE, 0, 10)] == [(Kind.TEST, Lane.LIVE)]
    await store.park(1, "the broker refuses it")
    assert await store.send_parked_again(1)
    assert [(row.seq, row.kind) for row in store.next_rows(Lane.LIVE, 0, 10)] == [(2, Kind.TEST)]
    assert store.way(test.id) is not None
    assert store.read.reading(test.id) is not None
    assert store.read.last_live_reading() is None, "a test is no reading of the patient's"
    await store.close()


async def test_done_is_what_the_ward_has_acknowledged(store: Store) -> None:
    for n in range(1, 6):
        await store.put_reading(reading(n), arrival_s=1.0)
    await store.mark_sent({1: 1000.0, 5: 1001.0})

    assert await store.mark_done(2, [4]) == 3
    assert await store.mark_done(2, [4]) == 0, "an acknowledgement may come twice"
    counts = store.outbox_counts()
    assert (counts.stored, counts.at_broker, counts.at_ward, counts.waiting) == (5, 4, 3, 2)
    assert store.floor() == 2
    assert [row.seq for row in store.next_rows(Lane.BACKFILL, 0, 10)] == [3, 5]
    way = store.way(reading(1).id)
    assert way is not None
    assert way.broker is not None
    assert way.broker.timestamp() == 1000.0
    assert way.ward is not None


async def test_the_floor_is_the_last_number_when_nothing_waits(store: Store) -> None:
    assert store.floor() == 0
    await store.put_event(event(1))
    await store.mark_done(1)
    assert store.floor() == 1
    assert store.drained()


async def test_a_parked_message_waits_no_more_and_stays(store: Store) -> None:
    await store.put_event(event(1))
    await store.put_event(event(2))

    assert await store.park(1, "the broker refuses it")
    assert not await store.park(1, "again")
    assert store.outbox_counts().parked == 1
    assert [row.seq for row in store.next_rows(Lane.EVENT, 0, 10)] == [2]
    assert store.floor() == 1
    assert [e.id for e in store.events(10)] == ["event-2", "event-1"]


async def test_an_alert_is_open_until_it_is_resolved(store: Store) -> None:
    await store.put_alert(alert(1))
    await store.put_alert(alert(1, revision=2))
    await store.put_alert(alert(2))
    assert [(a.id, a.revision) for a in store.open_alerts()] == [("alert-2", 1), ("alert-1", 2)]

    await store.put_alert(alert(1, revision=3, state="resolved"))
    assert [a.id for a in store.open_alerts()] == ["alert-2"]
    assert await store.put_alert(alert(2)) == 3, "a revision is kept once"
    assert len(store.alerts(BEGIN)) == 4


async def test_series_are_in_the_order_of_taking(store: Store) -> None:
    for n in (3, 1, 2):
        await store.put_reading(reading(n), arrival_s=1.0)
    await store.put_reading(reading(9, channel="saturation"), arrival_s=1.0)

    assert [r.id for r in store.readings("weight", BEGIN)] == [reading(n).id for n in (1, 2, 3)]
    assert [r.id for r in store.readings("weight", BEGIN + timedelta(minutes=2))] == [reading(n).id for n in (2, 3)]
    assert [r.id for r in store.readings(None, BEGIN, limit=2)] == [reading(n).id for n in (3, 9)]
    assert store.readings("weight", BEGIN, assignment="another") == []


async def test_the_last_live_reading_is_not_one_out_of_a_memory(store: Store) -> None:
    assert store.read.last_live_reading() is None
    await store.put_reading(reading(1, backfill=False), arrival_s=1.0)
    await store.put_reading(reading(2), arrival_s=1.0)
    last = store.read.last_live_reading()
    assert last is not None
    assert last.id == reading(1).id


async def test_devices_and_detectors_are_remembered(path: Path) -> None:
    store = Store.open(path, SystemClock())
    await store.set_device(DeviceRow(id="cuff", battery_percent=80, battery_at=BEGIN, bonded=True))
    await store.count("cuff", "no_reading", 2)
    await store.count("cuff", "no_reading")
    await store.put_detector_state("weight", b"\x00\x01")
    epoch = store.epoch
    await store.close()

    store = Store.open(path, SystemClock())
    assert store.device("cuff") == DeviceRow(
        id="cuff", battery_percent=80, battery_at=BEGIN, bonded=True, counts={"no_reading": 3}
    )
    assert store.detector_state("weight") == b"\x00\x01"
    assert store.detector_state("other") is None
    assert store.epoch == epoch
    await store.close()


async def test_numbers_go_on_after_a_restart_and_after_trimming(path: Path) -> None:
    store = Store.open(path, SystemClock())
    for n in range(1, 4):
        await store.put_reading(reading(n), arrival_s=1.0)
    await store.put_alert(alert(1))
    await store.put_event(event(1))
    await store.mark_done(5)
    assert await store.trim(SystemClock().utc() + timedelta(seconds=1)) == 3
    assert store.readings("weight", BEGIN) == []
    assert [a.id for a in store.open_alerts()] == ["alert-1"]
    await store.close()

    store = Store.open(path, SystemClock())
    assert await store.put_reading(reading(2), arrival_s=1.0) == Put(new=False, seq=2), "its id is known for ever"
    assert (await store.put_reading(reading(7), arrival_s=1.0)).seq == 6
    device = store.device("scale")
    assert device is not None
    assert device.counts == {"readings": 4, "duplicates": 1}
    await store.close()


async def test_what_still_waits_is_never_trimmed(store: Store) -> None:
    await store.put_reading(reading(1), arrival_s=1.0)
    await store.put_event(event(1))
    assert await store.trim(SystemClock().utc() + timedelta(days=1)) == 0
    assert len(store.readings("weight", BEGIN)) == 1


async def test_a_second_hub_does_not_get_the_database(store: Store, path: Path) -> None:
    with pytest.raises(StoreBusy, match="Another hub is using"):
        Store.open(path, SystemClock())


async def test_nobody_else_can_read_the_files(store: Store, path: Path) -> None:
    await store.put_event(event(1))
    for file in path.parent.glob("wardgate*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


async def test_an_older_database_becomes_todays_with_all_it_holds(path: Path) -> None:
    store = Store.open(path, SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    await store.close()
    connection = sqlite3.connect(path, isolation_level=None)
    steps = (*MIGRATIONS, "CREATE TABLE later (x); INSERT INTO later SELECT count(*) FROM readings;")
    migrate(connection, path, steps)
    assert version(connection) == len(steps)
    assert connection.execute("SELECT x FROM later").fetchone() == (1,)
    connection.close()

    with pytest.raises(StoreNewer, match="later version of Wardgate"):
        Store.open(path, SystemClock())


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path)
    before = connection.execute("SELECT name FROM sqlite_schema ORDER BY name").fetchall()
    with pytest.raises(sqlite3.Error):
        migrate(connection, path, (*MIGRATIONS, "CREATE TABLE later (x); INSERT INTO nowhere VALUES (1);"))
    assert version(connection) == len(MIGRATIONS)
    assert connection.execute("SELECT name FROM sqlite_schema ORDER BY name").fetchall() == before
    connection.close()
