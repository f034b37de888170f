"""A whole hub on a real store, told of measurements as its drivers tell it, at an hour that the test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.mosquitto import free_port
from wardgate import config
from wardgate.control.client import connect
from wardgate.hub import Hub
from wardgate.indicate.moment import HomeView
from wardgate_drivers.measurement import Channel, Measurement, Outcome, Quantity
from wardgate_sim.clock import LeapClock

PATIENCE_S = 60.0
SCALE = config.Device(id="scale", model="and-uc-352ble", address="C0:FF:EE:00:00:01")
CUFF = config.Device(id="cuff", model="and-ua-651ble", address="C0:FF:EE:00:00:02")
OXIMETER = config.Device(id="oximeter", model="nonin-3230", address="C0:FF:EE:00:00:03")
QUIET = config.Alerts(quiet_from="22:00", quiet_until="07:00")
LONDON = ZoneInfo("Europe/London")


def london(hour: int, minute: int = 0) -> datetime:
    """On a Saturday in November."""
    return datetime(2026, 11, 21, hour, minute, tzinfo=LONDON)


def weighing(kg: float, **more: Any) -> Measurement:
    """Somebody stepped on the scale."""
    return Measurement(Channel.WEIGHT, Outcome.DECODE, (Quantity("weight", kg, "kg"),), f"{kg}".encode(), **more)


def pressure(systolic: float = 128.0, **more: Any) -> Measurement:
    """The cuff has measured."""
    values = (("systolic", systolic, "mmHg"), ("diastolic", 80.0, "mmHg"), ("pulse", 70.0, "1/min"))
    found = tuple(Quantity(*value) for value in values)
    return Measurement(Channel.BLOOD_PRESSURE, Outcome.DECODE, found, f"{systolic}".encode(), **more)


def oxygen(percent: float, **more: Any) -> Measurement:
    """A finger was in the clip."""
    found = (Quantity("spo2", percent, "%"), Quantity("pulse", 70.0, "1/min"))
    return Measurement(Channel.SATURATION, Outcome.DECODE, found, f"{percent}".encode(), **more)


class Told:
    """What a hub's home is told."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._news = asyncio.Event()
        hub.store.listen(self._news.set)

    async def measured(self, device: str, measurement: Measurement) -> None:
        """A driver hears this; back when it is on the disk."""
        known = next(k for k in self.hub.devices.known if k.id == device)
        await self.hub.intake.sink(known).measurement(measurement)

    def view(self) -> HomeView:
        """As the hub sees it at this moment."""
        return self.hub.home.view()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for commits until this holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def shown(self, holds: Callable[[HomeView], bool]) -> HomeView:
        """What a screen is told once this holds: by pushes, through the control socket."""
        async with asyncio.timeout(PATIENCE_S), connect(Path(self.hub.config.hub.control_socket)) as asked:
            await asked.ask("watch", bool)
            pushes = asked.watch()
            while not holds(view := await asked.ask("home", HomeView)):
                while "home" not in await anext(pushes):
                    pass
            return view


@asynccontextmanager
async def living(directory: Path, at: datetime, **sections: Any) -> AsyncIterator[Told]:
    """A hub of three devices whose broker is away, unless the sections say otherwise."""
    usual: dict[str, Any] = {
        "hub": config.Hub(
            id="hub-1",
            patient="Copper Heron 93",
            assignment="a-1",
            data_dir=str(directory / "data"),
            control_socket=str(directory / "control.sock"),
        ),
        "broker": config.Broker(host="127.0.0.1", port=free_port(), tls=False),
        "radio": config.Radio(enabled=False),
        "device": (SCALE, CUFF, OXIMETER),
        "screen": config.Screen(phone="0116 000 0000"),
    }
    hub = Hub(config.Config(**{**usual, **sections}), clock=LeapClock(at))
    await hub.start()
    try:
        yield Told(hub)
    finally:
        await hub.stop()


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Told]:
    """At nine in the morning."""
    async with living(tmp_path, london(9)) as told:
        yield told
