"""Nothing that any frame says is lost on the way to FHIR: every vector, to every model that could hear it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.support.living import RebootingClock
from tests.support.vectors import Vector, frame_of, load
from wardgate import config
from wardgate.capture.devices import Devices, Known, known_devices
from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH
from wardgate.contract.messages import Reading
from wardgate.intake.intake import DeviceSink, Intake
from wardgate.store.reader import CHANNELS
from wardgate.store.store import Store
from wardgate.ward.fhir import bundle, message_of, resources
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Measurement
from wardgate_drivers.model.catalogue import CATALOGUE
from wardgate_drivers.model.declaration import Broadcast, Gatt, Serial

FRAMES: Final = list(dict.fromkeys(frame_of(v) for v in load()))
CONFIG: Final = config.Config(
    hub=config.Hub(id="hub-1", patient="Copper Heron 93", assignment="a-1"),
    broker=config.Broker(host="broker"),
    device=tuple(
        config.Device(id=model.id, model=model.id, port=f"/dev/{model.id}")
        if isinstance(model.link, Serial)
        else config.Device(id=model.id, model=model.id, address=f"F0:00:00:00:00:{number:02X}")
        for number, model in enumerate(CATALOGUE)
    ),
)


PLAIN: Final = ("bls.measurement", "wss.measurement", "hts.measurement", "plx.spot-check")
"""What these decode is a reading; other frames may be a part of one, or an answer to something."""
Said = set[tuple[object, ...]]
"""What some model's frame has said already: models that share a layout need not all say it."""


class Ear:
    """Lets each measurement through once."""

    def __init__(self, sink: DeviceSink, said: Said) -> None:
        self._sink, self._said = sink, said

    def measurement(self, one: Measurement) -> asyncio.Future[None]:
        said = (one.channel, one.quantities, one.frame, one.device_time, one.status, one.stored, one.user_index)
        if said not in self._said:
            self._said.add(said)
            return self._sink.measurement(one)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)


async def heard(known: Known, sink: Ear, frame: bytes) -> None:
    """One frame, as whatever its model listens to."""
    link = known.model.link
    if isinstance(link, Serial):
        await link.open_session(cast("SessionSink", sink)).feed(frame)
        return
    if isinstance(link, Gatt):
        decoders = [subscription.decode for subscription in link.subscriptions]
    else:
        decoders = [_shouted(link, uuid) for uuid in known.model.match.service_data_uuids]
    for decode in decoders:
        try:
            measurement = decode(frame)
        except FrameError:
            continue
        if measurement is not None:
            sink.measurement(measurement)


def _shouted(link: Broadcast, uuid: str) -> Callable[[bytes], Measurement | None]:
    return lambda data: link.decode(Advertisement("AA:BB:CC:DD:EE:FF", None, -50, (), {uuid: data}, {}))


@pytest.fixture
async def readings(tmp_path: Path) -> list[Reading]:
    """All that a hub makes of the frames, as it is stored and sent."""
    clock = RebootingClock(now=datetime(2026, 11, 21, 9, tzinfo=UTC))
    store = Store.open(tmp_path / "wardgate.db", clock)
    journal = Journal("hub-1", clock, store.put_event, lambda _: None)
    devices = Devices(store, known_devices(CONFIG.device), lambda _: None)

    async def told(reading: Reading) -> None: ...

    intake = Intake(CONFIG, store, clock, devices, journal, told, lambda _: None)
    said: Said = set()
    for known in devices.known:
        sink = Ear(intake.sink(known), said)
        for frame in FRAMES:
            await heard(known, sink, frame)
    await store.write(lambda _: None)
    kept = store.readings(None, EPOCH)
    await store.close()
    return kept


def _is_read(vector: Vector) -> bool:
    return bool(vector["expect"]["outcome"] == "decode")


async def test_every_reading_comes_back_as_it_was(readings: list[Reading]) -> None:
    assert {reading.channel for reading in readings} == set(CHANNELS)
    heard_of = {reading.frame for reading in readings}
    assert all(frame_of(v).hex() in heard_of for v in load() if v["decoder"] in PLAIN and _is_read(v))
    one_of_a_shape: dict[object, Reading] = {}
    for reading in readings:
        over_the_wire = json.loads(json.dumps(resources(reading), allow_nan=False))
        assert msgspec.json.encode(message_of(over_the_wire)) == msgspec.json.encode(reading)
        shape = (reading.channel, reading.time.basis, *((q.name, q.unit, q.original_unit) for q in reading.quantities))
        one_of_a_shape.setdefault(shape, reading)
    Bundle.model_validate(bundle(one_of_a_shape.values()))
