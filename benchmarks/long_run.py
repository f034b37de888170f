"""Ninety days in a home, in faster time: what grows in a hub that is never restarted.

A hub with its simulated devices in this process, broker and ward in processes of their own. Every day each device is
used once (radio links, a serial line) and somebody looks at the page; every tenth day the connection to the ward is cut
(a day lasts two seconds here, and the hub waits longer after every cut of a young connection). At the end of a day
everything has to be at the ward; then memory, open files, tasks, the database and all that was written are read off.

What grows in memory, counted over 26 days (sqlite3_memory_used, mallinfo2, tracemalloc, gc): of some 50 KiB a day, 17
are SQLite's page caches, which hold the young database whole, once a connection, and stop at 2 MiB each; 6 other
malloc; about 10 are Python's objects: the simulated devices' books of all they ever measured, which no hub has, and the
hub's own series, which are capped. The rest is pages that the allocators touch one after the other. Tasks, open files
and links stay as many as they were.

    python -m benchmarks.long_run [--days 90] [--keep benchmarks/long_run.json]
"""

from __future__ import annotations

import _sqlite3
import argparse
import asyncio
import ctypes
import gc
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import psutil

from wardgate.config import load
from wardgate.control.client import connect
from wardgate.hub import Hub
from wardgate_sim.backend import open_hub
from wardgate_sim.broker import HOST, broker, free_port
from wardgate_sim.children import Child
from wardgate_sim.clock import LeapClock
from wardgate_sim.home import Home
from wardgate_sim.hub_config import hub_config
from wardgate_sim.radio import Link
from wardgate_sim.scenario import parse

ARRIVE_S: Final = 120.0
CUT_DAYS: Final = 10
_HOME: Final = """
name = "long-run"
hub = "long-run"
patient_pseudonym = "Copper Heron 93"
assignment = "a-1"
timezone = "Europe/London"

[[device]]
id = "scale"
model = "and-uc-352ble"
address = "F0:00:00:00:00:01"
times = ["07:10"]

[[device]]
id = "cuff"
model = "and-ua-651ble"
address = "F0:00:00:00:00:02"
times = ["07:20"]

[[device]]
id = "oximeter"
model = "nonin-3230"
address = "F0:00:00:00:00:03"
times = ["07:30"]
options = { frame_period_s = 0.05, finger_s = 20.0 }

[[device]]
id = "bedside-oximeter"
model = "nonin-9560-serial"
times = ["21:00"]
options = { repeat_s = 0.5 }
"""


@dataclass(frozen=True, slots=True)
class Day:
    """What a day left behind."""

    readings: int
    rss_kib: int
    sqlite_kib: int
    """Of that, what SQLite holds: mostly its page caches."""
    open_files: int
    threads: int
    tasks: int
    database_kib: int
    written_kib: int
    """To the disk by this process, since it began; the file system's own journal is not in it."""


def main() -> int:
    """Print the days as they end, then the figures."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.long_run")
    words.add_argument("--days", type=int, default=90)
    words.add_argument("--keep", type=Path, default=Path("benchmarks/long_run.json"), help="where to keep the figures")
    given = words.parse_args()
    figures = run(given.days, told=lambda day, found: print(f"day {day:3}  {found}", flush=True))
    for name, value in figures.items():
        print(f"  {name:32} {value}")
    given.keep.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def run(days: int, told: Callable[[int, Day], None] = lambda _, __: None) -> dict[str, float]:
    """Live so many days; the figures by name."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(dir=".", prefix=".long-run-") as name:
        lived = asyncio.run(_live(Path(name).resolve(), days, told))
    return {"days": days, "took_s": round(time.monotonic() - began_s), **_figures(lived)}


