"""Who waits for whom in the writer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.messages import reading
from wardgate.clock import SystemClock
from wardgate.store import Store


async def test_what_is_lazy_waits_for_company_and_what_is_not_does_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lone lazy operation would linger for an hour here; with a reading it is on the disk at once."""
    monkeypatch.setattr("wardgate.store.writer.LINGER_S", 3600.0)
    store = Store.open(path, SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    async with asyncio.timeout(60):
        sent, done = store.mark_sent({1: 1.0}, lazy=True), store.mark_done(1, lazy=True)
        assert not store.is_at_work, "nobody need wait for it"
        await store.put_reading(reading(2), arrival_s=1.0)
        await sent
        assert await done == 1
        assert store.outbox_counts().waiting == 1
        store.mark_done(2, lazy=True)
        await store.close()
    again = Store.open(path, SystemClock())
    assert again.drained(), "what is lazy is written before the database is closed"
    await again.close()


async def test_what_is_lazy_is_written_without_company_too(store: Store) -> None:
    await store.put_reading(reading(1), arrival_s=1.0)
    async with asyncio.timeout(60):
        assert await store.mark_done(1, lazy=True) == 1
    assert store.drained()


@pytest.mark.parametrize("lazy", [3, 4])
async def test_nobody_waits_for_what_is_done_while_the_writer_waits_for_more(
    path: Path, monkeypatch: pytest.MonkeyPatch, lazy: int
) -> None:
    """Two at a time: behind a reading and what is lazy, one that is lazy is left over, and lingers for an hour."""
    monkeypatch.setattr("wardgate.store.writer.LINGER_S", 3600.0)
    monkeypatch.setattr("wardgate.store.writer.WAKE_EVERY_S", 3600.0)
    store = Store.open(path, SystemClock(), max_group=2)
    await store.put_reading(reading(1), arrival_s=1.0)
    kept = store.put_reading(reading(2), arrival_s=1.0)
    for _ in range(lazy):
        store.mark_done(1, lazy=True)
    async with asyncio.timeout(60):
        await kept
    await store.close()
