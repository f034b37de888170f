"""Oximeters on a serial line, over a real pty: one measurement a finger, whatever the format."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ear import Ear
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.model.contec import CMS50_SERIAL, CMS50_V7_SERIAL
from wardgate_drivers.model.declaration import Model, Serial
from wardgate_drivers.model.nonin_serial import NONIN_3150_SERIAL, NONIN_8500, NONIN_XPOD
from wardgate_sim.encode import nonin, oximeters
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.serial_oximeter import (
    ContecSerial,
    ContecV7Serial,
    Nonin3150Serial,
    Nonin8500,
    NoninXpod,
    SerialOximeter,
)

OXIMETRY = {"spo2": 93.0, "pulse": 131.0}
SECOND_S = 0.07
SILENCE_S = 0.26
"""Four of the device's seconds, nearly; and longer than other work holds it up amid a finger."""
CLOCK = DeviceClock(lambda: Civil(2026, 11, 21, 12, 0, 0).civil_s)

LINES: list[tuple[Model, Callable[..., SerialOximeter]]] = [
    (CMS50_SERIAL, ContecSerial),
    (CMS50_V7_SERIAL, ContecV7Serial),
    (NONIN_3150_SERIAL, Nonin3150Serial),
    (NONIN_XPOD, NoninXpod),
    (NONIN_XPOD, lambda clock, **more: NoninXpod(clock, data_format=7, **more)),
    (NONIN_XPOD, lambda clock, **more: NoninXpod(clock, data_format=1, **more)),
    (NONIN_8500, Nonin8500),
]
IDS = ("contec-old", "contec-v7", "format-8", "format-2", "format-7", "format-1", "text")


@asynccontextmanager
async def listening(model: Model, port: str, ear: Ear) -> AsyncIterator[asyncio.Event]:
    """A session on the line, fed with what comes and written back as it says; a silent device is started again,
    which sets the event."""
    assert isinstance(model.link, Serial)
    session = model.link.open_session(ear)
    line = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(line)
    arrived: asyncio.Queue[bytes] = asyncio.Queue()
    silent = asyncio.Event()
    asyncio.get_running_loop().add_reader(line, lambda: arrived.put_nowait(os.read(line, 4096)))

    async def feed() -> None:
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    data = await arrived.get()
            except TimeoutError:
                os.write(line, session.start())
                silent.set()
                continue
            os.write(line, await session.feed(data))
            arrived.task_done()

    os.write(line, session.start())
    feeding = asyncio.create_task(feed())
    try:
        yield silent
        await arrived.join()
    finally:
        asyncio.get_running_loop().remove_reader(line)
        feeding.cancel()
        os.close(line)


def values(ear: Ear) -> list[dict[str, float]]:
    return [{q.name: q.value for q in m.quantities if q.name in OXIMETRY} for m in ear.measurements]


@pytest.mark.parametrize(("model", "firmware"), LINES, ids=IDS)
async def test_one_measurement_a_finger(model: Model, firmware: Callable[..., SerialOximeter]) -> None:
    ear = Ear()
    device = firmware(CLOCK, finger_s=18, second_s=SECOND_S)
    await device.start()
    async with listening(model, device.port, ear) as silent:
        for spo2 in (93.0, 88.0):
            device.garble_next = True
            await device.take({**OXIMETRY, "spo2": spo2})
            await device.asleep()
            silent.clear()
            await silent.wait()
    assert values(ear) == [OXIMETRY, {**OXIMETRY, "spo2": 88.0}]
    assert {m.outcome for m in ear.measurements} == {Outcome.DECODE}
    await device.stop()


@pytest.mark.parametrize(("model", "firmware"), LINES, ids=IDS)
async def test_a_short_finger_is_no_reading(model: Model, firmware: Callable[..., SerialOximeter]) -> None:
    ear = Ear()
    device = firmware(CLOCK, finger_s=4, second_s=SECOND_S)
    await device.start()
    async with listening(model, device.port, ear):
        await device.take(OXIMETRY)
        await device.asleep()
    assert [m.outcome for m in ear.measurements] == [Outcome.NO_READING]
    await device.stop()


STREAMS: dict[str, tuple[Model, bytes]] = {
    "contec-old": (CMS50_SERIAL, oximeters.bci_packet(96, 140) * 600),
    "contec-v7": (CMS50_V7_SERIAL, oximeters.contec_v7_realtime(96, 140, perfusion=300) * 600),
    "format-8": (NONIN_3150_SERIAL, nonin.format_8(96, 140) * 10),
    "format-2": (NONIN_XPOD, nonin.format_2(96, 140) * 30),
    "format-7": (NONIN_XPOD, nonin.format_7(96, 140) * 30),
    "format-1": (NONIN_XPOD, nonin.format_1(96, 140) * 13),
    "text": (NONIN_8500, nonin.text_line(96, 140, "F") * 10),
}


@pytest.mark.parametrize("name", STREAMS)
@settings(max_examples=15, deadline=None)
@given(
    skipped=st.integers(min_value=0, max_value=8), cuts=st.lists(st.integers(min_value=1, max_value=300), min_size=1)
)
def test_any_cutting_gives_the_same_measurement(name: str, skipped: int, cuts: list[int]) -> None:
    model, stream = STREAMS[name]
    assert isinstance(model.link, Serial)
    open_session = model.link.open_session

    async def feed() -> Ear:
        ear, data = Ear(), stream[skipped:]
        session = open_session(ear)
        session.start()
        while data:
            size = cuts[len(data) % len(cuts)]
            await session.feed(data[:size])
            data = data[size:]
        return ear

    assert values(asyncio.run(feed())) == [{"spo2": 96.0, "pulse": 140.0}]


async def test_device_switched_off_amid_a_finger_is_measured_again() -> None:
    ear = Ear()
    model, stream = STREAMS["format-8"]
    assert isinstance(model.link, Serial)
    session = model.link.open_session(ear)
    for _ in range(2):
        session.start()
        await session.feed(stream)
        await session.feed(stream)
    assert len(ear.measurements) == 2


async def test_contec_is_kept_alive() -> None:
    assert isinstance(CMS50_V7_SERIAL.link, Serial)
    session = CMS50_V7_SERIAL.link.open_session(Ear())
    assert session.start() == bytes.fromhex("7d81a1808080808080")
    packet = oximeters.contec_v7_realtime(96, 140)
    answers = [await session.feed(packet * 60) for _ in range(6)]
    assert [a.hex() for a in answers] == ["", "7d81af808080808080"] * 3
