"""Seeded schedules of everything that can go wrong between a device and the ward's database, many at a time.

A failure names its seed, and the same test runs it again: `WARDGATE_SEED=<seed> WARDGATE_SCHEDULES=1`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.faults.checker import verdict
from tests.faults.hub import Eye
from tests.faults.plan import planned
from tests.faults.street import street
from tests.support import mischief
from tests.support.certificates import Certificates
from tests.support.rabbitmq import RabbitMQ

SCHEDULES: Final = int(os.environ.get("WARDGATE_SCHEDULES", "200"))
SEED: Final = int(os.environ.get("WARDGATE_SEED", "20261122"))
AT_ONCE: Final = 8


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory whose fsync costs nothing: what a power cut leaves is tested elsewhere."""
    shm = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(prefix="wardgate-faults-", dir=shm if shm.is_dir() else None))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(300 + 3 * SCHEDULES)
async def test_whatever_happens_nothing_is_lost_doubled_or_disordered(
    memory: Path, rabbitmq: RabbitMQ, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many hubs, wards and brokers on one machine: what is only slow is not left for a new connection.
    monkeypatch.setattr("wardgate.deliver.session.PUBACK_DEADLINE_S", 10.0)
    eye = Eye(monkeypatch)
    mischief.install(monkeypatch)
    certificates = Certificates(memory / "authority")
    places, rabbit_place = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(1)  # a ward serves every hub of its broker
    totals: list[int] = []

    async def schedule(seed: int) -> str:
        plan = planned(seed)
        directory = memory / str(seed)
        directory.mkdir()
        async with rabbit_place if plan.broker == "rabbitmq" else places:
            try:
                async with street(plan, directory, certificates, rabbitmq, eye) as lived:
                    found = verdict(lived)
                    totals.append(sum(len(hub.book.acknowledged) for hub in lived.hubs))
            except TimeoutError:
                found = ["it did not come to rest"]
        if found:
            return "\n".join([f"WARDGATE_SEED={seed} WARDGATE_SCHEDULES=1", str(plan), *found])
        shutil.rmtree(directory)
        return ""

    failures = [text for text in await asyncio.gather(*map(schedule, range(SEED, SEED + SCHEDULES))) if text]
    assert not failures, "\n\n".join(failures)
    assert min(totals) > 20, "a schedule measured too little to mean anything"
