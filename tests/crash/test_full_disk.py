"""The disk is full in mid-write: what was promised is there, alerts go on, and all goes on once there is room."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.crash.ledger import Given, Ledger, Promised
from tests.crash.lives import DATABASE
from tests.support.messages import alert, event, reading
from tests.support.watching import StillClock
from wardgate.contract.messages import Alert, Reading, Upward
from wardgate.store import Put, Store, StoreError, StoreFull

SEED: Final = 20261122
PAGE_BYTES: Final = 4096


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


def _fill(place: Path, leave_bytes: int) -> Path:
    """Leave so much room and no more. The file that has the rest."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for _ in range(max(0, shutil.disk_usage(place).free - leave_bytes) // PAGE_BYTES):
            file.write(bytes(PAGE_BYTES))
    return ballast


async def _put(store: Store, ledger: Ledger, messages: list[Upward]) -> list[Upward]:
    """Hand them in together. Which of them the store refused, each with the reason that the disk is full."""
    for message in messages:
        ledger.write(Given(message))
    results = await asyncio.gather(*(_future(store, message) for message in messages), return_exceptions=True)
    refused = []
    for message, result in zip(messages, results, strict=True):
        if isinstance(result, BaseException):
            assert isinstance(result, StoreFull), result
            refused.append(message)
        else:
            ledger.write(Promised(message, result.seq if isinstance(result, Put) else result))
    return refused


def _future(store: Store, message: Upward) -> asyncio.Future[Any]:
    if isinstance(message, Reading):
        return store.put_reading(message, arrival_s=1.0)
    return store.put_alert(message) if isinstance(message, Alert) else store.put_event(message)


@pytest.mark.root
@pytest.mark.parametrize("round_", range(8))
async def test_full_in_mid_write(small_disk: Path, round_: int) -> None:
    rng = random.Random(SEED + round_)
    path, ledger, n = small_disk / DATABASE, Ledger(), 0
    store = Store.open(path, StillClock())
    ballast = _fill(small_disk, rng.randrange(400_000))

    refused: list[Upward] = []
    while not refused:
        n += 20
        refused = await _put(store, ledger, [reading(n + k) for k in range(rng.randint(1, 20))])
    assert not await _put(store, ledger, [alert(k) for k in range(20)]), "alerts have a reserve"
    assert await _put(store, ledger, [event(k) for k in range(20)]), "events are the first that do without"
    assert not ledger.broken_by(store)

    await store.close()
    store, quarantine = Store.open_or_quarantine(path, StillClock())
    assert quarantine is None
    assert not ledger.broken_by(store), "a restart on a full disk"
    assert not await _put(store, ledger, [alert(k) for k in range(20, 40)]), "and alerts go on after it"

    ballast.unlink()
    assert not await _put(store, ledger, [*refused, event(99)]), "it goes on by itself"
    assert not ledger.broken_by(store)
    await store.close()


@pytest.mark.root
async def test_a_hub_whose_disk_was_filled_while_it_was_off_starts_and_stores_alerts(small_disk: Path) -> None:
    path, ledger = small_disk / DATABASE, Ledger()
    store = Store.open(path, StillClock())
    await _put(store, ledger, [reading(k) for k in range(500)])
    await store.close()
    ballast = _fill(small_disk, 0)

    store, quarantine = Store.open_or_quarantine(path, StillClock())
    assert quarantine is None
    assert not await _put(store, ledger, [alert(1)])
    with pytest.raises(StoreError):
        await store.put_reading(reading(1000), arrival_s=1.0)
    ballast.unlink()
    assert not await _put(store, ledger, [reading(1000)])
    assert not ledger.broken_by(store)
    await store.close()
