"""A run of a fleet: it connects, measures for a while, loses the broker, comes back; then what became of it all."""

from __future__ import annotations

import asyncio
import math
import os
import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from wardgate.config import Broker
from wardgate_sim.broker import HOST
from wardgate_sim.fleet.light_hub import Ledger, LightHub, names
from wardgate_sim.fleet.processes import Cost, OwnBroker, OwnWard, cost

CONNECTING_THREADS: Final = 64
DRAIN_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Outage:
    """The broker is gone from `after_s` on, for `for_s`."""

    after_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played."""

    hubs: int
    every_s: float
    """A hub makes a reading every so often, on average."""
    for_s: float
    outage: Outage | None = None
    broker: Broker | None = None
    """Somebody else's broker, with a ward on it; None: both are started here. `{hub}` in a name of its user or of its
    files is each hub's own."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. Latencies from a reading's making to the ward's word; the outage is in them."""

    hubs: int
    made: int
    at_ward: int | None
    """Distinct readings in the ward's database; None where it is not ours."""
    unanswered: int
    sent_again: int
    seconds: float
    readings_per_s: float
    latency_p50_s: float
    latency_p99_s: float
    connect_all_s: float
    """From the first connection to the last, at the start."""
    reconnect_half_s: float | None
    reconnect_all_s: float | None
    """After the outage."""
    connects: int
    failed_connects: int
    fleet_cpu_us_per_reading: float
    fleet_kib_per_hub: float
    broker_cpu_us_per_reading: float | None
    broker_kib_per_hub: float | None
    ward_cpu_us_per_reading: float | None

    @property
    def well(self) -> bool:
        """Whether every reading is at the ward, and nothing else."""
        return self.unanswered == 0 and self.at_ward in (None, self.made)

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class Fleet:
    """Play a plan once."""

    def __init__(self, plan: Plan, directory: Path, told: Callable[[str], None] = lambda _: None) -> None:
        self._plan = plan
        self._directory = directory
        self._told = told
        self._ledger = Ledger()
        self._may_connect = asyncio.Event()
        self._hubs: list[LightHub] = []
        self._own: OwnBroker | None = None
        self._ward: OwnWard | None = None
        self._reconnected: tuple[float, float] | None = None

    async def run(self) -> Report:
        """Start what is needed, play, wait until all is answered, and count.

        Raises:
            NoBrokerError: none was named and there is no mosquitto.
            TimeoutError: hubs could not connect, or the ward never answered.
        """
        loop, plan = asyncio.get_running_loop(), self._plan
        loop.set_default_executor(ThreadPoolExecutor(CONNECTING_THREADS))
        async with AsyncExitStack() as stack:
            settings = plan.broker or await self._start_own(stack)
            before = cost(os.getpid())
            self._hubs = [
                LightHub(name, _of_hub(settings, name), self._ledger, random.Random(f"{plan.seed} {name}"))
                for name in names(plan.hubs)
            ]
            tasks = [loop.create_task(hub.run(self._may_connect), name=hub.hub) for hub in self._hubs]
            stack.push_async_callback(_end, tasks)
            began_s = loop.time()
            self._may_connect.set()
            await self._connected(plan.hubs)
            connect_all_s = loop.time() - began_s
            self._told(f"{plan.hubs} hubs are connected after {connect_all_s:.1f} s.")
            costs = self._costs()
            played_s = await self._play()
            return self._report(before, costs, connect_all_s, played_s)

    async def _start_own(self, stack: AsyncExitStack) -> Broker:
        self._own = own = OwnBroker(self._directory)
        await own.start()
        stack.push_async_callback(own.kill)
        self._ward = ward = OwnWard(self._directory, HOST, own.port)
        await ward.start()
        stack.push_async_callback(ward.stop)
        return Broker(host=HOST, port=own.port, tls=False)

    async def _play(self) -> float:
        """Seconds in which readings were made and answered."""
        loop, plan = asyncio.get_running_loop(), self._plan
        began_s = loop.time()
        measuring = [loop.create_task(hub.measure(plan.every_s)) for hub in self._hubs]
        outage = plan.outage
        if outage is not None:
            await asyncio.sleep(outage.after_s)
            await self._lose_broker(outage.for_s)
        await asyncio.sleep(max(0.0, began_s + plan.for_s - loop.time()))
        await _end(measuring)
        self._told(f"{self._ledger.made} readings were made; waiting for the ward.")
        async with asyncio.timeout(DRAIN_S):
            while any(hub.waiting for hub in self._hubs):
                await self._change()
        return loop.time() - began_s

    async def _lose_broker(self, for_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._told(f"The broker is gone for {for_s:g} s.")
        self._may_connect.clear()
        if self._own is not None:
            await self._own.kill()
        else:
            for hub in self._hubs:
                hub.drop()
        await asyncio.sleep(for_s)
        if self._own is not None:
            await self._own.start()
        back_s = loop.time()
        self._may_connect.set()
        await self._connected(self._plan.hubs // 2)
        half_s = loop.time() - back_s
        await self._connected(self._plan.hubs)
        self._reconnected = (half_s, loop.time() - back_s)
        self._told(f"Half of the hubs are back after {half_s:.1f} s, all after {self._reconnected[1]:.1f} s.")

    async def _connected(self, hubs: int) -> None:
        try:
            async with asyncio.timeout(DRAIN_S):
                while self._ledger.connected < hubs:
                    await self._change()
        except TimeoutError as error:
            why = self._ledger.refusal or "The last one was lost again and again."
            raise TimeoutError(f"{self._ledger.connected} of {hubs} hubs are connected. {why}") from error

    async def _change(self) -> None:
        self._ledger.changed.clear()
        await self._ledger.changed.wait()

    def _costs(self) -> dict[str, Cost]:
        """Of this process, of the broker and of the ward."""
        found = {"fleet": cost(os.getpid())}
        if self._own is not None and self._ward is not None:
            found |= {"broker": cost(self._own.pid), "ward": cost(self._ward.pid)}
        return found

    def _report(self, before: Cost, began: dict[str, Cost], connect_all_s: float, played_s: float) -> Report:
        ledger, plan, now = self._ledger, self._plan, self._costs()
        restarted = self._own is not None and plan.outage is not None

        def cpu_us(of: str) -> float | None:
            if of not in now:
                return None
            since_s = 0.0 if of == "broker" and restarted else began[of].cpu_s
            return round((now[of].cpu_s - since_s) / max(ledger.made, 1) * 1e6, 1)

        return Report(
            hubs=plan.hubs,
            made=ledger.made,
            at_ward=None if self._ward is None else _count(self._ward.database),
            unanswered=sum(hub.waiting for hub in self._hubs),
            sent_again=ledger.sent - ledger.made,
            seconds=round(played_s, 1),
            readings_per_s=round(ledger.answered / played_s, 1),
            latency_p50_s=_percentile(ledger.latency_s, 0.50),
            latency_p99_s=_percentile(ledger.latency_s, 0.99),
            connect_all_s=round(connect_all_s, 2),
            reconnect_half_s=None if self._reconnected is None else round(self._reconnected[0], 2),
            reconnect_all_s=None if self._reconnected is None else round(self._reconnected[1], 2),
            connects=ledger.connects,
            failed_connects=ledger.failed_connects,
            fleet_cpu_us_per_reading=cpu_us("fleet") or 0.0,
            fleet_kib_per_hub=round((began["fleet"].rss_mib - before.rss_mib) * 1024 / plan.hubs, 1),
            broker_cpu_us_per_reading=cpu_us("broker"),
            broker_kib_per_hub=round(now["broker"].rss_mib * 1024 / plan.hubs, 1) if "broker" in now else None,
            ward_cpu_us_per_reading=cpu_us("ward"),
        )


def _of_hub(settings: Broker, hub: str) -> Broker:
    return msgspec.structs.replace(
        settings,
        **{
            name: text.replace("{hub}", hub)
            for name in ("username", "password_file", "cert_file", "key_file")
            if (text := getattr(settings, name)) is not None
        },
    )


def _percentile(values: list[float], share: float) -> float:
    if not values:
        return math.nan
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 3)


def _count(database: Path) -> int:
    with closing(sqlite3.connect(database)) as ward:
        return int(ward.execute("SELECT count(DISTINCT hub || id) FROM readings").fetchone()[0])


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
