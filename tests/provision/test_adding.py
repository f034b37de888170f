"""Devices are added, paired, replaced and taken away at the kitchen table, on a simulated radio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.table import Table
from wardgate.capture import nearby
from wardgate.control import here, pairings
from wardgate.control.client import HubAway
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Added, Audit, Nearby
from wardgate.provision import devices
from wardgate.store.rows import DeviceRow
from wardgate_drivers.model.lookup import by_id
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_9560 import Nonin9560
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.firmware.standard_cuffs import BeurerBm85
from wardgate_sim.radio import Link

SCALE, CUFF, OTHER = (f"F0:00:00:00:00:0{n}" for n in (1, 2, 3))
PRESSURE = {"systolic": 135.0, "diastolic": 82.0, "pulse": 72.0, "user": 1.0}


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> LeapClock:
    return LeapClock()


@pytest.fixture
def device_clock(clock: LeapClock) -> DeviceClock:
    return DeviceClock(lambda: clock.utc().timestamp())


@pytest.fixture
def table(tmp_path: Path, link: Link, clock: LeapClock) -> Table:
    return Table(tmp_path, link, clock)


@pytest.fixture
async def scale(link: Link, device_clock: DeviceClock) -> AsyncIterator[AndScale]:
    device = AndScale(link, SCALE, device_clock, battery_percent=66)
    await device.start()
    yield device
    await device.stop()


@pytest.fixture
async def cuff(link: Link, device_clock: DeviceClock) -> AsyncIterator[BeurerBm85]:
    device = BeurerBm85(link, CUFF, device_clock)
    await device.start()
    yield device
    await device.stop()


def ticks(device: Added) -> dict[str, str]:
    return {check.key: check.tick for check in device.checks}


async def add(table: Table, device: Peripheral, **more: Any) -> Added:
    return await table.ask("add_device", Added, address=device.address, model=device.MODEL, **more)


async def refused(table: Table, method: str, **params: Any) -> str:
    with pytest.raises(ControlError) as caught:
        await table.ask(method, dict, **params)
    assert caught.value.what_to_do
    return caught.value.key


async def test_a_scale_is_added_paired_and_ticked(
    table: Table, scale: AndScale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here, "SOON_S", 0.0)
    async with table.running():
        added = await add(table, scale)
        assert (added.id, added.address, added.pairing) == ("scale", SCALE, "idle")
        assert set(ticks(added)) == {"heard", "paired", "clock", "battery", "memory"}
        assert ticks(added)["heard"] == ticks(added)["paired"] == "waiting"
        assert [d.id for d in table.record.device] == ["scale"]
        assert await add(table, scale) == added, "asked twice, done once"
        assert await refused(table, "pair_start", device="scale") == "not-yet"
        async with asyncio.timeout(60):
            await table.hub.anew.wait()
    async with table.running():
        assert "waits for the scale" in await table.do("pair_start", device="scale")
        await table.until_device("scale", lambda d: d.pairing == "waiting")
        await scale.press_pairing_key()
        paired = await table.until_device("scale", lambda d: d.pairing == "paired")
        assert paired.pairing_left_s is None
        await scale.asleep()
        await scale.take({"weight": 78.4})
        await table.until(lambda: len(table.readings()) == 1)
        await scale.asleep()
        done = await table.until_device("scale", lambda d: set(ticks(d).values()) == {"good"})
        assert [c.sentence for c in done.checks if c.key == "battery"] == ["Battery 66 %."]
        audit = await table.ask("audit", Audit, limit=50)
        (line,) = [e for e in audit.entries if e.what == "device-added"]
        assert (line.by, line.detail["device"], line.detail["address"]) == ("page", "scale", SCALE)


async def test_a_page_that_pairs_at_once_is_answered_by_the_hub_that_hears_the_device(
    table: Table, scale: AndScale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here, "SOON_S", 60.0)
    async with table.running():
        await add(table, scale)
        asked = asyncio.create_task(table.do("pair_start", device="scale"))
        await table.hub.anew.wait()
    with pytest.raises(HubAway):
        await asked
    async with table.running():
        assert "waits for the scale" in await table.do("pair_start", device="scale")


async def test_a_number_that_is_wrong_is_told_at_once_and_never_kept(
    table: Table, cuff: BeurerBm85, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="wardgate")
    async with table.running():
        await add(table, cuff, user_index=1)
    async with table.running():
        await table.do("pair_start", device="cuff")
        await cuff.take(PRESSURE)
        shown = await cuff.passkey_shown()
        wanted = await table.until_device("cuff", lambda d: d.pairing == "passkey-wanted")
        assert wanted.pairing_left_s is not None
        assert 0 < wanted.pairing_left_s <= 60
        wrong = (shown + 1) % 1_000_000
        with pytest.raises(ControlError) as caught:
            await table.do("passkey", device="cuff", passkey=wrong)
        assert str(caught.value) == f"The cuff did not accept {wrong:06d}. Type the 6 digits it shows now."
        again = await table.until_device("cuff", lambda d: d.pairing == "waiting")
        assert "did not accept" in again.pairing_sentence
        cuff.sleep_now()
        await cuff.asleep()
        await cuff.take(PRESSURE)
        second = await cuff.passkey_shown()
        await table.until_device("cuff", lambda d: d.pairing == "passkey-wanted")
        assert await table.do("passkey", device="cuff", passkey=second) == "The cuff is paired."
        await table.until_device("cuff", lambda d: d.pairing == "paired")
        await table.until(lambda: len(table.readings("cuff")) >= 1)
        assert await refused(table, "passkey", device="cuff", passkey=shown) == "no-pairing-waits"
        kept = str([table.hub.store.events(100), await table.installation(), await table.ask("audit", Audit, limit=99)])
        for digits in (f"{wrong:06d}", f"{shown:06d}", f"{second:06d}"):
            assert digits not in kept + caplog.text


async def test_a_device_that_is_on_the_air_before_anybody_begins_asks_for_its_number_too(
    table: Table, cuff: BeurerBm85
) -> None:
    async with table.running():
        await add(table, cuff, user_index=1)
    async with table.running():
        await cuff.take(PRESSURE)
        shown = await cuff.passkey_shown()
        wanted = await table.until_device("cuff", lambda d: d.pairing == "passkey-wanted")
        assert wanted.pairing_sentence == "The cuff shows 6 digits."
        assert await table.do("passkey", device="cuff", passkey=shown) == "The cuff is paired."
        await table.until_device("cuff", lambda d: d.pairing == "paired")


async def test_who_asks_for_a_pairing_that_is_under_way_joins_it(table: Table, cuff: BeurerBm85) -> None:
    """Begun anew it would show another number, and the one that somebody has read by then would be nobody's."""
    async with table.running():
        await add(table, cuff, user_index=1)
    async with table.running():
        await cuff.take(PRESSURE)
        shown = await cuff.passkey_shown()
        await table.until_device("cuff", lambda d: d.pairing == "passkey-wanted")
        command = asyncio.create_task(table.hub.capture.pair("cuff"))
        await table.do("pair_start", device="cuff")
        assert await table.do("passkey", device="cuff", passkey=shown) == "The cuff is paired."
        await command
        await table.until_device("cuff", lambda d: d.pairing == "paired")


