"""What goes wrong between a device and the hub, and what then becomes of its readings."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from bumble.device import Connection

from tests.hub.conftest import Bench, Start, a_config, bench
from wardgate.config import Device
from wardgate.control.client import connect
from wardgate.control.protocol import ControlError
from wardgate.store.store import Store
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndCuff, AndDevice, AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.radio import Link

CUFF = Device(id="cuff", model="and-ua-651ble", address="F0:00:00:00:00:01")
SCALE = Device(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:02")
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "mean": 99.0, "pulse": 72.0}


@pytest.fixture
async def cuff(link: Link, device_clock: DeviceClock, start: Start) -> AndCuff:
    device = AndCuff(link, "F0:00:00:00:00:01", device_clock)
    await start(device)
    return device


@pytest.fixture
async def scale(link: Link, device_clock: DeviceClock, start: Start) -> AndScale:
    device = AndScale(link, "F0:00:00:00:00:02", device_clock)
    await start(device)
    return device


async def pair(home: Bench, device: AndDevice, name: str) -> None:
    """As a technician does."""
    await device.press_pairing_key()
    await home.until(lambda: name in home.events("paired"))
    await device.asleep()


def systolics(home: Bench) -> list[float]:
    return [r.quantities[0].value for r in home.readings("cuff")]


async def test_a_link_lost_in_the_middle_loses_and_doubles_nothing(
    tmp_path: Path, link: Link, clock: LeapClock, cuff: AndCuff
) -> None:
    async with bench(a_config(tmp_path, CUFF), link, clock, tmp_path / "keys.json") as home:
        await pair(home, cuff, "cuff")
        now_s = clock.utc().timestamp()
        for n in range(6):
            cuff.store({**PRESSURE, "systolic": 120.0 + n}, cuff.clock.at(now_s - 3600 * (6 - n)))
        cuff.faults.lose_link_after = 3
        await cuff.take({**PRESSURE, "systolic": 126.0})
        await cuff.asleep()
        assert "link" in cuff.book.errors
        stored = set(systolics(home))
        assert {t.values["systolic"] for t in cuff.book.acknowledged} <= stored  # durable before acknowledged

        clock.leap_to(clock.utc() + timedelta(minutes=1))  # further apart than what a date may be wrong by
        await cuff.take({**PRESSURE, "systolic": 127.0})
        await home.until(lambda: len(home.readings()) == 8)
        await cuff.asleep()
        assert systolics(home) == [120.0 + n for n in range(8)]
        assert not cuff.unsent


async def test_a_memory_dumped_again_makes_duplicates_and_no_readings(
    tmp_path: Path, link: Link, clock: LeapClock, cuff: AndCuff
) -> None:
    keys = tmp_path / "keys.json"
    async with bench(a_config(tmp_path, CUFF), link, clock, keys) as home:
        await pair(home, cuff, "cuff")
        cuff.store({**PRESSURE, "systolic": 120.0}, cuff.clock.at(clock.utc().timestamp() - 7200))
        await cuff.take({**PRESSURE, "systolic": 121.0})
        await home.until(lambda: len(home.readings()) == 2)
        await cuff.asleep()
    async with bench(a_config(tmp_path, CUFF), link, clock, keys) as home:  # the hub was restarted; its bonds hold
        cuff.faults.resend_all = True
        await cuff.take({**PRESSURE, "systolic": 122.0})
        await home.until(lambda: len(home.readings()) == 3)
        await cuff.asleep()
        assert systolics(home) == [120.0, 121.0, 122.0]
        assert home.counts("cuff")["duplicates"] == 2
        assert home.events("unclean-restart") == []


async def test_a_device_that_hangs_holds_up_no_other(
    tmp_path: Path, link: Link, clock: LeapClock, device_clock: DeviceClock, scale: AndScale, start: Start
) -> None:
    class Hanging(AndCuff):
        async def session(self, connection: Connection) -> None:
            if self.pairing_open:
                await super().session(connection)
            else:
                await asyncio.Event().wait()

    cuff = Hanging(link, "F0:00:00:00:00:01", device_clock)
    await start(cuff)
    async with bench(a_config(tmp_path, CUFF, SCALE), link, clock, tmp_path / "keys.json") as home:
        await pair(home, cuff, "cuff")
        await pair(home, scale, "scale")
        await cuff.take(PRESSURE)
        await scale.take({"weight": 78.4})
        await home.until(lambda: len(home.readings("scale")) == 1)
        await scale.asleep()
        assert home.readings("cuff") == []


async def test_a_device_that_forgot_its_bond_is_told_of_and_paired_again_on_a_persons_word(
    tmp_path: Path, link: Link, clock: LeapClock, cuff: AndCuff
) -> None:
    settings = a_config(tmp_path, CUFF)
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await pair(home, cuff, "cuff")
        await cuff.forget_bonds()
        taken = await cuff.take(PRESSURE)
        await home.until(lambda: home.events("pairing-lost") == ["cuff"])
        await cuff.asleep()
        assert list(cuff.unsent) == [taken]
        async with connect(Path(settings.hub.control_socket)) as hub:
            (device,) = (await hub.status()).devices
            assert device.state == "pairing-lost"
            pairing = asyncio.ensure_future(hub.call("pair", device="cuff"))
            await hub.call("ping")
            await cuff.press_pairing_key()
            assert "paired" in (await pairing).sentence
            await cuff.asleep()
            await cuff.take({**PRESSURE, "systolic": 140.0})
            await home.until(lambda: len(home.readings()) == 2)
            await cuff.asleep()
            (device,) = (await hub.status()).devices
            assert (device.state, device.bonded) == ("working", True)
        assert home.events("pairing-lost") == ["cuff"]


async def test_a_hub_that_lost_its_bonds_pairs_with_nobody_unasked(
    tmp_path: Path, link: Link, clock: LeapClock, cuff: AndCuff
) -> None:
    """H19: whoever answers to the cuff's address, in pairing mode too, need not be the cuff."""
    settings = a_config(tmp_path, CUFF)
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await pair(home, cuff, "cuff")
    async with bench(settings, link, clock, tmp_path / "other-keys.json") as home:
        cuff.air_s = 1.0
        await cuff.press_pairing_key()
        await home.until(lambda: home.events("pairing-lost") == ["cuff"])
        assert home.events("paired") == ["cuff"]  # that of the first life
        async with connect(Path(settings.hub.control_socket)) as hub:
            await hub.call("pair", device="cuff")
        await home.until(lambda: home.events("paired") == ["cuff", "cuff"])


