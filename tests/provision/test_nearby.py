"""Who is in the air: those that the catalogue knows, the strongest first, whoever else passes by."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.capture.conftest import Ear, HandClock, Told
from tests.capture.test_owner import CUFF, Air, Host
from tests.support.table import Table
from wardgate.capture import nearby
from wardgate.capture.caller import Caller
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.nearby import FORGET_S, KNOWN, STRANGERS, Nearby
from wardgate.capture.owner import RadioOwner
from wardgate.capture.recovery import Budget, Helper, Recovery
from wardgate.config import Device
from wardgate.control.provisioning import Nearby as Shown
from wardgate.store.store import Store
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.uuids import BLOOD_PRESSURE_SERVICE
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.standard_cuffs import BeurerBm85
from wardgate_sim.radio import Link

SCALE = "F0:00:00:00:00:02"
AND_CUFF, AND_SCALE = "A&D_UA-651BLE_1A2B3C", "A&D_UC-352BLE_1A2B3C"


def shout(address: str, name: str | None = None, rssi: int = -60, services: tuple[str, ...] = ()) -> Advertisement:
    return Advertisement(address, name, rssi, services, {}, {})


def address(n: int) -> str:
    return "AA:" + ":".join(f"{n:010x}"[i : i + 2].upper() for i in range(0, 10, 2))


@pytest.fixture
def air_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ear_in_the_air(air_clock: HandClock) -> Nearby:
    found = Nearby(air_clock)
    found.look()
    return found


def test_known_devices_the_strongest_first_and_no_strangers(ear_in_the_air: Nearby) -> None:
    ear_in_the_air.heard(shout(CUFF, AND_CUFF, -80))
    ear_in_the_air.heard(shout(SCALE, AND_SCALE, -50))
    ear_in_the_air.heard(shout(address(1), "Somebody's speaker", -30))
    ear_in_the_air.heard(shout(address(2)))
    found = ear_in_the_air.look()
    assert [(h.address, [m.id for m in h.models], h.rssi_dbm) for h in found] == [
        (SCALE, ["and-uc-352ble"], -50),
        (CUFF, ["and-ua-651ble"], -80),
    ]


def test_a_name_and_its_services_may_come_in_two_packets(ear_in_the_air: Nearby) -> None:
    ear_in_the_air.heard(shout(CUFF, services=(BLOOD_PRESSURE_SERVICE,)))
    ear_in_the_air.heard(shout(CUFF, "BLEsmart_0000"))
    (found,) = ear_in_the_air.look()
    assert [m.id for m in found.models] == ["omron-standard"]


def test_one_packet_more_or_less_does_not_move_a_device_about(ear_in_the_air: Nearby) -> None:
    for rssi in (-60, -60, -60, -90):
        ear_in_the_air.heard(shout(CUFF, AND_CUFF, rssi))
    (found,) = ear_in_the_air.look()
    assert -75 < found.rssi_dbm < -60
    for _ in range(20):
        ear_in_the_air.heard(shout(CUFF, AND_CUFF, -90))
    (found,) = ear_in_the_air.look()
    assert found.rssi_dbm <= -88


def test_it_is_shown_for_a_while_with_its_age_and_then_forgotten(ear_in_the_air: Nearby, air_clock: HandClock) -> None:
    ear_in_the_air.heard(shout(CUFF, AND_CUFF))
    air_clock.s += FORGET_S - 1
    (found,) = ear_in_the_air.look()
    assert found.age_s == FORGET_S - 1
    air_clock.s += 2
    assert ear_in_the_air.look() == ()


def test_nothing_is_kept_while_nobody_looks(air_clock: HandClock) -> None:
    alone = Nearby(air_clock)
    alone.heard(shout(CUFF, AND_CUFF))
    assert alone.look() == ()
    alone.heard(shout(CUFF, AND_CUFF))
    air_clock.s += nearby.ASKED_S
    alone.heard(shout(SCALE, AND_SCALE))
    assert alone.look() == ()


def test_thousands_of_strangers_push_nobody_out_and_fill_nothing(ear_in_the_air: Nearby) -> None:
    ear_in_the_air.heard(shout(CUFF, AND_CUFF, -70))
    for n in range(5000):
        ear_in_the_air.heard(shout(address(n), f"thing {n}" * 50, -40, tuple(f"{n}-{i}" for i in range(50))))
    assert [h.address for h in ear_in_the_air.look()] == [CUFF]
    assert len(ear_in_the_air._said) <= STRANGERS
    assert max(len(said.services) for said in ear_in_the_air._said.values()) <= nearby.SERVICES_MOST
    for n in range(5000):  # and a crowd that calls itself by known names
        ear_in_the_air.heard(shout(address(n), AND_SCALE, -40))
    assert len(ear_in_the_air._said) <= STRANGERS
    assert len(ear_in_the_air.look()) == KNOWN


def test_serial_lines_by_the_names_that_stay(tmp_path: Path) -> None:
    assert nearby.serial_lines(tmp_path / "none") == ()
    for name in ("usb-FTDI_B", "usb-FTDI_A"):
        (tmp_path / name).touch()
    assert nearby.serial_lines(tmp_path) == (str(tmp_path / "usb-FTDI_A"), str(tmp_path / "usb-FTDI_B"))
    assert "nonin-9560-serial" in [m.id for m in nearby.serial_models()]


@pytest.mark.parametrize("addresses", [(), (CUFF,)])
async def test_the_radio_listens_for_whoever_looks_and_never_scans_and_connects_together(
    tmp_path: Path, addresses: tuple[str, ...]
) -> None:
    """Without a device it scans only while somebody looks; with one, looking changes nothing about its calls."""
    air, clock, host, told = Air(), HandClock(), Host(), Told(HandClock())
    looking = Nearby(clock)
    store = Store.open(tmp_path / "wardgate.db", clock)
    known = known_devices(tuple(Device(id="cuff", model="and-ua-651ble", address=a) for a in addresses))
    devices = Devices(store, known, lambda _: None)
    callers = {
        k.device.address or "": Caller(
            k, air.backend(), host, "hci0", devices, told.journal, clock, lambda _: Ear(), random.Random(1)
        )
        for k in known
    }
    recovery = Recovery(
        host, Helper(tmp_path / "ask", tmp_path / "answer"), Budget(store, clock, 0), list, told.journal, clock
    )
    radio = RadioOwner(air.backend(), host, "hci0", callers, {}, told.journal, clock, lambda _: None, recovery, looking)
    running = asyncio.ensure_future(radio.run())
    for _ in range(5):
        await asyncio.sleep(0)
    assert (air.scanner is not None) == bool(addresses)
    looking.look()
    radio.look()
    await air.listening()
    await air.shout(SCALE)
    await air.shout(CUFF)
    if addresses:
        await air.until(lambda: f"connect {CUFF}" in air.steps)
        await air.listening()
    assert air.wrong == []
    clock.s += nearby.ASKED_S + 1
    host.become("on")  # whatever wakes it up: nobody looks any more
    if not addresses:
        await air.until(lambda: air.steps[-1] == "stop")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await store.close()


@pytest.fixture
def clock() -> LeapClock:
    return LeapClock()


async def test_a_hub_without_devices_says_what_is_in_the_air(tmp_path: Path, clock: LeapClock) -> None:
    link = Link()
    device_clock = DeviceClock(lambda: clock.utc().timestamp())
    scale, cuff = AndScale(link, SCALE, device_clock), BeurerBm85(link, CUFF, device_clock)
    table = Table(tmp_path, link, clock, more='[watch]\npathways = ["hypertension"]')
    for device in (scale, cuff):
        await device.start()
    async with table.running():
        assert await table.ask("nearby", tuple[Shown, ...]) == ()
        scale.wake(60.0)
        cuff.wake(60.0)
        found: tuple[Shown, ...] = ()
        async with asyncio.timeout(60):
            while len(found) < 2:
                found = await table.ask("nearby", tuple[Shown, ...])
                await asyncio.sleep(0.1)
        by = {n.address: n for n in found}
        assert {a: (n.models[0].kind, n.wanted, n.device) for a, n in by.items()} == {
            SCALE: ("scale", False, None),
            CUFF: ("cuff", True, None),
        }
        (model,) = by[CUFF].models
        assert (model.id, model.passkey, model.needs_user, model.serial) == ("beurer-bm85", True, True, False)
        assert model.wake
        assert table.readings() == []
    for device in (scale, cuff):
        await device.stop()
