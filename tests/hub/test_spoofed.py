"""H19: a second device comes with the address and the name of one of this home's.

One that has another key cannot be played: bumble's controllers do not compare keys. A real one ends such a link.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.conftest import Bench, Start, a_config, bench
from tests.hub.test_trouble import CUFF, PRESSURE, pair, systolics
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndCuff
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import Link


class OpenCuff(AndCuff):
    """Asks for no encryption: it takes whoever comes, and tells whatever it likes."""

    encrypted = False


@pytest.fixture
async def cuff(link: Link, device_clock: DeviceClock, start: Start) -> AndCuff:
    device = AndCuff(link, "F0:00:00:00:00:01", device_clock)
    await start(device)
    return device


async def refused(home: Bench, spoof: AndCuff) -> None:
    await spoof.take({**PRESSURE, "systolic": 222.0})
    await home.until(lambda: home.events("pairing-lost") == ["cuff"])
    spoof.sleep_now()
    await spoof.asleep()
    assert systolics(home) == [120.0], "nothing that it says is taken"


@pytest.mark.parametrize("kind", ["no-key", "asks-for-none"])
async def test_a_second_device_of_the_same_address_and_name(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, cuff: AndCuff, kind: str
) -> None:
    """It is refused, a person is told, nothing is paired anew, and the bond with the true one holds."""
    async with bench(a_config(tmp_path, CUFF), link, clock, tmp_path / "keys.json") as home:
        await pair(home, cuff, "cuff")
        await cuff.take({**PRESSURE, "systolic": 120.0})
        await home.until(lambda: systolics(home) == [120.0])
        await cuff.asleep()
        await cuff.stop()
        spoof = (OpenCuff if kind == "asks-for-none" else AndCuff)(link, cuff.address, device_clock)
        assert spoof.name == cuff.name
        await spoof.start()
        await refused(home, spoof)
        spoof.air_s = 1.0
        await spoof.press_pairing_key()
        await spoof.asleep()
        (event,) = [e for e in home.hub.store.events(100) if e.code == "pairing-lost"]
        assert event.severity == "problem"
        assert "something else may be using its address" in event.what_to_do
        assert home.events("paired") == ["cuff"], "not even in pairing mode"
        await spoof.stop()
