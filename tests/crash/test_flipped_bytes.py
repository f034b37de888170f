"""A failing card changes bytes: the hub starts all the same, a new alert leaves, and what was lost is said."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.crash.ledger import Ledger
from tests.crash.lives import DATABASE, ledger_of, record
from tests.crash.replay import lay_out
from tests.support.messages import BEGIN, alert, reading
from tests.support.watching import StillClock
from wardgate.contract.messages import Alert, Event, Reading, Upward
from wardgate.store import Kind, Lane, OutRow, Store

FLIPS: Final = int(os.environ.get("WARDGATE_FLIPS", "200"))
SEED: Final = int(os.environ.get("WARDGATE_SEED", "20261122"))
LOG_HEAD: Final = 32
FRAME_HEAD: Final = 24
PAGE: Final = 2048
"""SQLite's file format, 4.1."""
_TYPES: Final[dict[Kind, type[Upward]]] = {
    Kind.READING: Reading,
    Kind.CORRECTION: Reading,
    Kind.ALERT: Alert,
    Kind.EVENT: Event,
}


def _spoilt(disk: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    """One bit, a few bytes, or a whole sector, in the database or in its log."""
    name = rng.choice(sorted(disk))
    data = bytearray(disk[name])
    how = rng.choice(("bit", "bytes", "sector", "zeros"))
    match how:
        case "bit":
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case "bytes":
            for _ in range(rng.randint(1, 20)):
                data[rng.randrange(len(data))] = rng.randrange(256)
        case _:
            at = rng.randrange(len(data)) // 512 * 512
            data[at : at + 512] = rng.randbytes(512) if how == "sector" else bytes(512)
    return {**disk, name: bytes(data)}


async def _full(directory: Path) -> tuple[dict[str, bytes], Ledger]:
    life = await record("well", directory, SEED, steps=80)
    names = (DATABASE, f"{DATABASE}-wal")
    return {name: (directory / name).read_bytes() for name in names}, ledger_of(life, len(life.log))


def _waiting(store: Store) -> list[OutRow]:
    return [row for lane in Lane for row in store.next_rows(lane, 0, 10_000)]


def _problems_of(store: Store, ledger: Ledger, said: str | None) -> list[str]:
    """Everything that can be read is as it was handed in; what is missing was said."""
    problems = []
    for row in _waiting(store):
        message: Upward = msgspec.json.decode(row.payload, type=_TYPES[row.kind])
        if not ledger.knows(message) or (message.seq, message.epoch) != (row.seq, store.epoch):
            problems.append(f"number {row.seq} says what nobody handed in")
    shown: list[Upward] = [*store.readings(None, BEGIN), *store.alerts(BEGIN), *store.events(10_000)]
    problems += [f"{message.id} says what nobody handed in" for message in shown if not ledger.knows(message)]
    store.devices()
    if said is None and (missing := ledger.missing_in(store)):
        problems.append(f"lost without a word: {missing}")
    return problems


@pytest.mark.slow
@pytest.mark.timeout(120 + FLIPS)
async def test_it_starts_a_new_alert_leaves_and_the_loss_is_said(tmp_path: Path) -> None:
    place = tmp_path / "place"
    disk, ledger = await _full(_made(tmp_path / "full"))
    _made(place)
    told: list[str] = []
    quarantined = saved = 0
    for n in range(FLIPS):
        rng = random.Random(f"{SEED} {n}")
        lay_out(place, _spoilt(disk, rng), rng)
        for kept in place.glob("wardgate.damaged-*"):
            kept.unlink()
        store, quarantine = Store.open_or_quarantine(place / DATABASE, StillClock())
        try:
            quarantined += quarantine is not None
            saved += 0 if quarantine is None else quarantine.messages_saved
            problems = _problems_of(store, ledger, quarantine.sentence if quarantine else None)
            seq = await store.put_alert(alert(10**6))
            first = store.next_rows(Lane.ALERT, seq - 1, 1)
            if [row.seq for row in first] != [seq]:
                problems.append("the new alert is not in the queue")
        finally:
            await store.close()
        told += [f"seed {SEED}, flip {n}: {problem}" for problem in problems]
    assert not told, "\n".join(told[:10])
    assert quarantined > FLIPS // 10, "the flips hit nothing"
    assert saved / quarantined > 0.5 * len(ledger.promised.keys() - ledger.may_vanish), (
        "most of a database with one damaged place can be read"
    )


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


@pytest.mark.parametrize("where", [b"78.2", b'"priority":"high"'])
async def test_a_changed_digit_is_not_sent_to_the_ward(tmp_path: Path, where: bytes) -> None:
    """No check of the pages sees a byte that changes in the middle of a text."""
    _, ledger = await _full(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = bytearray((tmp_path / DATABASE).read_bytes())
    at = data.index(where) + len(where) - 2
    data[at] ^= 1
    (tmp_path / DATABASE).write_bytes(data)
    store, quarantine = Store.open_or_quarantine(tmp_path / DATABASE, StillClock())
    assert quarantine is not None
    assert "not what was written" in quarantine.reason
    assert quarantine.messages_lost == 1
    assert not _problems_of(store, ledger, quarantine.sentence)
    await store.close()


@pytest.mark.parametrize("where", ["head", "first", "middle"])
async def test_a_byte_changed_in_the_log_costs_a_page_and_not_all_that_was_written_behind_it(
    tmp_path: Path, where: str
) -> None:
    """SQLite takes the rest of such a log for what a power cut has ended, and leaves it out without a word."""
    path = tmp_path / DATABASE
    store = Store.open(path, StillClock())
    ledger = {(await store.put_reading(reading(n), arrival_s=1.0)).seq for n in range(1, 61)}
    log = path.with_name(f"{DATABASE}-wal")
    _made(tmp_path / "card")
    data = bytearray(log.read_bytes())
    frame = FRAME_HEAD + PAGE
    at = {"head": 12, "first": LOG_HEAD + 20 * frame, "middle": LOG_HEAD + len(data) // frame // 2 * frame}[where]
    data[at + FRAME_HEAD + 700 if where != "head" else at] ^= 16
    (tmp_path / "card" / log.name).write_bytes(data)
    (tmp_path / "card" / DATABASE).write_bytes(path.read_bytes())
    await store.close()
    store, quarantine = Store.open_or_quarantine(tmp_path / "card" / DATABASE, StillClock())
    found = {int(one.id, 16) for one in store.readings(None, BEGIN)}
    await store.close()
    assert quarantine is not None
    assert len(ledger - found) <= 3, "what stands on one page, of two readings to a page"
    assert found <= ledger
