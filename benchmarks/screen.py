"""From a reading's commit to what the patient's screen is sent of it.

A hub in this process, the screen in a process of its own, as in a home. Readings that are good and readings to be done
again follow each other a little more than a look of the hub's apart, so that every one changes the screen. The clock
runs from the commit to the last byte of the sentence at the browser's end of the stream.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from wardgate import config
from wardgate.hub import Hub
from wardgate_drivers.measurement import Channel, Measurement, Outcome, Quantity
from wardgate_sim.broker import free_port
from wardgate_sim.children import Child

READINGS: Final = 30
PAUSE_S: Final = 0.9
_SAID: Final = (b"<h1>Got it. Thank you.", b"<h1>Do it again")


def _pressure(n: int) -> Measurement:
    values = (("systolic", 120.0 + n, "mmHg"), ("diastolic", 80.0, "mmHg"))
    found = tuple(Quantity(*value) for value in values)
    status = ("cuff-too-loose",) if n % 2 else ()
    return Measurement(Channel.BLOOD_PRESSURE, Outcome.DECODE, found, f"{n}".encode(), status=status)


async def _measure(directory: Path) -> list[float]:
    socket, file, port = directory / "control.sock", directory / "wardgate.toml", free_port()
    cuff = config.Device(id="cuff", model="and-ua-651ble", address="C0:FF:EE:00:00:02")
    hub = Hub(
        config.Config(
            hub=config.Hub(
                id="hub-1", patient="p", assignment="a-1", data_dir=str(directory), control_socket=str(socket)
            ),
            broker=config.Broker(host="127.0.0.1", port=free_port(), tls=False),
            radio=config.Radio(enabled=False),
            device=(cuff,),
        )
    )
    file.write_text(f"[hub]\ncontrol_socket = {json.dumps(str(socket))}\n", encoding="utf-8")
    await hub.start()
    words = (sys.executable, "-m", "wardgate", "screen", "--port", str(port), "--config", str(file))
    taken_s = []
    async with Child("screen", words, lambda _who, _line: None) as screen:
        await screen.said("http://")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b'id="said"')
        sink = hub.intake.sink(hub.devices.known[0])
        for n in range(READINGS):
            await asyncio.sleep(PAUSE_S)
            await sink.measurement(_pressure(n))
            began_s = time.perf_counter()
            await asyncio.wait_for(reader.readuntil(_SAID[n % 2]), 10.0)
            taken_s.append(time.perf_counter() - began_s)
        writer.close()
    await hub.stop()
    return taken_s


def run() -> dict[str, object]:
    """Measure; see the module."""
    with tempfile.TemporaryDirectory() as name:
        taken_s = asyncio.run(_measure(Path(name)))
    return {
        "screen_readings": len(taken_s),
        "commit_to_screen_p50_ms": round(1e3 * statistics.median(taken_s), 1),
        "commit_to_screen_worst_ms": round(1e3 * max(taken_s), 1),
    }
