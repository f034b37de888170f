"""How fast the store keeps readings, beside what the disk itself can do in the same moment.

The unit is one `write` + `fdatasync` of one reading's bytes to a file beside the database. Slices of all three are
interleaved, so that whatever else the machine does falls on each.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from tests.support import messages
from wardgate.clock import SystemClock
from wardgate.contract.messages import Reading
from wardgate.store import Store

ROUNDS: Final = 20
ALONE: Final = 100
"""Readings a round, each with its own commit."""
GROUPED: Final = 3000
"""Readings a round, a hundred to a commit."""
GROUP: Final = 100


def reading(n: int, hub: str = "bench") -> Reading:
    """The n-th reading of a scale, its id spread as a hash would be."""
    spread = f"{n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
    return msgspec.structs.replace(messages.reading(n, hub=hub), id=spread)


def _fdatasync_s(fd: int, text: bytes, n: int) -> float:
    began_s = time.perf_counter()
    for _ in range(n):
        os.write(fd, text)
        os.fdatasync(fd)
    return time.perf_counter() - began_s


async def _put_s(store: Store, first: int, n: int) -> float:
    """Seconds until all of them are on the disk. They are queued at once: it is the rate that is asked for."""
    readings = [reading(i) for i in range(first, first + n)]
    began_s = time.perf_counter()
    await asyncio.gather(*[store.put_reading(r, arrival_s=r.time.boottime_s) for r in readings])
    return time.perf_counter() - began_s


async def _measure(directory: Path) -> dict[str, object]:
    alone = Store.open(directory / "alone.db", SystemClock(), max_group=1)
    grouped = Store.open(directory / "grouped.db", SystemClock(), max_group=GROUP)
    text = msgspec.json.encode(reading(0))
    fd = os.open(directory / "plain", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    await _put_s(alone, 10**9, 50)
    await _put_s(grouped, 10**9, 50)
    sync_s, alone_s, grouped_s = [], [], []
    for number in range(ROUNDS):
        before_s = _fdatasync_s(fd, text, ALONE // 2)
        alone_s.append(await _put_s(alone, number * ALONE, ALONE) / ALONE)
        sync_s.append((before_s + _fdatasync_s(fd, text, ALONE // 2)) / (ALONE // 2 * 2))
        grouped_s.append(await _put_s(grouped, number * GROUPED, GROUPED) / GROUPED)
    os.close(fd)
    await alone.close()
    await grouped.close()
    sync, one, many = median(sync_s), median(alone_s), median(grouped_s)
    own = many - sync / GROUP
    return {
        "fdatasync_per_s": round(1 / sync),
        "store_one_per_commit_per_s": round(1 / one),
        "store_100_per_commit_per_s": round(1 / many),
        "one_per_commit_over_fdatasync": round(median(s / a for s, a in zip(sync_s, alone_s, strict=True)), 3),
        "grouped_100_over_fdatasync": round(median(s / g for s, g in zip(sync_s, grouped_s, strict=True)), 2),
        "grouped_own_us_per_reading": round(own * 1e6, 1),
        # With t for one fdatasync and c for the store's own work on a reading, the grouped rate is 60 times the
        # other where 100 t / (100 c + t) >= 60: on a disk (an SD card) whose fdatasync takes 150 c or more.
        "grouped_reaches_60x_where_fdatasync_takes_ms": round(own * 150 * 1e3, 2),
    }


def run() -> dict[str, object]:
    """Measure. The directory is WARDGATE_BENCH_DIR, or a temporary one: name one on the disk that counts."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("WARDGATE_BENCH_DIR")) as directory:
        return asyncio.run(_measure(Path(directory)))


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
