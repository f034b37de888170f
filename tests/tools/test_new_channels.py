"""A temperature and a heart rate, from a device's sink to the ward's line and the page's chart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hub.conftest import a_config, bench
from wardgate.config import Device
from wardgate.control.client import connect
from wardgate.faces.assets import Assets
from wardgate.page.ask import snapshot
from wardgate.page.render import Renderer
from wardgate.ward.line import format_line
from wardgate_drivers.measurement import Channel, Measurement, Outcome, Quantity
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link

FEVER = Quantity("temperature", 101.3, "degF")
RATE = Quantity("heart_rate", 71, "1/min")


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.mark.parametrize(
    ("channel", "told", "line", "chart", "drawn"),
    [
        (Channel.TEMPERATURE, FEVER, "Temperature 38.5 °C, ", "temperature", "38.5 °C"),
        (Channel.HEART_RATE, RATE, "Heart rate 71 a minute, ", "pulse", "71 a minute"),
    ],
)
async def test_it_is_stored_delivered_and_drawn(
    tmp_path: Path, link: Link, channel: Channel, told: Quantity, line: str, chart: str, drawn: str
) -> None:
    settings = a_config(tmp_path, Device(id="d", model="and-uc-352ble", address="F0:00:00:00:00:01"))
    async with bench(settings, link, LeapClock(), tmp_path / "keys.json") as home:
        sink = home.hub.intake.sink(home.hub.devices.known[0])
        await sink.measurement(Measurement(channel, Outcome.DECODE, (told,), b"\x01"))
        await home.hub.intake.drained()
        (reading,) = home.readings()
        assert format_line(reading).startswith(f"hub-1  {line}")
        assert home.hub.store.way(reading.id) is not None
        async with connect(Path(settings.hub.control_socket)) as hub:
            series = await hub.call("series", channel=channel.value, days=7)
            assert [r.id for r in series.readings] == [reading.id]
            assert series.limits == ()
        seen = await snapshot(Path(settings.hub.control_socket), 14)
        parts = Renderer(Assets()).parts(seen)
        words = re.sub(r"<[^>]+>", " ", parts[f"chart-{chart}"])
        assert drawn in words
        assert f'data-reading="{reading.id}"' in parts[f"chart-{chart}"]
        assert line.split(" ")[0] in parts["way"]
