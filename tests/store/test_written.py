"""A card wears by what is written to it. The bound is counted in pages, from the tables that a reading touches."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Final

import msgspec

from tests.support.messages import reading
from tests.support.recording_vfs import Write, recording
from wardgate.clock import SystemClock
from wardgate.contract.messages import Reading
from wardgate.store import Lane, Store

BEFORE: Final = 3000
"""Readings that are there already, so that the tables have the depth of some weeks."""
READINGS: Final = 500
PAGE: Final = 2048
FRAME_HEAD: Final = 24
"""SQLite's file format, 4.1: in front of each page in the write-ahead log."""
TOUCHED: Final = 4 + 1 + 2 + 2
"""The message, its place in the outbox, its id, its place in the series; the file's first page, which holds its size;
where the one before arrived, and that it leaves the outbox. Each second message begins a page, known to another one."""
KEPT: Final = 2
"""Of these, what is new since the last time that the log was emptied: two readings to a page, and a part of others."""
MOST_BYTES: Final = TOUCHED * (FRAME_HEAD + PAGE) + KEPT * PAGE


def _made(n: int) -> Reading:
    """Its id lies anywhere among the others, as those of a hub do."""
    return msgspec.structs.replace(reading(n), id=hashlib.blake2b(b"%d" % n, digest_size=16).hexdigest())


async def test_a_lone_reading_and_its_answer_cost_the_card_a_bounded_number_of_pages(tmp_path: Path) -> None:
    path = tmp_path / "wardgate.db"
    with recording(tmp_path, path.name) as recorded:
        store = Store.open(path, SystemClock())
        await asyncio.gather(*[store.put_reading(_made(n), arrival_s=1.0) for n in range(BEFORE)])
        await store.mark_done(BEFORE)
        await store.close()
        store = Store.open(path, SystemClock())
        began = len(recorded.log)
        last = BEFORE
        for n in range(BEFORE, BEFORE + READINGS):
            done = store.mark_done(last, reached=dict.fromkeys(Lane, last), lazy=True)
            last = (await store.put_reading(_made(n), arrival_s=1.0)).seq
            await done
        await store.close()
    written = sum(len(entry.data) for entry in recorded.log[began:] if isinstance(entry, Write))
    text = len(msgspec.json.encode(_made(1)))
    assert written > READINGS * 2 * text, "it was written at all, into the log and into the file"
    assert written / READINGS < MOST_BYTES
