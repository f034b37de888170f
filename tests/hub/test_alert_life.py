"""The whole hub beside a ward: an alert is raised, seen and shown; the canary sings (hazards H13, H18)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.hub.conftest import a_config, bench
from tests.support.mosquitto import Mosquitto
from tests.support.watching import make_reading
from wardgate.contract.messages import Alert, Event, Reading, State
from wardgate.control.client import connect
from wardgate.control.protocol import ControlError
from wardgate.faces.alert_words import age_words
from wardgate.faces.words import Times
from wardgate.ward import Ward
from wardgate.watch import canary
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link

PATIENCE_S = 60.0


async def test_from_a_low_saturation_to_seen_on_the_page(
    tmp_path: Path, link: Link, clock: LeapClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "FIRST_S", 0.0)
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    settings = msgspec.structs.replace(a_config(tmp_path), broker=broker.settings())
    arrived: asyncio.Queue[Reading | Alert | Event | State] = asyncio.Queue()
    ward = Ward(broker.settings(), tmp_path / "ward.db", arrived.put_nowait)
    serving = asyncio.create_task(ward.run())
    try:
        async with (
            bench(settings, link, clock, tmp_path / "keys.json") as home,
            connect(Path(settings.hub.control_socket)) as hub,
            asyncio.timeout(PATIENCE_S),
        ):
            await ward.connected.wait()
            low = msgspec.structs.replace(
                make_reading("saturation", clock.utc(), spo2=80.0),
                assignment="a-1",
            )
            await home.hub.store.put_reading(low, arrival_s=clock.boottime_s())
            await home.hub.watcher.on_reading(low)
            raised = await alert_in(arrived)
            assert (raised.state, raised.priority) == ("raised", "high")

            await ward.acknowledge("hub-1", raised.id, by="nurse")
            seen = await alert_in(arrived)
            assert (seen.state, seen.acknowledged_by) == ("acknowledged", "nurse")
            status = await hub.status()
            (shown,) = status.open_alerts
            times = Times(home.hub.intake.zone, status.hub.now)
            assert "Seen by the nurse today" in age_words(shown, times)
            assert [a.state for a in await hub.call("alerts", days=1)] == ["acknowledged"]
            with pytest.raises(ControlError, match="cannot be used"):
                await hub.call("alerts", days=0)

            await home.hub.sender.wait_drained()
            clock.leap_to(clock.utc() + timedelta(seconds=61))
            await home.hub.canary.check()
            await home.hub.sender.wait_drained()
            clock.leap_to(clock.utc() + timedelta(seconds=61))
            await home.hub.canary.check()
            told = (await hub.status()).hub.canary
            assert (told.late, told.stage) == (False, None)
            assert told.last_age_s is not None
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        broker.stop()


async def alert_in(arrived: asyncio.Queue[Reading | Alert | Event | State]) -> Alert:
    """The next alert that comes."""
    while not isinstance(message := await arrived.get(), Alert):
        pass
    return message