async def test_an_unpaired_device_that_refuses_says_how_to_pair_it(
    tmp_path: Path, link: Link, clock: LeapClock, cuff: AndCuff
) -> None:
    settings = a_config(tmp_path, CUFF)
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await cuff.take(PRESSURE)
        await home.until(lambda: home.events("device-refused") == ["cuff"])
        (event,) = [e for e in home.hub.store.events(100) if e.code == "device-refused"]
        assert "hold START until Pr shows" in event.what_to_do
        async with connect(Path(settings.hub.control_socket)) as hub:
            (device,) = (await hub.status()).devices
            assert device.state == "not-set-up"


async def test_another_person_on_the_scale(tmp_path: Path, link: Link, clock: LeapClock, scale: AndScale) -> None:
    async with bench(a_config(tmp_path, SCALE), link, clock, tmp_path / "keys.json") as home:
        await pair(home, scale, "scale")
        now_s = clock.utc().timestamp()
        for day in (3, 2, 1):
            scale.store({"weight": 78.0}, scale.clock.at(now_s - 86400 * day))
        await scale.take({"weight": 61.0})
        await home.until(lambda: len(home.readings()) == 4)
        await scale.asleep()
        *own, other = home.readings()
        assert {r.attribution for r in own} == {"assigned"}
        assert (other.attribution, other.patient) == ("unattributed", None)
        assert (other.attribution_reason or "").startswith("weight-far-from-usual")
        await home.until(lambda: home.events("reading-unattributed") == ["scale"])


async def test_a_hub_that_was_killed_says_so(tmp_path: Path, link: Link, clock: LeapClock) -> None:
    settings = a_config(tmp_path)
    killed = Store.open(settings.database, clock)
    await killed.put_detector_state("hub/life", b'{"clean": false, "boot_id": "before the power cut"}')
    await killed.close()
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await home.until(lambda: home.events("unclean-restart") == [None])


async def test_a_request_that_says_nonsense(tmp_path: Path, link: Link, clock: LeapClock) -> None:
    settings = a_config(tmp_path, CUFF)
    async with (
        bench(settings, link, clock, tmp_path / "keys.json"),
        connect(Path(settings.hub.control_socket)) as hub,
    ):
        for ask in (
            hub.call("series", channel="height", days=7),
            hub.call("series", channel="weight", days=-1),
            hub.call("passkey", device="cuff", passkey=123456),
            hub.call("pair", device="nothing"),
        ):
            with pytest.raises(ControlError):
                await ask
        status = await hub.status()
        assert status.hub.hub == "hub-1"
        assert status.hub.radio.state == "simulated"
