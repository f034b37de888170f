"""What a very long backlog costs a hub: memory, start, and how soon an alert behind it is at the ward.

The same whole hub, each time in a process of its own, over a database with a thousand readings that wait and over one
with a million, all of its own patient. The alert's figure: a hundred thousand readings are on their way, an alert is
raised, the ward has committed it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec
import psutil

from benchmarks.store import reading
from tests.support.messages import alert
from wardgate.clock import SystemClock
from wardgate.contract.messages import Alert
from wardgate.store import Kind, Lane, Store, outbox

SHORT: Final = 1000
LONG: Final = int(os.environ.get("WARDGATE_BENCH_BACKLOG", "1000000"))
DRAINED: Final = 100_000
SETTLE_S: Final = 5.0
"""For the connection, and the window to be full: nobody acknowledges."""
ASSIGNMENT: Final = "a-1"


async def _fill(database: Path, n: int) -> None:
    """As the store writes them, many to a commit: a reading every half minute, the last one now."""
    store = Store.open(database, SystemClock())
    first = reading(0, "bench")
    head, rest = outbox.encode(msgspec.structs.replace(first, assignment=ASSIGNMENT))
    epoch, now_s = store.epoch.encode(), time.time()

    def some(start: int) -> None:
        def op(connection: sqlite3.Connection) -> None:
            for seq in range(start, min(start + 20_000, n + 1)):
                name = f"{seq * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
                payload = outbox.numbered((head, rest.replace(first.id.encode(), name.encode())), epoch, seq)
                connection.execute(
                    "INSERT INTO readings (id, seq, channel, taken_s, assignment, arrival_s) VALUES (?, ?, ?, ?, ?, 0)",
                    (name, seq, "weight", now_s - 30.0 * (n - seq), ASSIGNMENT),
                )
                outbox.append(connection, seq, Kind.READING, Lane.BACKFILL, "scale", now_s, payload)

        store.write(op)

    for start in range(1, n + 1, 20_000):
        some(start)
    await store.write(lambda _: None)
    await store.close()


async def hub(directory: Path, port: int, began: float) -> dict[str, float]:
    """The whole hub, until it has sent what the ward may owe an answer for."""
    from wardgate.config import parse
    from wardgate.hub import Hub

    whole = Hub(parse(_configuration(directory, port), directory / "wardgate.toml"))
    await whole.start()
    ready_s = time.monotonic() - began
    await asyncio.sleep(SETTLE_S)
    rss_bytes = psutil.Process().memory_info().rss
    await whole.stop()
    return {"ready_s": ready_s, "rss_mib": rss_bytes / 2**20}


async def overtaken(directory: Path, port: int) -> float:
    """Seconds from an alert, in the middle of the drain, to its commit at the ward."""
    from wardgate.config import Broker
    from wardgate.deliver import Sender
    from wardgate.ward import Ward

    settings = Broker(host="127.0.0.1", port=port, tls=False)
    store = Store.open(directory / "wardgate.db", SystemClock())
    began, there = asyncio.Event(), asyncio.Event()

    def came(message: object) -> None:
        (there if isinstance(message, Alert) else began).set()

    ward = Ward(settings, directory / "ward.db", came)
    sender = Sender(settings, "bench", store, SystemClock(), lambda _: None, version="bench")
    serving = asyncio.create_task(ward.run())
    await ward.connected.wait()
    sending = asyncio.create_task(sender.run())
    await began.wait()
    await asyncio.sleep(1.0)  # the window is full of the others
    put_s = time.monotonic()
    await store.put_alert(alert(1, hub="bench"))
    await there.wait()
    took_s = time.monotonic() - put_s
    for task in (sending, serving):
        task.cancel()
    await asyncio.gather(sending, serving, return_exceptions=True)
    await store.close()
    return took_s


def _configuration(directory: Path, port: int) -> str:
    return f"""
[hub]
id = "bench"
patient = "Copper Heron 93"
assignment = "{ASSIGNMENT}"
data_dir = "{directory}"
control_socket = "{directory}/control.sock"
[broker]
host = "127.0.0.1"
port = {port}
tls = false
"""


def _child(directory: Path, port: int) -> dict[str, float]:
    command = (sys.executable, "-m", "benchmarks.backlog", str(directory), str(port), str(time.monotonic()))
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def run() -> dict[str, object]:
    """Measure; see the module."""
    from tests.support.mosquitto import Mosquitto

    found: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("WARDGATE_BENCH_DIR")) as name:
        broker = Mosquitto(Path(name) / "broker", max_inflight=1000)
        broker.start()
        try:
            for n in (SHORT, LONG):
                directory = Path(name) / str(n)
                asyncio.run(_fill(directory / "wardgate.db", n))
                _child(directory, broker.port)  # the first start has to count what nobody has counted
                found[n] = _child(directory, broker.port)
            directory = Path(name) / "lanes"
            asyncio.run(_fill(directory / "wardgate.db", DRAINED))
            overtaken_s = asyncio.run(overtaken(directory, broker.port))
        finally:
            broker.stop()
    return {
        "backlog": LONG,
        "backlog_rss_mib": round(found[LONG]["rss_mib"], 1),
        "backlog_rss_over_1000": round(found[LONG]["rss_mib"] / found[SHORT]["rss_mib"], 3),
        "backlog_start_s": round(found[LONG]["ready_s"], 2),
        "backlog_start_over_1000": round(found[LONG]["ready_s"] / found[SHORT]["ready_s"], 2),
        "alert_behind_100000_s": round(overtaken_s, 3),
    }


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(asyncio.run(hub(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))))
    else:
        print(json.dumps(run(), indent=2))
