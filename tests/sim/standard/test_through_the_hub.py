"""Standard-profile devices beside a whole hub: bonds with a code, consents, whole memories sent again and again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.hub.conftest import Bench, Start, a_config, bench
from wardgate.config import Device
from wardgate.contract.messages import Reading
from wardgate.control.client import connect
from wardgate.control.protocol import ControlError
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.choicemmed_md300 import ChoiceMmedMd300
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.heart_belt import HeartBelt
from wardgate_sim.firmware.standard_cuffs import BeurerBm77, BeurerBm85, OmronStandard, StandardCuff
from wardgate_sim.firmware.standard_scales import BeurerScale, DetectoScale, RenphoScale
from wardgate_sim.firmware.thermometers import BeurerFt95
from wardgate_sim.radio import Link

ADDRESS = "F0:00:00:00:00:01"
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "pulse": 72.0}


class Room:
    """A hub with one device, and a technician at its control socket."""

    def __init__(self, home: Bench, socket: Path) -> None:
        self.home = home
        self._socket = socket

    async def type_code(self, passkey: int) -> None:
        """On the hub's page, once it asks."""
        asked = len(self.home.events("passkey-needed"))
        if not asked:
            await self.home.until(lambda: bool(self.home.events("passkey-needed")))
        async with connect(self._socket) as hub:
            await hub.call("passkey", device="d", passkey=passkey)

    async def pair_again(self) -> None:
        """The technician's word."""
        async with connect(self._socket) as hub:
            await hub.call("pair", device="d")

    def why(self, code: str) -> str:
        """What the hub says of the last event of that code."""
        return next(e.sentence for e in self.home.hub.store.events(100) if e.code == code)


@asynccontextmanager
async def room(tmp_path: Path, link: Link, clock: LeapClock, model: str, **device: Any) -> AsyncIterator[Room]:
    settings = a_config(tmp_path, Device(id="d", model=model, address=ADDRESS, **device))
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        yield Room(home, Path(settings.hub.control_socket))


@pytest.fixture
def clock() -> LeapClock:
    return LeapClock()


@pytest.fixture
def device_clock(clock: LeapClock) -> DeviceClock:
    return DeviceClock(lambda: clock.utc().timestamp())


def figures(reading: Reading) -> dict[str, float]:
    return {q.name: q.value for q in reading.quantities}


