"""From an indication in the hub to the ward's commit.

A scale sends what it kept, one indication after the other, over the simulated radio to the hub in this process; broker
and ward are processes of their own. The clock runs from the stamp that the hub gives a frame in bleak's callback to the
line that the ward prints after its commit.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from wardgate.config import load
from wardgate.contract.messages import Reading
from wardgate.hub import Hub
from wardgate_sim.backend import open_hub
from wardgate_sim.children import Child
from wardgate_sim.home import Home
from wardgate_sim.hub_config import hub_config
from wardgate_sim.radio import Link
from wardgate_sim.scenario import parse

READINGS: Final = 300
_HOME: Final = f"""
name = "latency"
hub = "latency"
patient_pseudonym = "Copper Heron 93"
assignment = "a-1"
timezone = "UTC"
[[device]]
id = "scale"
model = "and-uc-352ble"
address = "F0:00:00:00:00:01"
history_days = {READINGS - 1}
options = {{ memory_size = {READINGS} }}
"""


async def _measure(directory: Path, port: int) -> list[float]:
    latencies_s: list[float] = []
    everything = asyncio.Event()

    def told(_: str, line: str) -> None:
        now_s = datetime.now(UTC)
        if line.startswith('{"schema":"wardgate/reading/1"'):
            reading = msgspec.json.decode(line, type=Reading)
            latencies_s.append((now_s - reading.time.received).total_seconds())
            if len(latencies_s) == READINGS:
                everything.set()

    link = Link()
    home = Home(parse(_HOME, "latency"), link, lambda: datetime.now(UTC))
    (directory / "wardgate.toml").write_text(hub_config(home, directory, port), encoding="utf-8")
    words = ("--host", "127.0.0.1", "--port", str(port), "--no-tls", "--json", "--database", str(directory / "ward.db"))
    async with (
        Child("ward", (sys.executable, "-m", "wardgate", "ward", *words), told) as ward,
        open_hub(link) as backend,
    ):
        await ward.said("Connected to")
        hub = Hub(load(directory / "wardgate.toml"), backend=backend)
        await home.start()
        await hub.start()
        await home.pair()
        await home.devices["scale"].take({"weight": 78.0})
        async with asyncio.timeout(120):
            await everything.wait()
        await hub.stop()
        await home.stop()
    return latencies_s


def run() -> dict[str, object]:
    """Measure; see the module."""
    from tests.support.mosquitto import Mosquitto

    with tempfile.TemporaryDirectory() as name:
        broker = Mosquitto(Path(name) / "broker")
        broker.start()
        try:
            latencies_s = asyncio.run(_measure(Path(name), broker.port))
        finally:
            broker.stop()
    cuts = statistics.quantiles(latencies_s, n=100)
    return {
        "latency_readings": len(latencies_s),
        "indication_to_ward_commit_p50_ms": round(1e3 * cuts[49], 1),
        "indication_to_ward_commit_p99_ms": round(1e3 * cuts[98], 1),
    }
