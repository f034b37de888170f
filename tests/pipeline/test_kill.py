"""`kill -9` of the hub, of the broker and of the ward at random moments, while a home is measuring.

The home lives in this process: its devices keep what was not acknowledged, and know what was. The hub is the unmodified
one in a process of its own, its radio attached over a socket; the ward is another process, the broker a real mosquitto.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.support import ward_side
from tests.support.mosquitto import Mosquitto
from tests.support.programs import Program, until_answers
from wardgate.contract.messages import Reading
from wardgate.control.client import connect
from wardgate_sim.firmware.device import Taken
from wardgate_sim.home import Device, Home
from wardgate_sim.hub_config import hub_config
from wardgate_sim.radio import HubDoor, Link
from wardgate_sim.scenario import parse

KILLS: Final = int(os.environ.get("WARDGATE_KILLS", "100"))
SEED: Final = int(os.environ.get("WARDGATE_SEED", "20261121"))
HOME: Final = """
name = "killed"
hub = "wg-killed"
patient_pseudonym = "Copper Heron 93"
assignment = "a-1"
timezone = "UTC"

[[device]]
id = "scale"
model = "and-uc-352ble"
address = "F0:00:00:00:0A:01"
history_days = 20

[[device]]
id = "cuff"
model = "and-ua-651ble"
address = "F0:00:00:00:0A:02"
history_days = 20
options = { memory_size = 1000 }

[[device]]
id = "oximeter"
model = "plx-oximeter"
address = "F0:00:00:00:0A:03"
history_days = 20
options = { idle_s = 1.0 }

[[device]]
id = "clip"
model = "nonin-9560-serial"
history_days = 20
options = { repeat_s = 0.3 }
"""
PATIENCE_S: Final = 120.0
LONGEST_LIFE_S: Final = 1.5
"""Between two kills. A program that is starting is killed too."""


class Street:
    """Everything that runs: a home, its hub, a broker and a ward."""

    def __init__(self, directory: Path, home: Home, mosquitto: Mosquitto, door: HubDoor, rng: random.Random) -> None:
        self.home = home
        self.mosquitto = mosquitto
        self.rng = rng
        self.socket = directory / "control.sock"
        self.ward_db = directory / "ward.db"
        config = directory / "wardgate.toml"
        config.write_text(hub_config(home, directory, mosquitto.port), encoding="utf-8")
        self.hub = Program(
            directory / "hub.log", "hub", "--config", str(config), "--radio", door.spec, module="wardgate_sim"
        )
        where = ("--host", "127.0.0.1", "--port", str(mosquitto.port), "--no-tls", "--database", str(self.ward_db))
        self.ward = Program(directory / "ward.log", "ward", *where)

    async def measure(self) -> None:
        """The patient uses one device after the other, with new figures each time, for ever."""
        devices = list(self.home.devices.values())
        while True:
            device = self.rng.choice(devices)
            await device.take(_figures(device, self.rng))
            with suppress(TimeoutError):
                async with asyncio.timeout(self.rng.uniform(0.2, 2.0)):
                    await device.asleep()

    async def kill_one(self) -> str:
        """End one of the three in mid-work, and start it again. Which it was."""
        who = self.rng.choice(("hub", "hub", "ward", "ward", "broker"))
        match who:
            case "hub":
                await self.hub.kill()
                await self.hub.start()
            case "ward":
                await self.ward.kill()
                await self.ward.start()
            case _:
                self.mosquitto.kill()
                self.mosquitto.start()
        return who

    async def delivered(self) -> None:
        """Wait until the devices have handed over what they keep, and the hub has nothing left to send."""
        async with asyncio.timeout(PATIENCE_S):
            for device in self.home.devices.values():
                while _kept(device):
                    await device.take(_figures(device, self.rng))
                    await device.asleep()
            async with connect(self.socket) as hub:
                await hub.ask("watch", bool)  # from here on nothing is missed
                changes = hub.watch()
                while (await hub.status()).delivery.waiting:
                    await anext(changes)


@asynccontextmanager
async def street(directory: Path, rng: random.Random) -> AsyncIterator[Street]:
    link = Link()
    home = Home(parse(HOME, "HOME"), link, lambda: datetime.now(UTC))
    door = HubDoor(link)
    mosquitto = Mosquitto(directory / "mosquitto")
    async with AsyncExitStack() as stack:
        await door.listen(directory / "radio.sock")
        stack.push_async_callback(door.close)
        mosquitto.start()
        stack.callback(mosquitto.stop)
        await home.start()
        stack.push_async_callback(home.stop)
        made = Street(directory, home, mosquitto, door, rng)
        await made.ward.start()
        stack.push_async_callback(made.ward.stop)
        await made.hub.start()
        stack.push_async_callback(made.hub.stop)
        await home.pair()
        yield made


@pytest.mark.slow
@pytest.mark.timeout(300 + 10 * KILLS)
async def test_nothing_acknowledged_to_a_device_is_missing_at_the_ward(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    async with street(tmp_path, rng) as everything:
        measuring = asyncio.create_task(everything.measure())
        killed: Counter[str] = Counter()
        for _ in range(KILLS):
            await asyncio.sleep(rng.uniform(0.0, LONGEST_LIFE_S))
            killed[await everything.kill_one()] += 1
        measuring.cancel()
        with suppress(asyncio.CancelledError):
            await measuring
        await until_answers(everything.socket)
        await everything.delivered()
        books = everything.home.books
        taken = Counter(_key(id_, t) for id_, book in books.items() for t in book.taken)
        acknowledged = Counter(_key(id_, t) for id_, book in books.items() for t in book.acknowledged)
    readings = ward_side.readings(tmp_path / "ward.db")
    delivered = Counter(_reading_key(r) for r in readings)
    assert Counter(r.id for r in ward_side.revisions(tmp_path / "ward.db")) == {r.id: r.revision for r in readings}, (
        "a revision of a reading twice, or none of one"
    )
    assert killed.keys() == {"hub", "ward", "broker"}
    assert acknowledged.total() > KILLS // 2, "the home measured too little for the test to mean anything"
    assert not acknowledged - delivered, "acknowledged to a device, and not at the ward"
    assert not delivered - taken, "at the ward twice, or never measured"


def _figures(device: Device, rng: random.Random) -> dict[str, float]:
    match device.MODEL:
        case "and-uc-352ble":
            return {"weight": round(rng.uniform(76, 82) / 0.05) * 0.05}
        case "and-ua-651ble":
            return {
                "systolic": rng.randint(110, 130),
                "diastolic": rng.randint(60, 80),
                "mean": 90.0,
                "pulse": rng.randint(55, 95),
            }
        case _:
            return {"spo2": float(rng.randint(90, 98)), "pulse": float(rng.randint(55, 95))}


def _kept(device: Device) -> bool:
    return len(device.book.acknowledged) < len(device.book.taken)


Key = tuple[str, str, frozenset[tuple[str, float]]]
_NAMES: Final = frozenset({"weight", "systolic", "diastolic", "pulse", "spo2"})


def _key(device: str, taken: Taken) -> Key:
    return device, str(taken.device_time), _rounded(taken.values.items())


def _reading_key(reading: Reading) -> Key:
    return reading.device.id, str(reading.time.device_time), _rounded((q.name, q.value) for q in reading.quantities)


def _rounded(figures: Iterable[tuple[str, float]]) -> frozenset[tuple[str, float]]:
    return frozenset((name, round(value, 2)) for name, value in figures if name in _NAMES)
