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
STORING: Final = 4 * 2 + 1
"""The message, its place in the outbox, its id, its place in the series: a page each, and one more where it is split. The
first page of the file, which holds its size."""
DONE: Final = 2 * 2 + 1
"""Where it arrived, and out of the outbox."""
MOST_BYTES: Final = (STORING + DONE) * (FRAME_HEAD + PAGE) + (STORING + DONE) * PAGE
"""Each page once into the log, and once from there into the file. Pages of several commits go there once, which is why half
of it is the bound."""


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
        for n in range(BEFORE, BEFORE + READINGS):
            put = await store.put_reading(_made(n), arrival_s=1.0)
            done = store.mark_done(put.seq, reached=dict.fromkeys(Lane, put.seq), lazy=True)
        await done
        await store.close()
    written = sum(len(entry.data) for entry in recorded.log[began:] if isinstance(entry, Write))
    text = len(msgspec.json.encode(_made(1)))
    assert written > READINGS * 2 * text, "it was written at all, into the log and into the file"
    assert written / READINGS < MOST_BYTES / 2
