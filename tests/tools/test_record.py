"""Recording an unknown device: real GATT on a simulated radio, and what may leave the home afterwards."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bleak.backends.scanner import AdvertisementData

from wardgate.capture.radio import RadioBackend
from wardgate.cli import devices, devices_record
from wardgate_drivers.link.recording import Recording
from wardgate_drivers.redaction import Secrets
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.and_medical import AndCuff
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_3230 import Nonin3230
from wardgate_sim.firmware.xiaomi_scale import XiaomiScale
from wardgate_sim.radio import Link

ADDRESS = "F0:0B:5E:C7:A1:39"
NOON = Civil(2026, 11, 21, 12, 0, 0)
SOURCE = "test"


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def clock() -> DeviceClock:
    return DeviceClock(lambda: NOON.civil_s)


@pytest.fixture
async def radio(link: Link) -> AsyncIterator[RadioBackend]:
    async with open_hub(link) as backend:
        yield backend


def options(**changes: Any) -> argparse.Namespace:
    usual = {"address": ADDRESS.lower(), "seconds": 0.5, "pair": False, "set_clock": False, "broadcast": False}
    return argparse.Namespace(**{**usual, **changes})


def assert_nobodys(written: dict[str, Any], *numbers: str) -> None:
    """Neither the address, in any form, nor a number is anywhere in it."""
    text = json.dumps(written).lower()
    octets = ADDRESS.lower().split(":")
    for secret in (*numbers, "".join(octets), "".join(octets[::-1]), ":".join(octets), "".join(octets[3:])):
        assert secret.lower() not in text
        assert secret.encode().hex() not in text


async def test_a_streaming_oximeter(link: Link, clock: DeviceClock, radio: RadioBackend) -> None:
    device = Nonin3230(link, ADDRESS, clock, frame_period_s=0.02, serial="502913377")
    await device.start()
    try:
        await device.take({"spo2": 96.0, "pulse": 71.0})
        captured = await devices_record.recorded(options(), radio)
    finally:
        await device.stop()
    assert captured is not None
    written = captured.vector_file("Nonin 3230", SOURCE)
    assert_nobodys(written, "502913377")
    assert written["device"]["names"] == ["Nonin3230_#########"]
    assert written["device"]["maker"] == "Nonin Medical, Inc."
    services = {s["service"]: [c["characteristic"] for c in s["characteristics"]] for s in written["services"]}
    assert services["46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"][0] == "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"
    assert "2A25" in services["180A"]
    frames = [v for v in written["vectors"] if v["transport"].get("characteristic", "").startswith("0aad7ea0")]
    assert len(frames) > 3
    assert {v["transport"]["operation"] for v in frames} == {"notify"}
    assert len({v["id"] for v in written["vectors"]}) == len(written["vectors"])
    assert not [v for v in written["vectors"] if v["transport"].get("characteristic") == "2A25"]


async def test_a_cuff_that_wants_a_bond_and_the_time(link: Link, clock: DeviceClock, radio: RadioBackend) -> None:
    device = AndCuff(link, ADDRESS, clock)
    await device.start()
    try:
        await device.press_pairing_key()
        await devices_record.recorded(options(pair=True, seconds=0.1), radio)
        await device.asleep()
        taken = await device.take({"systolic": 135.0, "diastolic": 82.0, "mean": 99.0, "pulse": 72.0})
        captured = await devices_record.recorded(options(set_clock=True, seconds=5.0), radio)
        await device.asleep()
    finally:
        await device.stop()
    assert captured is not None
    (frame,) = [f for f in captured.frames if f.layout == "bls.measurement"]
    assert frame.data == device.encode(taken)
    assert frame.transport == {
        "link": "ble-gatt", "service": "1810", "characteristic": "2A35", "operation": "indicate",
    }  # fmt: skip
    assert device.book.errors == []
    assert_nobodys(captured.vector_file("A&D UA-651BLE", SOURCE))


async def test_a_scale_that_only_shouts(link: Link, clock: DeviceClock, radio: RadioBackend) -> None:
    device = XiaomiScale(link, ADDRESS, clock, repeat_s=2.0, moving_s=0.1)
    await device.start()
    try:
        await device.take({"weight": 78.4})
        captured = await devices_record.recorded(options(broadcast=True, seconds=1.0), radio)
        await device.asleep()
    finally:
        await device.stop()
    assert captured is not None
    assert {f.layout for f in captured.frames} == {"xiaomi.scale-v2"}
    assert {f.transport["service_data"] for f in captured.frames} == {"181B"}
    assert captured.names == ["MIBFS"]


async def test_sniffing_names_the_models(link: Link, clock: DeviceClock, radio: RadioBackend) -> None:
    device = XiaomiScale(link, ADDRESS, clock, repeat_s=2.0, moving_s=0.1)
    await device.start()
    try:
        await device.take({"weight": 78.4})
        (line,) = await devices_record.sniffed(1.5, radio)
        await device.asleep()
    finally:
        await device.stop()
    assert line.startswith(ADDRESS)
    assert line.endswith("MIBFS: xiaomi-scale (Xiaomi Mi Scale); 181B")


def test_a_strangers_name_does_not_steer_the_terminal() -> None:
    heard = AdvertisementData("\x1b[2J\nA&D", {}, {}, [], None, -60, ())
    assert devices_record._line(ADDRESS, heard) == f"{ADDRESS}   -60 dBm  ?[2J?A&D: not known; no service named"


async def test_a_device_that_stays_silent(radio: RadioBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices_record, "FIND_S", 0.2)
    assert await devices_record.recorded(options(), radio) is None


def test_the_file_is_checked_like_any_other_and_says_what_the_codec_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captured = Recording(ADDRESS)
    cuff = {"link": "ble-gatt", "service": "1810", "characteristic": "2A35", "operation": "indicate"}
    captured.take(cuff, bytes.fromhex("0078005000640000"), "bls.measurement")
    captured.take(cuff | {"characteristic": "FFF1"}, b"\x01", "unknown")
    file = tmp_path / "new.json"
    file.write_text(json.dumps(captured.vector_file("Acme 1", SOURCE)), encoding="utf-8")
    assert devices.main(["check", str(file)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["recorded-1", '  expected: {"outcome": "unknown"}']
    assert '"systolic": 120' in told[2]
    assert told[-1] == "0 passed, 2 failed"


def test_a_file_that_is_there_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_text("mine", encoding="utf-8")
    assert devices.main(["record", ADDRESS, str(file)]) == 2
    assert file.read_text(encoding="utf-8") == "mine"
    assert "Name another file" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("sniff", "--seconds", "0"), ("record", ADDRESS, "{}/new.json")])
def test_a_machine_without_bluetooth_is_told(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    assert devices.main([word.format(tmp_path) for word in words]) == 1
    assert "the system bus, through which Bluetooth is reached, does not answer" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_file_is_written_and_its_frames_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def captured(*_: object) -> Recording:
        await asyncio.sleep(0)
        found = Recording(ADDRESS)
        found.take({"link": "ble-gatt"}, b"\x01\x02", "unknown")
        return found

    monkeypatch.setattr(devices_record, "recorded", captured)
    file = tmp_path / "new.json"
    assert devices.main(["record", ADDRESS, str(file), "--device", "Acme 1"]) == 0
    (vector,) = json.loads(file.read_text(encoding="utf-8"))["vectors"]
    assert (vector["device"], vector["hex"], vector["kind"]) == ("Acme 1", "0102", "real capture")
    assert "holds 1 frame." in capsys.readouterr().out


SECRETS = Secrets(ADDRESS, ("BM12345678", "AB-12C"), (bytes.fromhex("39a1c7fffe5e0bf0"),))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("A&D_UA-651BLE_C7A139", "A&D_UA-651BLE_######"),
        ("BM77 a139", "BM77 ####"),
        ("Nonin3230_501234567", "Nonin3230_#########"),
        ("HEM-7600T", "HEM-7600T"),
        ("scale BM12345678", "scale ##########"),
        ("PC-60F_SN345678", "PC-60F_SN######"),
        ("BLESmart_0000011F00112233AABB", "BLESmart_####################"),
        ("Polar H10 1A2B3C4D", "Polar H10 ########"),
    ],
)
def test_names_lose_their_numbers_and_keep_the_model(name: str, kept: str) -> None:
    assert SECRETS.name(name) == kept


@pytest.mark.parametrize(
    ("frame", "kept", "places"),
    [
        ("01f00b5ec7a13902", "0100000000000002", ((1, 6),)),
        ("0139a1c75e0bf002", "0100000000000002", ((1, 6),)),
        ("ffc7a139ffff39a1c7", "ff000000ffff000000", ((1, 3), (6, 8))),
        ("39a1c7fffe5e0bf0", "0000000000000000", ((0, 7),)),
        (b"\x01SN:BM12345678".hex(), "01534e3a" + 10 * "00", ((4, 13),)),
        (b"\x01AB-12C\x02".hex(), "0100000000000002", ((1, 6),)),
        (b"id=998877;".hex(), b"id=\0\0\0\0\0\0;".hex(), ((3, 8),)),
        (b"=F00B5EC7A139!".hex(), b"=\0\0\0\0\0\0\0\0\0\0\0\0!".hex(), ((1, 12),)),
        (b"39:a1:c7".hex(), "0000000000000000", ((0, 7),)),
        ("0078005000640000", "0078005000640000", ()),
        (b"ST,GS,+ 78.40kg\r\n".hex(), b"ST,GS,+ 78.40kg\r\n".hex(), ()),
    ],
)
def test_frames_lose_what_tells_the_device(frame: str, kept: str, places: tuple[tuple[int, int], ...]) -> None:
    data, blanked = SECRETS.frame(bytes.fromhex(frame))
    assert (data.hex(), blanked) == (kept, places)


def test_what_was_blanked_is_noted() -> None:
    captured = Recording(ADDRESS)
    captured.take({"link": "ble-gatt"}, bytes.fromhex("01f00b5ec7a13902"), "unknown")
    (vector,) = captured.vector_file("Acme 1", SOURCE)["vectors"]
    assert "Bytes 1-6 were blanked" in vector["note"]
