"""What is kept stays bounded: memory, start, log, file. And what is damaged is found."""

from __future__ import annotations

import asyncio
import sqlite3
import tracemalloc
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.messages import BEGIN, event, reading
from wardgate.clock import SystemClock
from wardgate.contract.messages import Reading
from wardgate.store import Lane, Store, StoreCorrupt, upkeep

BACKLOG = 30_000


async def _fill(store: Store, n: int, first: int = 0) -> None:
    for start in range(first, first + n, 1000):
        page = (reading(i) for i in range(start, min(start + 1000, first + n)))
        await asyncio.gather(*[store.put_reading(r, arrival_s=1.0) for r in page])


def _size(path: Path) -> int:
    """With everything that is in the log."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


async def test_a_long_backlog_is_never_in_memory_whole(store: Store, path: Path) -> None:
    """Opening, the counts, a page of each lane, the newest readings: none of them may hold the backlog."""
    await _fill(store, BACKLOG)
    await store.close()
    payload_bytes = len(msgspec.json.encode(reading(1)))
    tracemalloc.start()
    try:
        again = Store.open(path, SystemClock())
        assert again.outbox_counts().waiting == BACKLOG
        assert again.device("scale") is not None
        assert len(again.next_rows(Lane.BACKFILL, 0, 200)) == 200
        assert len(again.readings(None, BEGIN, limit=200)) == 200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await again.close()
    assert peak < BACKLOG * payload_bytes / 20


async def test_counting_goes_on_where_the_last_life_ended(store: Store, path: Path) -> None:
    """Readings of a device are counted once, whatever was forgotten meanwhile and however often the hub starts."""
    live = reading(3, backfill=False)
    for one in (reading(1), reading(2), live):
        await store.put_reading(one, arrival_s=1.0)
    await store.put_event(event(1))

    def seen(kept: Store) -> tuple[int, Reading | None]:
        row = kept.device("scale")
        return (0 if row is None else row.counts["readings"]), kept.read.last_live_reading()

    before = seen(store)
    assert before[0] == 3
    assert before[1] is not None
    await store.tally()
    assert seen(store) == before
    await store.mark_done(4)
    assert await store.trim(SystemClock().utc() + timedelta(days=1)) == 3
    assert seen(store) == (3, None), "the text of the last live one was forgotten"
    await store.put_reading(reading(5), arrival_s=1.0)
    assert seen(store)[0] == 4
    await store.close()
    again = Store.open(path, SystemClock())
    assert seen(again)[0] == 4
    await again.close()


async def test_the_log_is_cut_back_when_whoever_read_for_long_is_done(store: Store, path: Path) -> None:
    """A reader holds the log; without one it is emptied every few thousand pages."""
    wal = path.with_name(path.name + "-wal")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM messages").fetchone()
    await _fill(store, 20_000)
    grown = wal.stat().st_size
    reader.execute("COMMIT")
    reader.close()
    await _fill(store, 10_000, first=20_000)
    assert wal.stat().st_size <= 17 * 1024 * 1024 < grown


async def test_a_file_that_is_mostly_free_is_packed_at_the_next_start(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PACK_BYTES", 1024 * 1024)
    await _fill(store, 3000)
    await store.mark_done(2990)
    await store.trim(SystemClock().utc() + timedelta(days=1))
    await store.close()
    before = _size(path)
    again = Store.open(path, SystemClock())
    assert [row.seq for row in again.next_rows(Lane.BACKFILL, 0, 20)] == list(range(2991, 3001))
    await again.close()
    assert _size(path) < before / 2


async def test_a_large_database_is_looked_at_whole_later_and_damage_is_kept_in_mind(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start looks at what is small; the rest is looked at beside the work, and what was found holds at the next."""
    monkeypatch.setattr(upkeep, "WHOLE_BYTES", 0)
    await _fill(store, 500)
    await store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE messages SET payload = CAST(replace(payload, '78.2', '87.2') AS BLOB) WHERE seq = 7")
    again = Store.open(path, SystemClock())
    assert "damaged" in await again.check()
    await again.close()
    with pytest.raises(StoreCorrupt):
        Store.open(path, SystemClock())
    saved, quarantine = Store.open_or_quarantine(path, SystemClock())
    assert quarantine is not None
    assert quarantine.messages_lost == 1
    assert await saved.check() == ""
    await saved.close()
