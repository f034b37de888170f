"""The power fails at any moment: nothing that was promised is lost, and the hub starts every time.

`make soak` opens a million states; `WARDGATE_CRASH_STATES` says how many.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.crash.disks import Disk
from tests.crash.ledger import Given, Promised
from tests.crash.lives import DATABASE, FURTHER, Life, ledger_of, record
from tests.crash.replay import lay_out, replay
from tests.support.recording_vfs import Mark, Sync
from wardgate.store import Store

STATES: Final = int(os.environ.get("WARDGATE_CRASH_STATES", "10000"))
SEED: Final = int(os.environ.get("WARDGATE_SEED", "20261122"))
SHARE: Final = {"new": 0.4, "after a power cut": 0.4, "a later version": 0.2}


def _cut_at(life: Life, place: Path, cut: int, rng: random.Random) -> None:
    """Lay out one of the disks that this life leaves when it is cut there."""
    disk = Disk(life.before)
    for entry in life.log[:cut]:
        disk.follow(entry)
    place.mkdir()
    lay_out(place, disk.survivor(rng), rng)


def _age(path: Path) -> None:
    """Make of it what the first version would have made."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("""
            BEGIN;
            DROP TABLE undated;
            DROP TABLE audit;
            ALTER TABLE readings DROP COLUMN newest_seq;
            ALTER TABLE messages DROP COLUMN crc;
            DELETE FROM meta WHERE key = 'version';
            PRAGMA user_version = 1;
            COMMIT;
        """)


@pytest.mark.slow
@pytest.mark.timeout(120 + STATES // 50)
async def test_nothing_promised_is_lost_and_it_starts_every_time(tmp_path: Path) -> None:
    """A new hub; one that starts after a power cut in that; one of the first version that is given a later one."""
    rng = random.Random(SEED)
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    first.mkdir()
    new = await record("new", first, SEED, steps=120)
    cut = rng.randrange(len(new.log) // 3, len(new.log) * 2 // 3)
    _cut_at(new, second, cut, rng)
    after = await record("after a power cut", second, SEED + 1, steps=60, known=ledger_of(new, cut))
    cut = rng.randrange(len(after.log) // 3, len(after.log) * 2 // 3)
    _cut_at(after, third, cut, rng)
    _age(third / DATABASE)
    later = await record("a later version", third, SEED + 2, steps=15, known=ledger_of(after, cut), migrations=FURTHER)

    verdicts = [replay(life, round(STATES * SHARE[life.name]), SEED) for life in (new, after, later)]

    assert not sum(v.broken for v in verdicts), "\n".join(line for v in verdicts for line in v.told)
    assert sum(v.states for v in verdicts) >= STATES * 0.99


def _pragma(level: str) -> Callable[[Store], None]:
    return lambda store: store._writer._connection.execute(f"PRAGMA synchronous = {level}").close()


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
async def test_a_store_that_does_not_wait_for_the_disk_is_found_out(tmp_path: Path, level: str) -> None:
    life = await record("careless", tmp_path, SEED, steps=30, prepare=_pragma(level))
    verdict = replay(life, 60, SEED)
    assert verdict.broken, "the check is blind"
    assert any("promised and gone" in line for line in verdict.told)


async def test_a_card_that_lies_about_syncing_is_found_out(tmp_path: Path) -> None:
    """The same for the fsync itself: without it the same writes in the same order are not enough."""
    life = await record("lied to", tmp_path, SEED, steps=60)
    deaf = Life(life.name, life.before, [e for e in life.log if not isinstance(e, Sync)], life.known, life.migrations)
    assert replay(deaf, 60, SEED).broken


async def test_a_promise_that_comes_before_the_commit_is_found_out(tmp_path: Path) -> None:
    """If a future were done as soon as it is given, some state would show it."""
    life = await record("rash", tmp_path, SEED, steps=30)
    promised = {e.what.message.id: e for e in life.log if isinstance(e, Mark) and isinstance(e.what, Promised)}
    rash = [
        also
        for entry in life.log
        for also in (
            (entry, promised[entry.what.message.id])
            if isinstance(entry, Mark) and isinstance(entry.what, Given)
            else (entry,)
        )
    ]
    assert replay(Life(life.name, life.before, rash, life.known, life.migrations), 60, SEED).broken