async def test_who_adds_a_device_that_is_paired_before_they_can_ask_has_it_paired(
    table: Table, scale: AndScale
) -> None:
    """Its key was held before the page could ask; by then it sleeps, and makes no second bond."""
    async with table.running():
        await add(table, scale)
    async with table.running():
        await scale.press_pairing_key()
        await table.until(lambda: table.hub.devices.row("scale").bonded is True)
        await scale.asleep()
        await table.do("pair_start", device="scale", afresh=False)
        paired = await table.until_device("scale", lambda d: d.pairing != "waiting")
        assert (paired.pairing, paired.pairing_sentence) == ("paired", "The scale is paired with this hub.")
        await scale.take({"weight": 78.4})
        await table.until(lambda: len(table.readings()) == 1)


async def test_who_presses_the_button_has_it_paired_anew(table: Table, scale: AndScale) -> None:
    async with table.running():
        await add(table, scale)
    async with table.running():
        await scale.press_pairing_key()
        await table.until(lambda: table.hub.devices.row("scale").bonded is True)
        await scale.asleep()
        await scale.forget_bonds()
        await table.do("pair_start", device="scale")
        await table.until_device("scale", lambda d: d.pairing == "waiting")
        await scale.press_pairing_key()
        await table.until_device("scale", lambda d: d.pairing == "paired")
        assert await scale.bonded_hosts()


