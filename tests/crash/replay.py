"""Open what a power cut may leave, state by state, in several processes."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from tests.crash.disks import Disk
from tests.crash.ledger import Given, Ledger, Line
from tests.crash.lives import DATABASE, Life, as_version
from tests.support.messages import reading
from tests.support.recording_vfs import Mark
from tests.support.watching import StillClock
from wardgate.contract.messages import Reading
from wardgate.store import Store, StoreError

MEMORY: Final = Path("/dev/shm")
SHOWN: Final = 5
"""Failures told of one life; the first says most."""
_TWICE: Final = 16
"""One state in so many is closed and opened once more."""

_FAILURES: Final = (StoreError, sqlite3.Error, OSError, ValueError, msgspec.DecodeError)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`states` different disks were opened; `broken` says what was wrong with how many of them, and with the first."""

    states: int
    broken: int
    told: tuple[str, ...]


def replay(life: Life, states: int, seed: int, processes: int | None = None) -> Verdict:
    """Open `states` different disks that cuts in this life may leave, spread over all of its moments.

    What is found has the life's name, the cut and the round: with the same seed they give the same disk again.
    """
    shares = processes or min(os.cpu_count() or 1, 4)
    bounds = [len(life.log) * k // shares for k in range(shares + 1)]
    spawn = multiprocessing.get_context("spawn")  # a fork would copy the writer's locks without its threads
    with ProcessPoolExecutor(shares, spawn) as pool:
        one = partial(_replay_part, life, states // shares, seed)
        verdicts = list(pool.map(one, bounds, bounds[1:]))
    return Verdict(
        sum(v.states for v in verdicts),
        sum(v.broken for v in verdicts),
        tuple(line for v in verdicts for line in v.told)[:SHOWN],
    )


def _replay_part(life: Life, states: int, seed: int, first: int, end: int) -> Verdict:
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="wardgate-crash-") as place, as_version(life.migrations):
        return asyncio.run(_open_all(life, states, seed, range(first, end), Path(place)))


async def _open_all(life: Life, states: int, seed: int, cuts: range, place: Path) -> Verdict:
    opened = broken = 0
    told: list[str] = []
    for where, disk, ledger, rng in _survivors(life, states, seed, cuts):
        opened += 1
        problems = await faults(place, disk, ledger, rng)
        if problems:
            broken += 1
            told.append(f"{life.name}, seed {seed}, {where}: {'; '.join(problems)}"[:2000])
    return Verdict(opened, broken, tuple(told[:SHOWN]))


def _survivors(
    life: Life, states: int, seed: int, cuts: range
) -> Iterator[tuple[str, dict[str, bytes], Ledger, random.Random]]:
    """Different disks, as many as are asked for or as there are."""
    seen: set[int] = set()
    step = max(1, len(cuts) // max(states, 1))
    for round_ in count():
        before = len(seen)
        disk, ledger, lines = Disk(life.before), copy.deepcopy(life.known), 0
        for cut, entry in enumerate(life.log[: cuts.stop]):
            disk.follow(entry)
            if isinstance(entry, Mark):
                line: Line = entry.what
                ledger.write(line)
                lines += 1
            if cut not in cuts or (cut + round_) % step:
                continue
            rng = random.Random(f"{seed} {cut} {round_}")
            survivor = disk.survivor(rng)
            key = hash((lines, *survivor.items()))
            if key not in seen:
                seen.add(key)
                yield f"cut {cut}, round {round_}", survivor, ledger, rng
                if len(seen) >= states:
                    return
        if len(seen) == before and round_ >= step:
            return


def lay_out(place: Path, disk: dict[str, bytes], rng: random.Random) -> None:
    """Put files where the store will look; the shared memory of the last life is anything, or gone."""
    for old in (*place.glob(f"{DATABASE}*"), (place / DATABASE).with_suffix(".mark")):
        old.unlink(missing_ok=True)
    for name, data in disk.items():
        (place / name).write_bytes(data)
    if rng.random() < 0.2:
        (place / f"{DATABASE}-shm").write_bytes(rng.randbytes(32768))


async def faults(place: Path, disk: dict[str, bytes], ledger: Ledger, rng: random.Random) -> list[str]:
    """Start a hub's store on this disk, as the hub does. What is wrong with it; nothing when all is well."""
    lay_out(place, disk, rng)
    further = [reading(10**9), reading(10**9 + 1)]
    for message in further:
        ledger.write(Given(message))
    problems = await _lived_on(place, ledger, further[0])
    if rng.randrange(_TWICE) == 0 and not problems:
        problems = [f"the second time: {p}" for p in await _lived_on(place, ledger, further[1])]
    return problems


async def _lived_on(place: Path, ledger: Ledger, further: Reading) -> list[str]:
    """A power cut alone must never lead to a quarantine."""
    try:
        store, quarantine = Store.open_or_quarantine(place / DATABASE, StillClock())
    except _FAILURES as error:
        return [f"it does not open: {error!r}"]
    problems = [] if quarantine is None else [f"it was set aside: {quarantine.reason} {quarantine.sentence}"]
    try:
        last = store.last_seq
        problems += ledger.broken_by(store)
        put = await store.put_reading(further, arrival_s=1.0)
        if not put.new or put.seq != last + 1:
            problems.append(f"a new reading has the number {put.seq} after {last}")
    except _FAILURES as error:
        problems.append(f"it cannot be used: {error!r}")
    finally:
        await store.close()
    return problems
