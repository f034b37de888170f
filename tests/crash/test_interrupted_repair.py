"""The power fails while a damaged database is being repaired: nothing that could be saved is lost by that."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.crash.disks import Disk
from tests.crash.ledger import found
from tests.crash.lives import DATABASE, record
from tests.crash.replay import lay_out
from tests.support.recording_vfs import Recording, Write, recording
from tests.support.watching import StillClock
from wardgate.store import Quarantine, Store

ROUNDS: Final = int(os.environ.get("WARDGATE_REPAIR_ROUNDS", "1"))
SEED: Final = 20261122
SHARE_OF_WRITES: Final = 0.3
"""Every renaming, removal and sync is a moment to look at, and so many of the writes."""


def _spoil(path: Path) -> None:
    """One page of messages in the database is rubbish, while the newest ones are still in the log."""
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute(
            "SELECT min(pageno) FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf'"
        ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 2048)
        file.write(b"\xa5" * 2048)


async def _opened(path: Path) -> tuple[set[bytes], Quarantine | None]:
    """What stands in the database after a start."""
    store, quarantine = Store.open_or_quarantine(path, StillClock())
    texts = set(found(store).texts.values())
    await store.close()
    return texts, quarantine


def _survivors(recorded: Recording) -> Iterator[tuple[int, dict[str, bytes], random.Random]]:
    for round_ in range(ROUNDS):
        disk = Disk(recorded.before)
        for cut, entry in enumerate(recorded.log):
            disk.follow(entry)
            rng = random.Random(f"{SEED} {cut} {round_}")
            if isinstance(entry, Write) and rng.random() > SHARE_OF_WRITES:
                continue
            yield cut, disk.survivor(rng), rng


@pytest.mark.slow
@pytest.mark.timeout(120 * ROUNDS)
async def test_a_repair_that_is_cut_off_is_begun_again(tmp_path: Path) -> None:
    broken, place = tmp_path / "broken", tmp_path / "place"
    broken.mkdir()
    place.mkdir()
    await record("before the damage", broken, SEED, steps=40)
    _spoil(broken / DATABASE)
    (broken / "wardgate.reserve").unlink()  # nothing of it is worth four megabytes in each state
    with recording(broken, "wardgate.") as recorded:
        saved, quarantine = await _opened(broken / DATABASE)
    assert quarantine is not None
    assert len(saved) > 20
    assert quarantine.messages_lost

    for cut, disk, rng in _survivors(recorded):
        lay_out(place, disk, rng)
        texts, _ = await _opened(place / DATABASE)
        assert texts == saved, f"cut {cut}: {len(saved - texts)} are lost, {len(texts - saved)} are new"
        again, quarantine = await _opened(place / DATABASE)
        assert (again, quarantine) == (saved, None), f"cut {cut}: the start after it"
        for left in (p for p in place.glob("wardgate.*") if p.suffix != ".reserve"):
            left.unlink()