async def test_a_cuff_that_shows_no_number(table: Table, cuff: BeurerBm85) -> None:
    async with table.running():
        await add(table, cuff, user_index=1)
    async with table.running():
        await table.do("pair_start", device="cuff")
        await cuff.take(PRESSURE)
        await table.until_device("cuff", lambda d: d.pairing == "passkey-wanted")
        assert "batteries" in await table.do("no_number", device="cuff")
        failed = await table.device("cuff")
        assert (failed.pairing, failed.pairing_sentence) == ("failed", "The cuff shows no number.")
        assert "pair it again" in failed.pairing_what_to_do


async def test_nobody_comes(table: Table, scale: AndScale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardgate.capture.capture.PAIR_S", 0.2)
    monkeypatch.setattr(pairings, "PAIR_S", 0.2)
    async with table.running():
        await add(table, scale)
    async with table.running():
        await table.do("pair_start", device="scale")
        failed = await table.until_device("scale", lambda d: d.pairing == "failed")
        assert failed.pairing_sentence == "No scale could be paired."
        assert failed.pairing_what_to_do


async def test_what_cannot_be_added(table: Table, scale: AndScale, cuff: BeurerBm85) -> None:
    async with table.running():
        await add(table, scale, revision=0)
        assert (
            await refused(table, "add_device", address=CUFF, model="beurer-bm85", user_index=1, revision=0) == "stale"
        )
        cases: dict[str, dict[str, object]] = {
            "here-already": {"address": SCALE, "model": "detecto-scale"},
            "no-such-model": {"address": CUFF, "model": "beurer-bm99"},
            "other-way": {"address": CUFF, "model": "nonin-9560-serial"},
            "needs-user": {"address": CUFF, "model": "beurer-bm85"},
            "needs-consent": {"address": CUFF, "model": "beurer-bf720", "user_index": 1},
            "bad-request": {"address": "somewhere", "model": "beurer-bm85"},
        }
        for key, params in cases.items():
            assert await refused(table, "add_device", **params) == key
        assert await refused(table, "add_device", port="/dev/serial/by-id/x", model="beurer-bm85") == "other-way"
        assert await refused(table, "remove_device", device="scale", revision=0) == "stale"
        assert [d.id for d in table.record.device] == ["scale"]
        second = await table.ask("add_device", Added, address=OTHER, model=scale.MODEL)
        assert second.id == "scale-2"
        assert table.record.revision == 2


async def test_a_locked_hub_is_not_changed(table: Table, scale: AndScale) -> None:
    async with table.running():
        await add(table, scale)
    table.expect(stage="locked")
    async with table.running():
        assert await refused(table, "add_device", address=CUFF, model="beurer-bm85", user_index=1) == "locked"
        assert await refused(table, "remove_device", device="scale") == "locked"
        assert await refused(table, "replace_device", device="scale", address=OTHER, model=scale.MODEL) == "locked"
        assert await refused(table, "test_begin", device="scale") == "locked"
        assert [d.address for d in table.record.device] == [SCALE]


async def test_what_the_file_names_is_changed_in_the_file(tmp_path: Path, link: Link, clock: LeapClock) -> None:
    more = f'[[device]]\nid = "scale"\nmodel = "and-uc-352ble"\naddress = "{SCALE}"'
    table = Table(tmp_path, link, clock, more=more)
    async with table.running():
        assert await refused(table, "remove_device", device="scale") == "by-file"
        assert await refused(table, "replace_device", device="scale", address=OTHER, model="and-uc-352ble") == "by-file"
        assert await refused(table, "add_device", address=SCALE, model="detecto-scale") == "here-already"
        added = await table.ask("add_device", Added, address=OTHER, model="and-uc-352ble")
        assert added.id == "scale-2"


async def paired_scale(table: Table, scale: AndScale) -> None:
    async with table.running():
        await add(table, scale)
    async with table.running():
        await table.do("pair_start", device="scale")
        await scale.press_pairing_key()
        await table.until_device("scale", lambda d: d.pairing == "paired")
        await scale.asleep()


async def test_a_device_that_is_removed_leaves_no_pairing_and_no_memory(table: Table, scale: AndScale) -> None:
    await paired_scale(table, scale)
    async with table.running():
        assert table.hub.devices.row("scale").bonded
        await table.do("remove_device", device="scale")
        assert await table.do("remove_device", device="scale"), "asked twice, done once"
        assert not await table.hub.capture._host.bonded(SCALE)
        assert (await table.installation()).devices == ()
    async with table.running():
        assert (await table.installation()).devices == ()
        row = table.hub.store.device("scale")
        assert row is None or (row.bonded, row.serial, row.last_heard) == (None, None, None)


async def test_a_replaced_scale_keeps_its_name_and_the_detectors_are_told(table: Table, scale: AndScale) -> None:
    await paired_scale(table, scale)
    table.expect(tested={"scale": table.clock.utc()})
    async with table.running():
        wish = {"device": "scale", "address": OTHER, "model": "detecto-scale"}
        assert (
            await refused(table, "replace_device", **{**wish, "model": "beurer-bm85", "user_index": 1}) == "other-kind"
        )
        await table.do("replace_device", **wish)
        await table.do("replace_device", **wish)
        assert [(d.id, d.model, d.address) for d in table.record.device] == [("scale", "detecto-scale", OTHER)]
        assert table.record.tested == {}, "the new one has to be tried out"
        assert not await table.hub.capture._host.bonded(SCALE)
        assert [e.detail["note"] for e in table.events("therapy-note")] == ["new_scale"]
        assert (await table.device("scale")).pairing == "idle"


async def test_an_act_that_the_disk_refuses_is_not_done(
    table: Table, scale: AndScale, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with table.running():

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("wardgate.installation.write_whole", full)
        assert await refused(table, "add_device", address=SCALE, model=scale.MODEL) == "not-kept"
        assert (await table.installation()).devices == ()
        monkeypatch.undo()
        assert (await add(table, scale)).id == "scale"


async def test_an_oximeter_on_a_cable_is_found_by_its_line_and_added(
    table: Table, clock: LeapClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    oximeter = Nonin9560(DeviceClock(lambda: clock.utc().timestamp()), repeat_s=0.3)
    await oximeter.start()
    monkeypatch.setattr(nearby, "serial_lines", lambda: (oximeter.port,))
    table.expect(kinds=("oximeter",))
    async with table.running():
        (line,) = await table.ask("nearby", tuple[Nearby, ...])
        assert (line.address, line.rssi_dbm, line.wanted, line.device) == (oximeter.port, None, True, None)
        assert line.models[0].kind == "oximeter", "what is wanted comes first"
        assert all(model.serial for model in line.models)
        added = await table.ask("add_device", Added, port=oximeter.port, model=oximeter.MODEL)
        assert (added.id, added.port, added.address) == ("oximeter", oximeter.port, None)
        (line,) = await table.ask("nearby", tuple[Nearby, ...])
        assert (line.wanted, line.device) == (False, "oximeter")
    async with table.running():
        assert "needs no pairing" in await table.do("pair_start", device="oximeter")
        await oximeter.take({"spo2": 95.0, "pulse": 71.0})
        await table.until(lambda: len(table.readings()) == 1)
        heard = await table.until_device("oximeter", lambda d: ticks(d)["heard"] == "good")
        assert (ticks(heard)["paired"], ticks(heard)["battery"]) == ("good", "unknown")
        await oximeter.asleep()
    await oximeter.stop()


@pytest.mark.parametrize(
    ("model", "used"),
    [
        ("beurer-bm85", "Take a measurement, then press its memory key."),
        ("and-uc-352ble", "Step on it."),
    ],
)
def test_what_was_not_seen_yet_asks_for_a_use_and_not_for_pairing(model: str, used: str) -> None:
    known = by_id(model)
    assert known is not None
    found = {
        t.key: t for t in devices.ticks(known, DeviceRow(id="d"), tried=False, pairing_lost=False, zone_offset_s=0.0)
    }
    assert (found["clock"].what_to_do, found["memory"].what_to_do) == (used, used)
