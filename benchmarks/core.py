"""What the hub's process costs: memory, start, idle, and an advertisement that is nobody's.

Each figure stands beside the same thing without the hub, measured in turn with it: bare imports of what it stands on,
and a scanner with an empty callback. The hub lets the radio listen before it has loaded all of that; devices are called
once it has.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

RUNS: Final = 7
IDLE_S: Final = 10.0
ADVERTISEMENTS: Final = 50_000


def run() -> dict[str, object]:
    """Measure; see the module."""
    from tests.support.mosquitto import Mosquitto

    with tempfile.TemporaryDirectory() as name:
        broker = Mosquitto(Path(name) / "broker")
        broker.start()
        try:
            words = ("hub", name, str(broker.port))
            _child(name, "imports")
            _child(name, *words)  # the first run of each compiles what it imports, as an installation does
            pairs = [(_child(name, "imports"), _child(name, *words)) for _ in range(RUNS)]
        finally:
            broker.stop()
    bare, hub = ([pair[n] for pair in pairs] for n in (0, 1))
    return {
        "bare_imports_rss_mib": round(_middle(bare, "rss_mib"), 1),
        "core_rss_mib": round(_middle(hub, "rss_mib"), 1),
        "core_rss_over_imports": round(_ratio(hub, bare, "rss_mib"), 3),
        "imports_s": round(_middle(bare, "ready_s"), 3),
        "start_to_first_scan_s": round(_middle(hub, "ready_s"), 3),
        "first_scan_over_imports": round(_ratio(hub, bare, "ready_s"), 3),
        "start_to_all_rooms_s": round(_middle(hub, "whole_s"), 3),
        "all_rooms_over_imports": round(_ratio(hub, bare, "whole_s", "ready_s"), 3),
        "idle_cpu_percent": round(100 * _middle(hub, "idle_cpu_share"), 3),
        "nobodys_advertisement_us": round(_middle(hub, "advertisement_us"), 2),
        "empty_callback_us": round(_middle(hub, "empty_callback_us"), 2),
        "nobodys_advertisement_over_empty": round(_ratio(hub, hub, "advertisement_us", "empty_callback_us"), 3),
    }


def _middle(runs: list[dict[str, float]], what: str) -> float:
    return statistics.median(run[what] for run in runs)


def _ratio(above: list[dict[str, float]], below: list[dict[str, float]], what: str, over: str = "") -> float:
    """The median of the ratios, pair by pair: the machine's drift falls on both sides of each."""
    return statistics.median(a[what] / b[over or what] for a, b in zip(above, below, strict=True))


def _child(directory: str, *words: str) -> dict[str, float]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = f"{directory}/compiled"
    began = time.monotonic()
    command = (sys.executable, "-m", "benchmarks.core", *words, str(began))
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _rss_mib() -> float:
    """Of this process, now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def bare_imports(began: float) -> dict[str, float]:
    """What the hub stands on, and nothing of the hub."""
    import asyncio
    import sqlite3

    import bleak.backends.bluezdbus.client
    import bleak.backends.bluezdbus.scanner
    import dbus_fast.aio
    import numpy as np
    import paho.mqtt.client
    import serial

    used = (asyncio, sqlite3, bleak, dbus_fast, np, paho, serial)
    return {"ready_s": time.monotonic() - began, "rss_mib": _rss_mib(), "parts": len(used)}


async def hub(directory: Path, port: int, began: float) -> dict[str, float]:
    """The whole hub with a cuff and a scale in its configuration, on a radio that hears nothing."""
    import bleak.backends.bluezdbus.client
    import bleak.backends.bluezdbus.scanner  # noqa: F401 - as on BlueZ
    from bleak import BleakScanner
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

    from wardgate.capture.radio import RadioBackend
    from wardgate.config import parse
    from wardgate.hub import Hub

    scanning = asyncio.get_running_loop().create_future()

    class Silent(BaseBleakScanner):
        def __init__(self, callback: Any, service_uuids: Any, scanning_mode: str, **_: Any) -> None:
            super().__init__(callback, service_uuids)

        async def start(self) -> None:
            self.seen_devices = {}
            if not scanning.done():
                scanning.set_result((time.monotonic() - began, self))

        async def stop(self) -> None:
            pass

    async def bonded(_: str) -> bool:
        return True

    config = parse(_configuration(directory, port), directory / "wardgate.toml")
    whole = Hub(config, backend=RadioBackend(scanner=Silent, bluez=False, bonded=bonded))
    await whole.start()
    whole_s = time.monotonic() - began
    ready_s, scanner = await scanning
    await whole.drained()
    rss_mib = _rss_mib()
    cpu_s, at = time.process_time(), time.monotonic()
    await asyncio.sleep(IDLE_S)
    idle = (time.process_time() - cpu_s) / (time.monotonic() - at)
    data = AdvertisementData("neighbour", {}, {}, ["0000180f-0000-1000-8000-00805f9b34fb"], None, -70, ())
    ours_us = _advertisement_us(scanner, data)
    empty: Any = BleakScanner(lambda _device, _data: None, backend=Silent)
    await empty.start()
    empty_us = _advertisement_us(empty._backend, data)
    await whole.stop()
    return {
        "ready_s": ready_s,
        "whole_s": whole_s,
        "rss_mib": rss_mib,
        "idle_cpu_share": idle,
        "advertisement_us": ours_us,
        "empty_callback_us": empty_us,
    }


def _advertisement_us(scanner: Any, data: Any) -> float:
    device = scanner.create_or_update_device("k", "00:11:22:33:44:55", "neighbour", None, data)
    began = time.perf_counter()
    for _ in range(ADVERTISEMENTS):
        scanner.call_detection_callbacks(device, data)
    return (time.perf_counter() - began) / ADVERTISEMENTS * 1e6


def _configuration(directory: Path, port: int) -> str:
    place = directory / f"hub-{os.getpid()}"
    return f"""
[hub]
id = "bench-{os.getpid()}"
patient = "Copper Heron 93"
assignment = "a-1"
data_dir = "{place}"
control_socket = "{place}/control.sock"
[broker]
host = "127.0.0.1"
port = {port}
tls = false
confirm = "broker"
[[device]]
id = "cuff"
model = "and-ua-651ble"
address = "F0:00:00:00:00:01"
[[device]]
id = "scale"
model = "and-uc-352ble"
address = "F0:00:00:00:00:02"
"""


def main(words: list[str]) -> None:
    """One role of the measurement."""
    began = float(words[-1])
    bare = words[0] == "imports"
    result = bare_imports(began) if bare else asyncio.run(hub(Path(words[1]), int(words[2]), began))
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
