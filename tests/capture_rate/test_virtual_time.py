"""Virtual time: what would take days takes no time, and what is real is waited for."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wardgate.store.store import Store
from wardgate_sim.virtual_time import StandstillError, VirtualClock, run, running_loop

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_days_go_by_in_the_order_of_their_timers() -> None:
    async def main() -> list[tuple[str, float]]:
        seen = []

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, round(running_loop().time(), 3)))

        await asyncio.gather(sleeper("week", 7 * 86400.0), sleeper("hour", 3600.0), sleeper("blink", 0.001))
        return seen

    assert run(main()) == [("blink", 0.001), ("hour", 3600.0), ("week", 604800.0)]


def test_a_deadline_falls_before_what_is_later() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5.0):
                await asyncio.sleep(6.0)
        return running_loop().time()

    assert run(main()) == pytest.approx(5.0)


def test_the_clock_stands_still_for_a_job_in_a_thread() -> None:
    async def main() -> float:
        async def tick() -> None:
            await asyncio.sleep(1000.0)

        ticking = asyncio.create_task(tick())
        await asyncio.to_thread(time.sleep, 0.05)
        now_s = running_loop().time()
        ticking.cancel()
        return now_s

    assert run(main()) == 0.0


def test_the_clock_stands_still_for_a_commit(tmp_path: Path) -> None:
    async def main() -> float:
        loop = running_loop()
        store = Store.open(tmp_path / "wardgate.db", VirtualClock(loop, START))
        loop.heed(lambda: store.is_at_work)
        overtaken = asyncio.create_task(asyncio.sleep(0.001))
        await store.write(lambda _: time.sleep(0.05))
        assert not overtaken.done()
        now_s = loop.time()
        await overtaken
        await store.close()
        return now_s

    assert run(main()) == 0.0


def test_the_clock_of_the_hub_is_the_loop_s() -> None:
    async def main() -> tuple[datetime, float]:
        await asyncio.sleep(10.0)
        clock = VirtualClock(running_loop(), START)
        await asyncio.sleep(3600.0)
        return clock.utc(), clock.boottime_s()

    utc, boottime_s = run(main())
    assert abs(utc - (START + timedelta(hours=1))) < timedelta(milliseconds=1)
    assert boottime_s == pytest.approx(3610.0)


def test_waiting_for_nothing_is_an_error() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StandstillError):
        run(main())


async def test_a_common_loop_is_refused() -> None:
    with pytest.raises(RuntimeError, match="virtual time"):
        running_loop()
