"""Frames of real devices, through the whole pipeline to a real mosquitto and back from the ward's database.

Simulated firmware carries the bytes of the vectors over the simulated radio; everything from bleak to the ward is what
runs in a home. The expected values stand in the vectors, which were worked out from the layouts.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import ward_side
from tests.support.mosquitto import Mosquitto
from wardgate.clock import SystemClock
from wardgate.config import Config, Device
from wardgate.config import Hub as HubSection
from wardgate.contract.messages import Reading
from wardgate.hub import Hub
from wardgate.ward.ward import Ward
from wardgate_sim.backend import open_hub
from wardgate_sim.firmware.and_medical import AndCuff, AndDevice, AndScale
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.plx_oximeter import PlxOximeter
from wardgate_sim.firmware.xiaomi_scale import XiaomiScale
from wardgate_sim.radio import Link

VECTORS: Final = Path(__file__).resolve().parents[1] / "vectors"
OF_WHICH: Final = {
    "bls.measurement": "and-ua-651ble",
    "wss.measurement": "and-uc-352ble",
    "plx.spot-check": "plx-oximeter",
    "xiaomi.scale-v1": "xiaomi-scale",
    "xiaomi.scale-v2": "xiaomi-scale",
}
"""The model that carries frames of a decoder here."""
CANONICAL: Final = {"kg": 1.0, "lb": 0.45359237, "jin": 0.5, "mmHg": 1.0, "kPa": 1000 / 133.322387415}
"""International pound; conventional millimetre of mercury in pascals. Written down here, not taken from the hub."""
AIR_S: Final = 30.0
MEMORY: Final = 10_000
"""Measurements: more than there are vectors. A device whose memory is full forgets the oldest."""
FIELDS: Final = ("weight", "systolic", "diastolic", "pulse", "spo2")


class RawCuff(AndCuff):
    """Sends the frames it was given, one a measurement."""

    frames: tuple[bytes, ...] = ()

    def encode(self, taken: Taken) -> bytes:
        return self.frames[taken.number - 1]


class RawScale(AndScale):
    """The same as a scale."""

    frames: tuple[bytes, ...] = ()

    def encode(self, taken: Taken) -> bytes:
        return self.frames[taken.number - 1]


class RawOximeter(PlxOximeter):
    """The same as a standard oximeter."""

    frames: tuple[bytes, ...] = ()

    def encode(self, taken: Taken, *, stored: bool) -> bytes:
        return self.frames[taken.number - 1]


class RawBroadcast(XiaomiScale):
    """The same as a scale that only advertises, after its figures have settled."""

    frames: tuple[bytes, ...] = ()

    def _encode(self, taken: Taken, share: float, *, stabilised: bool, removed: bool) -> bytes:
        if not stabilised:
            return super()._encode(taken, share, stabilised=stabilised, removed=removed)
        return self.frames[taken.number - 1]


def vectors() -> list[dict[str, Any]]:
    """Every vector of these decoders that a model known today would send (a quirk belongs to another model).

    Not those at the edges of the layouts: many of one device are one measurement to the hub, said in several ways.
    """
    every = [v for file in sorted(VECTORS.glob("*.json")) for v in json.loads(file.read_text())["vectors"]]
    return [v for v in every if v["decoder"] in OF_WHICH and not v.get("context") and not v["id"].startswith("edge-")]


def frames(*decoders: str) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(bytes.fromhex(v["hex"]) for v in vectors() if v["decoder"] in decoders))


@asynccontextmanager
async def pipeline(tmp_path: Path, devices: tuple[Device, ...], link: Link) -> AsyncIterator[tuple[Hub, Ward]]:
    """Mosquitto, ward and hub on one link, all of them the real ones."""
    mosquitto = Mosquitto(tmp_path / "mosquitto")
    mosquitto.start()
    ward = Ward(mosquitto.settings(), tmp_path / "ward.db")
    serving = asyncio.create_task(ward.run())
    section = HubSection(
        id="wg-vectors",
        patient="Copper Heron 93",
        assignment="a-1",
        timezone="UTC",
        data_dir=str(tmp_path / "hub"),
        control_socket=str(tmp_path / "control.sock"),
    )
    config = Config(hub=section, broker=mosquitto.settings(), device=devices)
    try:
        await ward.connected.wait()
        async with open_hub(link) as backend:
            hub = Hub(config, clock=SystemClock(), backend=backend)
            await hub.start()
            try:
                yield hub, ward
            finally:
                await hub.stop()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        mosquitto.stop()


async def test_every_frame_arrives_as_what_it_says_and_once(tmp_path: Path) -> None:
    link = Link()
    clock = DeviceClock(lambda: SystemClock().utc().timestamp())
    cuff = RawCuff(link, "F0:00:00:00:00:01", clock, memory_size=MEMORY)
    scale = RawScale(link, "F0:00:00:00:00:02", clock, memory_size=MEMORY)
    oximeter = RawOximeter(link, "F0:00:00:00:00:03", clock, idle_s=1.0)
    first = RawBroadcast(link, "F0:00:00:00:00:04", clock, generation=1, repeat_s=0.5, moving_s=0.05)
    second = RawBroadcast(link, "F0:00:00:00:00:05", clock, generation=2, repeat_s=0.5, moving_s=0.05)
    cuff.frames = frames("bls.measurement")
    scale.frames = frames("wss.measurement")
    oximeter.frames = frames("plx.spot-check")
    first.frames = frames("xiaomi.scale-v1")
    second.frames = frames("xiaomi.scale-v2")
    everything = (cuff, scale, oximeter, first, second)
    devices = tuple(
        Device(id=f"d{number}", model=device.MODEL, address=device.address) for number, device in enumerate(everything)
    )
    async with pipeline(tmp_path, devices, link) as (hub, _):
        for device in everything:
            await device.start()
        for paired in (cuff, scale):
            await bonded(paired)
        for kept in (cuff, scale, oximeter):
            for _ in kept.frames[1:]:
                kept.store({})
        for kept in (cuff, scale, oximeter):
            await kept.take({})
        for paired in (cuff, scale):
            await handed_over(paired)
        await oximeter.asleep()
        for shouted in (first, second):
            for _ in shouted.frames:
                await shouted.take({"weight": 70.0})
                await shouted.asleep()
        await hub.drained()
        for device in everything:
            await device.stop()
    check(ward_side.readings(tmp_path / "ward.db"))


async def handed_over(device: AndDevice) -> None:
    """What a hub that had other work did not take in time is kept for the next time it is on the air."""
    await device.asleep()
    while device.unsent:
        device.wake(AIR_S)
        await device.asleep()


async def bonded(device: AndDevice) -> None:
    while not await device.bonded_hosts():
        await device.press_pairing_key()
        await device.asleep()


def check(readings: list[Reading]) -> None:
    """Each sound frame is at the ward once with the values of its vector; of the others there is nothing.

    A broadcast scale says one measurement in several ways (before and after it knows the impedance): its time and its
    weight tell whether it is the same one.
    """
    broadcast: set[tuple[str, str, float]] = set()
    of_frame: dict[tuple[str, str], Reading] = {(r.device.model, r.frame): r for r in readings}
    assert not [pair for pair, n in Counter((r.device.model, r.frame) for r in readings).items() if n > 1]
    real = 0
    for vector in vectors():
        reading = of_frame.pop((OF_WHICH[vector["decoder"]], vector["hex"].lower()), None)
        if vector["expect"]["outcome"] != "decode":
            assert reading is None, vector["id"]
            continue
        if vector["decoder"].startswith("xiaomi"):
            fields = vector["expect"]["fields"]
            said = (vector["decoder"], fields["timestamp"], fields["weight"])
            if said in broadcast:
                assert reading is None, vector["id"]
                continue
            broadcast.add(said)
        assert reading is not None, vector["id"]
        assert figures(reading) == pytest.approx(told(vector["expect"]["fields"]), rel=1e-7), vector["id"]
        real += vector["kind"] == "real capture"
    assert not of_frame
    assert real >= 4


def told(fields: Mapping[str, Any]) -> dict[str, float]:
    """The vector's figures in canonical units."""
    factor = CANONICAL[fields.get("unit", "mmHg")]
    values = {}
    for name in FIELDS:
        value = fields.get("pulse_rate" if name == "pulse" else name)
        if isinstance(value, int | float) and not (name == "pulse" and value == 0):
            values[name] = value * (factor if name not in ("pulse", "spo2") else 1.0)
    return values


def figures(reading: Reading) -> dict[str, float]:
    return {q.name: q.value for q in reading.quantities if q.name in FIELDS}