def _figures(lived: list[Day]) -> dict[str, float]:
    """The second tenth of the days beside the last: what a hub needs to warm up is no growth."""
    tenth = max(1, len(lived) // 10)
    early, late = lived[tenth : 2 * tenth] or lived, lived[-tenth:]
    figures: dict[str, float] = {"readings": lived[-1].readings}
    for field in ("rss_kib", "sqlite_kib", "open_files", "threads", "tasks"):
        for when, some in (("early", early), ("late", late)):
            figures[f"{field}_{when}"] = statistics.median(asdict(day)[field] for day in some)
    readings = lived[-1].readings - lived[0].readings
    figures["database_bytes_per_reading"] = round(1024 * (lived[-1].database_kib - lived[0].database_kib) / readings)
    figures["written_bytes_per_reading"] = round(1024 * (lived[-1].written_kib - lived[0].written_kib) / readings)
    half = lived[len(lived) // 2]
    first, second = half.database_kib - lived[0].database_kib, lived[-1].database_kib - half.database_kib
    figures["database_growth_second_half_over_first"] = round(second / first, 2) if first else 0.0
    return figures


async def _live(directory: Path, days: int, told: Callable[[int, Day], None]) -> list[Day]:
    scenario = parse(_HOME, "long run")
    clock = LeapClock(datetime.now(ZoneInfo(scenario.timezone)).replace(hour=6, minute=0, second=0, microsecond=0))
    link = Link()
    home = Home(scenario, link, clock.utc)
    port = free_port()
    lived: list[Day] = []
    async with AsyncExitStack() as stack:
        stack.enter_context(broker(directory, port))
        words = ("--host", HOST, "--port", str(port), "--no-tls", "--database", str(directory / "ward.db"))
        command = (sys.executable, "-m", "wardgate", "ward", *words)
        ward = await stack.enter_async_context(Child("ward", command, lambda *_: None))
        await ward.said("Connected to")
        await home.start()
        stack.push_async_callback(home.stop)
        path = directory / "wardgate.toml"
        relay = Relay(port)
        await stack.enter_async_context(await relay.start())
        path.write_text(hub_config(home, directory, relay.port), encoding="utf-8")
        backend = await stack.enter_async_context(open_hub(link))
        hub = Hub(load(path), clock=clock, backend=backend)
        await hub.start()
        stack.push_async_callback(hub.stop)
        await home.pair()
        uses = list(home.plan(days, since=clock.utc()))
        for use in uses:
            clock.leap_to(max(use.at, clock.utc()))
            await home.use(use)
            async with asyncio.timeout(ARRIVE_S):
                await home.devices[use.device].asleep()
            if use is uses[-1] or uses[uses.index(use) + 1].day != use.day:
                await _evening(hub)
                if use.day % CUT_DAYS == CUT_DAYS - 1:
                    relay.cut()
                lived.append(_look(hub))
                told(use.day, lived[-1])
        taken = sum(len(book.taken) for book in home.books.values())
        if lived[-1].readings != taken:
            print(f"taken {taken}, stored {lived[-1].readings}")
    return lived


class Relay:
    """Stands between hub and broker, and hangs up when told."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def start(self) -> asyncio.Server:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def cut(self) -> None:
        """Hang up on everybody."""
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, self._broker_port)
        self._open |= {writer, back}
        await asyncio.gather(_carry(reader, back), _carry(there, writer))
        self._open -= {writer, back}


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _evening(hub: Hub) -> None:
    """All is at the ward, and somebody looks at everything."""
    async with asyncio.timeout(ARRIVE_S):
        await hub.drained()
    async with connect(Path(hub.config.hub.control_socket)) as client:
        await client.status()
        for channel in ("weight", "blood_pressure", "saturation"):
            await client.call("series", channel=channel, days=30)


def _look(hub: Hub) -> Day:
    gc.collect()
    this = psutil.Process()
    with closing(sqlite3.connect(f"file:{hub.config.database}?mode=ro", uri=True)) as database:
        pages, page_bytes = (database.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size"))
    return Day(
        readings=len(hub.store.readings(None, hub.clock.utc().replace(year=1970))),
        rss_kib=this.memory_info().rss // 1024,
        sqlite_kib=_sqlite_bytes() // 1024,
        open_files=this.num_fds(),
        threads=this.num_threads(),
        tasks=len(asyncio.all_tasks()),
        database_kib=pages * page_bytes // 1024,
        written_kib=this.io_counters().write_bytes // 1024,
    )


def _sqlite_bytes() -> int:
    """What the library that Python's sqlite3 stands on has allocated."""
    used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
    used.restype = ctypes.c_int64
    return int(used())


if __name__ == "__main__":
    raise SystemExit(main())
