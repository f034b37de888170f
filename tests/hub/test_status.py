"""What the hub tells a person: status, charts and lists, over its socket."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from tests.hub.conftest import Start, a_config, bench
from wardgate.config import Device
from wardgate.control.client import connect
from wardgate.notify import beat_s, notify
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import Link

SCALE = Device(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:02")


async def test_a_home_with_a_scale(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = AndScale(link, "F0:00:00:00:00:02", device_clock, battery_percent=33)
    await start(scale)
    settings = a_config(tmp_path, SCALE)
    async with (
        bench(settings, link, clock, tmp_path / "keys.json") as home,
        connect(Path(settings.hub.control_socket)) as hub,
    ):
        before = await hub.status()
        assert before.devices[0].state == "not-set-up"
        assert "to pair" in before.devices[0].what_to_do
        assert before.way is None
        assert (before.delivery.connected, before.hub.radio.state) == (False, "simulated")

        await scale.press_pairing_key()
        await home.until(lambda: home.events("paired") == ["scale"])
        await scale.asleep()
        scale.store({"weight": 78.0}, scale.clock.at(clock.utc().timestamp() - 86400))
        pushes = hub.watch()
        first = asyncio.ensure_future(anext(pushes))
        await scale.take({"weight": 78.4})
        await home.until(lambda: len(home.readings()) == 2)
        await scale.asleep()
        assert await first

        after = await hub.status()
        (device,) = after.devices
        assert (device.state, device.battery_percent, device.bonded) == ("battery-low", 33, True)
        assert device.counts["readings"] == 2
        assert device.last_reading_age_s is not None
        assert device.last_reading_age_s < 60
        assert after.way is not None
        assert after.way.reading.quantities[0].value == pytest.approx(78.4)
        assert after.way.broker is None
        assert after.way.waiting_s is not None
        assert after.delivery.stored >= 2
        assert after.delivery.waiting == after.delivery.stored
        assert after.delivery.problem
        assert {e.code for e in after.events} >= {"paired", "battery-low"}

        chart = await hub.call("series", channel="weight", days=7)
        assert [round(r.quantities[0].value, 1) for r in chart.readings] == [78.0, 78.4]
        assert chart.cadence_s == 86400
        newest, *_ = await hub.call("readings", limit=1)
        assert newest.id == after.way.reading.id
        assert (await hub.call("events", limit=1))[0].hub == "hub-1"


async def test_systemd_is_told(tmp_path: Path, link: Link, clock: LeapClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready once everything is up, fed while there is progress, and told of the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        assert beat_s() == pytest.approx(0.1)
        loop = asyncio.get_running_loop()
        async with bench(a_config(tmp_path), link, clock, tmp_path / "keys.json"):
            told = [await asyncio.wait_for(loop.sock_recv(systemd, 1000), 60) for _ in range(3)]
        assert told[0].startswith(b"READY=1")
        assert told[1:] == [b"WATCHDOG=1"] * 2
        last = b""
        while last != b"STOPPING=1":
            last = await asyncio.wait_for(loop.sock_recv(systemd, 1000), 60)


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    notify("READY=1")
    assert os.environ["NOTIFY_SOCKET"] == "/nowhere/at/all"
