"""H26. Identifiers are planted in a whole run, and looked for wherever something comes out of the hub.

What may be where: the table in docs/security.md. `ALLOWED` is that table, for the names that are planted here.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import re
import zipfile
from pathlib import Path
from typing import Final

import msgspec
import pytest
import uvicorn

from tests.hub.conftest import Bench, Start, bench
from tests.support.authority import Ward as Enrolling
from tests.support.mosquitto import Mosquitto
from tests.support.peer import peer
from wardgate import config
from wardgate.cli import doctor, status, support_bundle
from wardgate.control.client import call, connect
from wardgate.control.metrics import exposition
from wardgate.enrol.est import Endpoint, EnrolError
from wardgate.enrol.identity import Identity, directory
from wardgate.page.app import create_app
from wardgate.page.server import listen
from wardgate.ward import Ward
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.standard_cuffs import BeurerBm85
from wardgate_sim.radio import Link

PSEUDONYM: Final = "Canary Heron 4242"
NHS_NUMBER: Final = "943 476 5919"
NAME: Final = "Mrs Canarybird"
PASSWORD: Final = "canary-broker-password"
OURS: Final = "F0:CA:0A:11:00:01"
SCALE: Final = "F0:CA:0A:11:00:02"
STRANGER: Final = "F0:CA:0A:11:00:99"
HUB: Final = "hub-1"
PLACES: Final = ("log", "topics", "messages", "page", "status", "doctor", "metrics", "bundle", "database", "files")
ALLOWED: Final = {
    "pseudonym": {"messages", "page", "status", "database"},
    "address": {"messages", "database"},
    "name of a person": set(),
    "number of a person": set(),
    "stranger's address": set(),
    "broker password": set(),
    "claim code": set(),
    "passkey": set(),
}  # fmt: skip


class NamedScale(AndScale):
    """Somebody has written their name and number into it: that is on the air, and in its characteristics."""

    def __init__(self, link: Link, address: str, clock: DeviceClock) -> None:
        super().__init__(link, address, clock)
        self.gatt.name = f"{NAME} {NHS_NUMBER}"


@pytest.fixture
async def everything(
    tmp_path: Path,
    link: Link,
    clock: LeapClock,
    device_clock: DeviceClock,
    start: Start,
    caplog: pytest.LogCaptureFixture,
) -> dict[str, str]:
    """What came out at each place, after a life with a pairing by code, readings, refusals and a claim."""
    caplog.set_level(logging.DEBUG, logger="wardgate")
    broker = Mosquitto(tmp_path / "broker", passwords={HUB: PASSWORD, "ward": "other"})
    broker.start()
    for name, text in (("password", PASSWORD), ("ward-password", "other")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    told = dict.fromkeys(PLACES, "")
    settings = _config(tmp_path, broker)
    scale, cuff = NamedScale(link, SCALE, device_clock), BeurerBm85(link, OURS, device_clock)
    stranger = NamedScale(link, STRANGER, device_clock)
    for device in (scale, cuff, stranger):
        await start(device)
    ears = broker.settings(username="ward", password_file=str(tmp_path / "ward-password"))
    ward = Ward(ears, tmp_path / "ward.db")
    running = asyncio.create_task(ward.run())
    await ward.connected.wait()
    async with peer(ears, "#", name="ear") as ear, bench(settings, link, clock, tmp_path / "hub" / "keys.json") as home:
        told["passkey"] = await _live(home, settings, scale, cuff, stranger)
        told["claim code"] = await _claim(tmp_path, settings)
        await home.hub.drained()
        told["topics"] = "\n".join(topic for topic, _ in ear.messages)
        told["messages"] = "\n".join(payload.decode() for _, payload in ear.messages)
        async with connect(Path(settings.hub.control_socket)) as hub:
            told["status"] = "\n".join(status.lines(await hub.status()))
        told["page"] = await _page(settings)
        told["doctor"] = "\n".join(map(str, await asyncio.to_thread(_doctor, tmp_path, settings)))
        told["metrics"], told["bundle"] = await asyncio.to_thread(_for_support, tmp_path, settings)
        told["database"] = _bytes(settings.data_dir.glob("wardgate.db*"))
        told["files"] = _bytes(p for p in settings.data_dir.rglob("*") if "wardgate.db" not in p.name and p.is_file())
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    told["log"] = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(("wardgate.", "bleak")))
    broker.stop()
    return told


def _config(tmp_path: Path, broker: Mosquitto) -> config.Config:
    return config.Config(
        hub=config.Hub(
            id=HUB,
            patient=PSEUDONYM,
            assignment="a-1",
            data_dir=str(tmp_path / "hub" / "data"),
            control_socket=str(tmp_path / "hub" / "control.sock"),
        ),
        broker=broker.settings(username=HUB, password_file=str(tmp_path / "password")),
        device=(
            config.Device(id="cuff", model="beurer-bm85", address=OURS),
            config.Device(id="scale", model="and-uc-352ble", address=SCALE),
        ),
    )


async def _live(home: Bench, settings: config.Config, scale: AndScale, cuff: BeurerBm85, stranger: AndScale) -> str:
    """The passkey that the cuff showed."""
    await stranger.press_pairing_key()
    await scale.press_pairing_key()
    await home.until(lambda: "scale" in home.events("paired"))
    await scale.asleep()
    await scale.take({"weight": 78.4})
    await home.until(lambda: len(home.readings("scale")) == 1)
    await scale.asleep()
    await cuff.take({"systolic": 135.0, "diastolic": 82.0, "pulse": 72.0, "user": 1.0})
    shown = await cuff.passkey_shown()
    async with connect(Path(settings.hub.control_socket)) as hub:
        await hub.call("passkey", device="cuff", passkey=shown)
    await home.until(lambda: len(home.readings("cuff")) == 1)
    await cuff.asleep()
    return f"{shown:06d}"


async def _claim(tmp_path: Path, settings: config.Config) -> str:
    """A claim code that was used, and one that was refused, beside the running hub."""
    ward = Enrolling(tmp_path / "authority")
    code = ward.code(HUB)
    async with ward.endpoint() as port:
        identity, endpoint = Identity(directory(settings.data_dir)), Endpoint(f"https://localhost:{port}", str(ward.ca))
        await asyncio.to_thread(endpoint.claim, identity, HUB, code)
        identity.take()
        with pytest.raises(EnrolError) as refused:
            await asyncio.to_thread(endpoint.claim, identity, HUB, code)
    assert code not in str(refused.value)
    assert code.encode() not in b"".join(p.read_bytes() for p in (tmp_path / "authority").rglob("*") if p.is_file())
    return code


async def _page(settings: config.Config) -> str:
    listener = listen(0)
    app = uvicorn.Config(create_app(Path(settings.hub.control_socket)), log_level="warning")
    server = uvicorn.Server(app)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    port = listener.getsockname()[1]

    def get() -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/", headers={"Host": f"127.0.0.1:{port}"})
        return connection.getresponse().read().decode()

    text = await asyncio.to_thread(get)
    server.should_exit = True
    await serving
    return text


def _doctor(tmp_path: Path, settings: config.Config) -> list[object]:
    file = tmp_path / "wardgate.toml"
    tables = msgspec.to_builtins(settings)
    lines = []
    for name in ("hub", "broker"):
        lines += [
            f"[{name}]",
            *(f"{k} = {msgspec.json.encode(v).decode()}" for k, v in tables[name].items() if v is not None),
        ]
    file.write_text("\n".join([*lines, "[radio]", "enabled = false", ""]), encoding="utf-8")
    return list(doctor.diagnose(file))


def _for_support(tmp_path: Path, settings: config.Config) -> tuple[str, str]:
    """The figures for Prometheus, and everything in the report for support."""
    out = tmp_path / "report.zip"
    support_bundle.write(out, settings, tmp_path / "wardgate.toml")
    assert out.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(out) as report:
        texts = [f"{name}\n{report.read(name).decode()}" for name in report.namelist()]
    return exposition(call(Path(settings.hub.control_socket), "status")), "\n".join(texts)


def _bytes(files: object) -> str:
    return b"".join(path.read_bytes() for path in files).decode("latin-1")  # type: ignore[attr-defined]


@pytest.mark.slow
async def test_no_identifier_is_where_it_must_not_be(everything: dict[str, str]) -> None:
    planted = {
        "pseudonym": PSEUDONYM,
        "address": OURS,
        "name of a person": "Canarybird",
        "number of a person": NHS_NUMBER,
        "stranger's address": STRANGER,
        "broker password": PASSWORD,
        "claim code": everything["claim code"],
        "passkey": everything["passkey"],
    }
    found = {
        name: {place for place in PLACES if any(_stands(spelt, everything[place]) for spelt in _spellings(identifier))}
        for name, identifier in planted.items()
    }
    for place in PLACES:
        assert everything[place] or place == "files", f"nothing was looked at in {place}"
    for name, places in found.items():
        assert places <= ALLOWED[name], f"{name} is in {places - ALLOWED[name]}"
    assert found["pseudonym"] == ALLOWED["pseudonym"], "the looking itself works"
    assert "database" in found["address"]


def _spellings(identifier: str) -> tuple[str, ...]:
    plain = identifier.replace(":", "").replace(" ", "").replace("-", "")
    return (identifier, identifier.lower(), *((plain, plain.lower()) if len(plain) > 6 else ()))


def _stands(identifier: str, text: str) -> bool:
    """As a word: six digits are in many a hash."""
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(identifier)}(?![0-9A-Za-z])", text) is not None
