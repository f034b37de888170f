"""A backlog of 100,000 readings, from the outbox to the ward's acknowledgement, beside bare paho.

The measure is paho alone, publishing the same bytes with the same window to the same mosquitto until the last PUBACK,
with nobody listening. It runs before and after the drain, so that the machine's other business falls on both. Hub, ward
and broker are processes of their own, as in life.

On a machine that has no core to spare the ratio says little: three processes that wait for one another lose more to
other business than two do. The processor's time of a message stands beside it, for hub, ward and bare paho.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.store import reading
from wardgate.clock import SystemClock
from wardgate.config import Broker
from wardgate.store import Lane, Store

MESSAGES: Final = int(os.environ.get("WARDGATE_BENCH_MESSAGES", "100000"))
WINDOW: Final = 100
HUB: Final = "bench"
_QUEUE: Final = 50_000
"""paho's own queue ends at 65,535."""


def _settings(port: int) -> Broker:
    return Broker(host="127.0.0.1", port=port, tls=False)


@contextlib.contextmanager
def _mosquitto(directory: Path) -> Iterator[int]:
    """The reference broker, with the settings of the tests."""
    from tests.support.mosquitto import Mosquitto

    broker = Mosquitto(directory / "broker", max_inflight=1000)
    broker.start()
    try:
        yield broker.port
    finally:
        broker.stop()


async def _fill(database: Path) -> None:
    store = Store.open(database, SystemClock())
    for first in range(0, MESSAGES, 1000):
        page = (reading(n, HUB) for n in range(first, min(first + 1000, MESSAGES)))
        await asyncio.gather(*[store.put_reading(r, arrival_s=r.time.boottime_s) for r in page])
    await store.close()


def bare(port: int, database: Path) -> dict[str, float]:
    """paho alone, with its network thread, as its documentation shows it."""
    from paho.mqtt.client import Client, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    store = Store.open(database, SystemClock())
    payloads = [row.payload for row in store.next_rows(Lane.BACKFILL, 0, MESSAGES)]
    client = Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTv5)
    client.max_inflight_messages_set(WINDOW)
    connected, finished = threading.Event(), threading.Event()
    acknowledged = 0

    def on_publish(*_: object) -> None:
        nonlocal acknowledged
        acknowledged += 1
        if acknowledged == len(payloads):
            finished.set()

    client.on_connect = lambda *_: connected.set()
    client.on_publish = on_publish
    client.connect("127.0.0.1", port)
    client.loop_start()
    connected.wait()
    make: Any = Properties
    properties = make(PacketTypes.PUBLISH)
    properties.ContentType = "application/json"
    cpu_s, began_s = time.process_time(), time.perf_counter()
    for n, payload in enumerate(payloads):
        while n - acknowledged > _QUEUE:
            time.sleep(0.01)
        client.publish(f"bare/1/{HUB}/up/reading", payload, qos=1, properties=properties)
    finished.wait()
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    client.disconnect()
    client.loop_stop()
    return {"seconds": took_s, "cpu_s": cpu_s}


async def hub(port: int, database: Path) -> dict[str, float]:
    """The hub's own store and sender, until the ward has acknowledged the last one."""
    from wardgate.deliver import Sender

    store = Store.open(database, SystemClock())
    sender = Sender(_settings(port), HUB, store, SystemClock(), lambda _: None, version="bench")
    process = psutil.Process()
    rss, peak = process.memory_info().rss, 0
    cpu_s, began_s = time.process_time(), time.perf_counter()
    task = asyncio.create_task(sender.run())
    drained = asyncio.create_task(sender.wait_drained())
    while not drained.done():
        await asyncio.wait([drained], timeout=0.5)
        peak = max(peak, process.memory_info().rss)
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()
    return {"seconds": took_s, "cpu_s": cpu_s, "rss_before": rss, "rss_peak": peak}


async def ward(port: int, database: Path) -> dict[str, float]:
    """The reference ward, until it has them all."""
    from wardgate.ward import Ward

    seen = 0
    finished = asyncio.Event()

    def count(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == MESSAGES:
            finished.set()

    serving = Ward(_settings(port), database, lambda m: None if m.schema == "wardgate/state/1" else count(m))
    task = asyncio.create_task(serving.run())
    await serving.connected.wait()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    cpu_s = time.process_time()
    await finished.wait()
    cpu_s = time.process_time() - cpu_s
    duplicates = serving.counts.duplicates
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return {"cpu_s": cpu_s, "duplicates": duplicates}


def _start(role: str, port: int, database: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.delivery", role, str(port), str(database)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


def _result(process: subprocess.Popen[str]) -> dict[str, float]:
    text, _ = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with code {process.returncode}")
    found: dict[str, float] = json.loads(text.splitlines()[-1])
    return found


def run() -> dict[str, object]:
    """Measure; see the module."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("WARDGATE_BENCH_DIR")) as name:
        directory = Path(name)
        asyncio.run(_fill(directory / "hub.db"))
        with _mosquitto(directory) as port:
            before = _result(_start("bare", port, directory / "hub.db"))
            serving = _start("ward", port, directory / "ward.db")
            assert serving.stdout is not None
            serving.stdout.readline()
            drained = _result(_start("hub", port, directory / "hub.db"))
            served = _result(serving)
            asyncio.run(_fill(directory / "again.db"))
            after = _result(_start("bare", port, directory / "again.db"))
    bare_s = (before["seconds"] + after["seconds"]) / 2
    return {
        "messages": MESSAGES,
        "bare_paho_per_s": round(MESSAGES / bare_s),
        "drain_per_s": round(MESSAGES / drained["seconds"]),
        "drain_over_bare_paho": round(bare_s / drained["seconds"], 3),
        "bare_paho_cpu_us_per_message": round((before["cpu_s"] + after["cpu_s"]) / 2 / MESSAGES * 1e6, 1),
        "drain_hub_cpu_us_per_message": round(drained["cpu_s"] / MESSAGES * 1e6, 1),
        "drain_ward_cpu_us_per_message": round(served["cpu_s"] / MESSAGES * 1e6, 1),
        "drain_duplicates_at_ward": round(served["duplicates"]),
        "drain_hub_rss_before_mib": round(drained["rss_before"] / 2**20, 1),
        "drain_hub_rss_peak_mib": round(drained["rss_peak"] / 2**20, 1),
    }


def main() -> None:
    """One role of the measurement, or the whole of it."""
    if len(sys.argv) == 4:
        role, port, database = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
        result = (
            bare(port, database) if role == "bare" else asyncio.run({"hub": hub, "ward": ward}[role](port, database))
        )
        print(json.dumps(result))
    else:
        print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