async def test_cuff_that_shows_a_code(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = BeurerBm85(link, ADDRESS, device_clock)
    await start(cuff)
    async with room(tmp_path, link, clock, cuff.MODEL, user_index=1) as r:
        cuff.store({**PRESSURE, "user": 0.0})
        await cuff.take({**PRESSURE, "user": 1.0})
        await r.type_code(await cuff.passkey_shown())
        await r.home.until(lambda: len(r.home.readings()) == 2)
        assert r.home.events("paired") == ["d"]
        assert [figures(x) for x in r.home.readings()] == [PRESSURE, PRESSURE]
        assert sorted(x.attribution for x in r.home.readings()) == ["assigned", "unattributed"]
        assert await cuff.bonded_hosts() != []


async def test_others_are_heard_when_nobody_types_a_code(
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wardgate.capture.passkeys.PASSKEY_S", 0.5)
    cuff, scale = BeurerBm85(link, ADDRESS, device_clock), DetectoScale(link, "F0:00:00:00:00:02", device_clock)
    for device in (cuff, scale):
        await start(device)
    places = (Device(id="d", model=cuff.MODEL, address=ADDRESS, user_index=1),
              Device(id="scale", model=scale.MODEL, address=scale.address))  # fmt: skip
    settings = a_config(tmp_path, *places)
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.take({**PRESSURE, "user": 1.0})
        await cuff.passkey_shown()
        await home.until(lambda: bool(home.events("passkey-needed")))
        await scale.take({"weight": 77.7})
        await home.until(lambda: len(home.readings()) == 1)
        assert {r.device.id for r in home.readings()} == {"scale"}


async def test_code_typed_at_the_command_line(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    file = tmp_path / "wardgate.toml"
    file.write_text(
        f"""
[hub]
id = "hub-1"
patient = "Copper Heron 93"
assignment = "a-1"
control_socket = "{tmp_path}/control.sock"
[broker]
host = "127.0.0.1"
tls = false
[[device]]
id = "d"
model = "{BeurerBm85.MODEL}"
address = "{ADDRESS}"
""",
        encoding="utf-8",
    )
    cuff = BeurerBm85(link, ADDRESS, device_clock)
    await start(cuff)
    async with room(tmp_path, link, clock, cuff.MODEL, user_index=1) as r:
        await cuff.take(PRESSURE)
        shown = await cuff.passkey_shown()
        await r.home.until(lambda: bool(r.home.events("passkey-needed")))
        command = ("-m", "wardgate", "pair", "d", "--passkey", str(shown), "--config", str(file))
        typed = await asyncio.create_subprocess_exec(sys.executable, *command)
        assert await typed.wait() == 0
        await r.home.until(lambda: len(r.home.readings()) == 1)
        assert r.home.events("paired") == ["d"]


async def test_wrong_code_is_refused_and_the_next_one_is_asked_for(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = BeurerBm85(link, ADDRESS, device_clock)
    await start(cuff)
    async with room(tmp_path, link, clock, cuff.MODEL, user_index=1) as r:
        await cuff.take(PRESSURE)
        shown = await cuff.passkey_shown()
        wrong = (shown + 1) % 1_000_000
        with pytest.raises(ControlError, match=f"did not accept {wrong:06d}. Type the 6 digits it shows now"):
            await r.type_code(wrong)
        await r.home.until(lambda: r.home.events("device-refused") == ["d"])
        assert r.home.events("paired") == []
        with pytest.raises(ControlError, match="waits for a code"):
            await r.type_code(shown)
        cuff.sleep_now()
        await cuff.asleep()

        pairing = asyncio.create_task(r.pair_again())
        await r.home.until(lambda: r.home.hub.devices.row("d").bonded is False)
        await cuff.take({**PRESSURE, "systolic": 141.0})
        second = await cuff.passkey_shown()
        await r.home.until(lambda: len(r.home.events("passkey-needed")) == 2)
        await r.type_code(second)
        await pairing
        await r.home.until(lambda: len(r.home.readings()) == 2)


async def test_newer_cuff_of_a_model_without_a_bond_is_paired_once_it_refuses(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = BeurerBm77(link, ADDRESS, device_clock, wants_code=True)
    await start(cuff)
    async with room(tmp_path, link, clock, cuff.MODEL, user_index=1) as r:
        await cuff.take(PRESSURE)
        await r.type_code(await cuff.passkey_shown())
        await r.home.until(lambda: len(r.home.readings()) == 1)
        assert r.home.events("paired") == ["d"]


async def test_whole_memory_sent_again_makes_no_second_reading(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = BeurerBm77(link, ADDRESS, device_clock)
    await start(cuff)
    now_s = clock.utc().timestamp()
    async with room(tmp_path, link, clock, cuff.MODEL, user_index=1) as r:
        for day in range(10, 0, -1):
            cuff.store({**PRESSURE, "systolic": 120.0 + day}, device_clock.at(now_s - 86400 * day))
        await cuff.take(PRESSURE)
        await r.home.until(lambda: len(r.home.readings()) == 11)
        await cuff.asleep()
        clock.leap_to(clock.utc().replace(year=clock.utc().year + 1))
        await cuff.take({**PRESSURE, "systolic": 150.0})
        await r.home.until(lambda: len(r.home.readings()) == 12)
        await cuff.asleep()
        await r.home.until(lambda: r.home.counts("d").get("duplicates") == 11)
        assert len({x.id for x in r.home.readings()}) == 12


@pytest.mark.parametrize("wants_code", [True, False])
async def test_omron_with_and_without_a_code(
    wants_code: bool, tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    cuff = OmronStandard(link, ADDRESS, device_clock, wants_code=wants_code)
    await start(cuff)
    async with room(tmp_path, link, clock, cuff.MODEL) as r:
        await cuff.take(PRESSURE)
        if wants_code:
            await r.type_code(await cuff.passkey_shown())
        await r.home.until(lambda: len(r.home.readings()) == 1)
        await cuff.asleep()
        assert (cuff.memory, r.home.events("paired")) == ([], ["d"])


async def test_scale_lets_the_hub_in_with_the_configured_code(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = BeurerScale(link, ADDRESS, device_clock)
    await start(scale)
    async with room(tmp_path, link, clock, scale.MODEL, user_index=1, consent_code=3752) as r:
        await scale.take({"weight": 72.35})
        await r.home.until(lambda: len(r.home.readings()) == 1)
        (reading,) = r.home.readings()
        assert (figures(reading), reading.attribution) == ({"weight": 72.35}, "assigned")
        assert reading.time.basis == "device-clock"


async def test_a_composition_is_a_reading_of_its_own_as_often_as_it_is_told(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = BeurerScale(link, ADDRESS, device_clock)
    await start(scale)
    async with room(tmp_path, link, clock, scale.MODEL, user_index=1, consent_code=3752) as r:
        first = await scale.take({"weight": 72.35, "fat": 19.4})
        await r.home.until(lambda: len(r.home.readings()) == 2)
        await scale.asleep()
        scale.memory.append(first)
        await scale.take({"weight": 72.45})
        await r.home.until(lambda: len(r.home.readings()) == 3)
        await scale.asleep()
        told = {(x.channel, x.quantities[0].value, x.attribution) for x in r.home.readings()}
        assert told == {
            ("weight", 72.35, "assigned"), ("weight", 72.45, "assigned"), ("body_composition", 19.4, "assigned"),
        }  # fmt: skip
        weight, body = sorted(r.home.readings(), key=lambda x: x.channel, reverse=True)[0::2]
        assert body.time.device_time == weight.time.device_time


async def test_scale_with_the_wrong_code_in_the_configuration(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = BeurerScale(link, ADDRESS, device_clock)
    await start(scale)
    async with room(tmp_path, link, clock, scale.MODEL, user_index=1, consent_code=1) as r:
        await scale.take({"weight": 72.35})
        await r.home.until(lambda: r.home.events("consent-refused") == ["d"])
        assert "Check user_index and consent_code" in r.why("consent-refused")
        assert r.home.readings() == []


@pytest.mark.parametrize(
    ("firmware", "taken", "channel"),
    [
        (RenphoScale, {"weight": 94.9}, "weight"),
        (DetectoScale, {"weight": 74.7}, "weight"),
        (BeurerFt95, {"temperature": 38.6}, "temperature"),
    ],
)
async def test_devices_without_a_bond(
    firmware: type[RenphoScale | DetectoScale | BeurerFt95],
    taken: dict[str, float],
    channel: str,
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
) -> None:
    device = firmware(link, ADDRESS, device_clock)
    await start(device)
    async with room(tmp_path, link, clock, device.MODEL) as r:
        await device.take(taken)
        await r.home.until(lambda: len(r.home.readings()) == 1)
        await device.asleep()
        (reading,) = r.home.readings()
        assert (reading.channel, figures(reading)) == (channel, taken)
        assert (reading.attribution, reading.backfill) == ("assigned", False)


async def test_weight_whose_confirmation_was_lost_comes_again_and_is_one_reading(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    scale = DetectoScale(link, ADDRESS, device_clock)
    await start(scale)
    scale.lose_link_after = 0
    async with room(tmp_path, link, clock, scale.MODEL) as r:
        await scale.take({"weight": 74.7})
        await scale.asleep()
        assert scale.book.errors == ["link"]
        assert scale.book.acknowledged == scale.book.taken
        assert len(r.home.readings()) == 1


async def test_belt_gives_a_heart_rate(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    belt = HeartBelt(link, ADDRESS, device_clock, worn_s=3.0, frame_period_s=0.02)
    await start(belt)
    async with room(tmp_path, link, clock, belt.MODEL) as r:
        await belt.take({"heart_rate": 78.0})
        await r.home.until(lambda: len(r.home.readings()) == 1)
        await belt.asleep()
        (reading,) = r.home.readings()
        assert (reading.channel, figures(reading)) == ("heart_rate", {"heart_rate": 78.0})


async def test_oximeter_whose_clock_nobody_sets_is_dated_by_its_arrival(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    oximeter = ChoiceMmedMd300(link, ADDRESS, device_clock)
    await start(oximeter)
    async with room(tmp_path, link, clock, oximeter.MODEL) as r:
        await oximeter.take({"spo2": 97.0, "pulse": 96.0})
        await r.home.until(lambda: len(r.home.readings()) == 1)
        await oximeter.asleep()
        (reading,) = r.home.readings()
        assert (reading.time.basis, reading.backfill) == ("arrival", False)
        assert abs((reading.time.taken - clock.utc()).total_seconds()) < 60


async def test_cuff_of_somebody_elses_that_is_not_configured_is_never_paired(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, start: Start
) -> None:
    own = BeurerBm77(link, ADDRESS, device_clock)
    neighbours: StandardCuff = BeurerBm85(link, "F0:00:00:00:00:02", device_clock)
    await start(own)
    await start(neighbours)
    async with room(tmp_path, link, clock, own.MODEL, user_index=1) as r:
        await neighbours.take({**PRESSURE, "systolic": 160.0})
        await own.take(PRESSURE)
        await r.home.until(lambda: len(r.home.readings()) == 1)
        await own.asleep()
        assert neighbours.connection is None
        assert await neighbours.bonded_hosts() == []
