"""A full disk, a damaged file, a killed process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.messages import BEGIN, alert, event, reading
from wardgate.clock import SystemClock
from wardgate.store import Put, Store, StoreCorrupt, StoreError, StoreFull
from wardgate.store.reserve import Reserve


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "none", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _fill(place: Path) -> Path:
    """Take all the room there is. The file that has it."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))
    return ballast


@pytest.mark.root
async def test_a_full_disk_acknowledges_nothing_lets_alerts_through_and_recovers(small_disk: Path) -> None:
    store = Store.open(small_disk / "wardgate.db", SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    ballast = _fill(small_disk)
    kept = n = 1
    full = ""
    while not full:
        n += 1
        try:
            await store.put_reading(reading(n), arrival_s=1.0)
            kept += 1
        except StoreFull as error:
            full = str(error)
    assert "Free some space" in full
    for k in range(20):
        await store.put_alert(alert(k))
    with pytest.raises(StoreFull, match="only alerts are stored"):
        await store.put_reading(reading(n), arrival_s=1.0)
    with pytest.raises(StoreError):
        await store.put_event(event(1))
    assert len(store.readings("weight", BEGIN)) == kept
    assert len(store.open_alerts()) == 20

    ballast.unlink()
    assert (await store.put_reading(reading(n), arrival_s=1.0)).new
    assert len(store.readings("weight", BEGIN)) == kept + 1
    await store.close()


async def test_a_full_database_fails_clearly_and_goes_on_when_there_is_room(store: Store) -> None:
    """The same without root: SQLite is told that there is no room."""
    await store.put_reading(reading(1), arrival_s=1.0)
    await store.write(lambda c: c.execute(f"PRAGMA max_page_count = {c.execute('PRAGMA page_count').fetchone()[0]}"))
    big = [store.put_reading(reading(n), arrival_s=1.0) for n in range(2, 50)]
    results = await asyncio.gather(*big, return_exceptions=True)

    failed = [r for r in results if isinstance(r, StoreFull)]
    put = [r for r in results if isinstance(r, Put)]
    assert failed
    assert "is full" in str(failed[0])
    assert len(failed) + len(put) == len(results)
    assert len(store.readings("weight", BEGIN)) == 1 + len(put), "what failed was not kept, what was kept did not fail"
    await store.write(lambda c: c.execute("PRAGMA max_page_count = 1000000"))
    assert (await store.put_reading(reading(99), arrival_s=1.0)).seq == 2 + len(put), "the numbers have no gap"


def test_the_reserve_gives_its_space_back_and_takes_it_again(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 1024 * 1024)
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1024 * 1024
    assert reserve.release()
    assert not (tmp_path / "reserve").exists()
    assert not reserve.release()
    assert reserve.restore()
    assert reserve.held


def _spoil(path: Path, page: int) -> None:
    """Overwrite one page as a failing card does."""
    with path.open("r+b") as file:
        file.seek((page - 1) * 2048)
        file.write(b"\xa5" * 2048)


def _bytes(file: str) -> bytes:
    return Path(file).read_bytes()


def _put_bytes(file: Path, what: bytes) -> None:
    file.write_bytes(what)


async def _filled(path: Path) -> None:
    store = Store.open(path, SystemClock())
    await asyncio.gather(*[store.put_reading(reading(n), arrival_s=1.0) for n in range(1, 301)])
    await store.put_alert(alert(1))
    await store.put_detector_state("weight", b"state")
    await store.count("scale", "no_reading", 7)
    await store.mark_done(100)
    await store.close()


async def test_a_damaged_database_is_set_aside_and_what_can_be_read_lives_on(path: Path) -> None:
    await _filled(path)
    connection = sqlite3.connect(path)
    (page,) = connection.execute(
        "SELECT pageno FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf' ORDER BY pageno DESC LIMIT 1"
    ).fetchone()
    connection.close()
    _spoil(path, page)
    with pytest.raises(StoreCorrupt, match="damaged"):
        Store.open(path, SystemClock())

    store, quarantine = Store.open_or_quarantine(path, SystemClock())

    assert quarantine is not None
    assert _bytes(quarantine.moved_to)
    assert quarantine.messages_saved + quarantine.messages_lost >= 299
    assert 1 <= 301 - quarantine.messages_saved <= 4, "one page was lost, and no more"
    assert "saved" in quarantine.sentence
    counts = store.outbox_counts()
    assert counts.at_ward == 100
    assert counts.waiting == quarantine.messages_saved - 100
    assert store.detector_state("weight") == b"state"
    assert await store.put_reading(reading(50), arrival_s=1.0) == Put(new=False, seq=50), "its id is still known"
    await store.put_alert(alert(2))
    assert "alert-2" in [a.id for a in store.open_alerts()]
    await store.close()
    store, quarantine = Store.open_or_quarantine(path, SystemClock())
    assert quarantine is None
    await store.close()


@pytest.mark.parametrize("rubbish", [b"no database at all" * 1000, b"SQLite format 3\0" + bytes(5000)])
async def test_a_file_that_is_no_database_does_not_stop_the_hub(path: Path, rubbish: bytes) -> None:
    _put_bytes(path, rubbish)
    store, quarantine = Store.open_or_quarantine(path, SystemClock())
    assert quarantine is not None
    assert quarantine.messages_saved == 0
    assert _bytes(quarantine.moved_to) == rubbish
    assert (await store.put_alert(alert(1))) == 1
    await store.close()


_WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from tests.support.messages import reading
from wardgate.clock import SystemClock
from wardgate.store import Store

async def main():
    store = Store.open(Path(sys.argv[1]), SystemClock())
    n = int(sys.argv[2])
    while True:
        group = range(n, n + 20)
        puts = await asyncio.gather(*[store.put_reading(reading(i), arrival_s=1.0) for i in group])
        print(*[f"{i}:{p.seq}" for i, p in zip(group, puts)], flush=True)
        n += 20

asyncio.run(main())
"""


def _killed_writer(path: Path, first: int, after_lines: int) -> bytes:
    """What a process that writes said was done, until it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITE_FOR_EVER, str(path), str(first)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(after_lines)]
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    process.stdout.close()
    process.wait(10)
    return b" ".join(line for line in lines if line.endswith(b"\n"))


async def test_whatever_was_promised_is_there_after_kill_9(path: Path) -> None:
    promised: dict[int, int] = {}
    for round_ in range(5):
        for word in _killed_writer(path, first=1 + round_ * 100_000, after_lines=3 + 7 * round_).split():
            n, seq = word.split(b":")
            promised[int(n)] = int(seq)
        store = Store.open(path, SystemClock())
        kept = {r.id: r.seq for r in store.readings("weight", BEGIN)}
        assert sorted(kept.values()) == list(range(1, len(kept) + 1)), "the numbers have no gap"
        assert {reading(n).id: seq for n, seq in promised.items()}.items() <= kept.items()
        await store.close()
    assert len(promised) >= 5 * 3 * 20
