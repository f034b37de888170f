"""A configuration under which the hub's program cannot live is taken back; a power cut takes nothing back."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.downlink.conftest import ASSIGNMENT, Home, Voice, events
from wardgate.contract.commands import Configuration
from wardgate.contract.messages import Event
from wardgate.contract.signing import PrivateKey
from wardgate.control import proving
from wardgate.control.client import HubAway, call, connect
from wardgate.control.messages import ConfigurationView, Status
from wardgate.hub import Hub
from wardgate.overlay import NAME, Overlay, leave_patient
from wardgate.probation import Record
from wardgate.store.audit import verify
from wardgate.store.reader import Reader
from wardgate.ward.commands import ask
from wardgate.watch import canary
from wardgate.watch.adherence import Adherence

BOUND_S = 90.0
PROGRAM = Path(__file__).parents[1] / "support" / "hub_that_falls.py"


class Machine:
    """A hub's programs, one life after the other, as systemd starts them."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.file = home.directory / "wardgate.toml"
        self.file.write_text(
            f'[hub]\nid = "hub-1"\npatient = "Copper Heron 93"\nassignment = "{ASSIGNMENT}"\n'
            f'data_dir = "{home.directory}/data"\ncontrol_socket = "{home.directory}/control.sock"\n'
            f'[broker]\nhost = "{home.broker.host}"\nport = {home.broker.port}\ntls = false\n'
            f'[radio]\nenabled = false\n[ward]\ncommand_keys = ["{home.key.public()}"]\n'
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, boot: str, falls: str) -> None:
        words = [sys.executable, str(PROGRAM), "run", "--config", str(self.file)]
        self.process = subprocess.Popen(words, env=os.environ | {"TEST_BOOT": boot, "TEST_FALLS": falls})

    async def fallen(self) -> int:
        """It ended by itself."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, BOUND_S)

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.fallen()

    async def up(self, wanted: Callable[[Status], bool] = lambda _: True) -> Status:
        """Once it is connected, and as wanted."""
        async with asyncio.timeout(BOUND_S):
            while True:
                with contextlib.suppress(HubAway):
                    socket = self.home.directory / "control.sock"
                    found: Status = await asyncio.to_thread(call, socket, "status")
                    if found.delivery.connected and wanted(found):
                        return found
                await asyncio.sleep(0.05)

    def events(self, code: str) -> list[Event]:
        with closing(Reader(self.home.file().database)) as reader:
            return [event for event in reader.events(1000) if event.code == code]

    async def ask(self, configuration: Configuration) -> tuple[str, str]:
        answer = await ask(self.home.broker, self.home.key, configuration, wait_s=BOUND_S)
        return answer.result, answer.reason


@pytest.fixture
def machine(home: Home) -> Any:
    machine = Machine(home)
    yield machine
    if machine.process is not None and machine.process.poll() is None:
        machine.process.kill()
        machine.process.wait(BOUND_S)


@pytest.mark.parametrize("falls", ["start", "later"])
async def test_the_hub_goes_back_by_itself(machine: Machine, home: Home, falls: str) -> None:
    """It passed every check; the program falls, at its start or later, and is started anew as systemd does."""
    machine.start("boot-1", falls)
    before = await machine.up()
    good = home.configuration(11, limits={"gain_3_days_kg": 1.5})
    assert await machine.ask(good) == ("done", "")
    known = await machine.up(lambda now: now.hub.config_hash != before.hub.config_hash)
    bad = home.configuration(12, pathways=["copd"])
    assert await machine.ask(bad) == ("done", "")
    await machine.fallen()
    machine.start("boot-1", falls)
    await machine.fallen()
    machine.start("boot-1", falls)
    assert (await machine.up()).hub.config_hash == before.hub.config_hash, "neither of the two had been proven"
    (told,) = machine.events("configuration-rolled-back")
    assert (told.severity, told.detail["version"]) == ("problem", 12)
    assert "fell 2 times" in told.sentence
    assert await machine.ask(bad) == ("failed", "rolled-back"), "what it was told is no longer true"
    assert await machine.ask(msgspec.structs.replace(bad, nonce=good.nonce)) == ("failed", "rolled-back")
    assert await machine.ask(home.configuration(12, pathways=["frailty"])) == ("refused", "older-version")
    assert await machine.ask(msgspec.structs.replace(good, version=13, nonce="5" * 32)) == ("done", "")
    assert await machine.up(lambda now: now.hub.config_hash == known.hub.config_hash)
    assert machine.process is not None
    machine.process.terminate()
    await machine.fallen()
    assert len(machine.events("configuration-rolled-back")) == 1, "told once"
    assert verify(home.file().database) == []
    with closing(Reader(home.file().database)) as reader:
        lines = [row.what for row in reader.audit_rows(100)]
    assert lines.count("configuration-rolled-back") == 1


async def test_losing_the_power_is_not_falling(machine: Machine, home: Home) -> None:
    """A home that switches its hub off at the socket keeps what was configured; falls on either side of it count."""
    machine.start("boot-1", "")
    before = await machine.up()
    assert await machine.ask(home.configuration(12, pathways=["copd"])) == ("done", "")
    new = await machine.up(lambda now: now.hub.config_hash != before.hub.config_hash)
    for boot in (2, 3, 4):
        await machine.kill()
        machine.start(f"boot-{boot}", "")
        assert (await machine.up()).hub.config_hash == new.hub.config_hash
    await machine.kill()  # it fell
    machine.start("boot-4", "")
    assert (await machine.up()).hub.config_hash == new.hub.config_hash, "once may have had another reason"
    await machine.kill()  # the power went
    machine.start("boot-5", "")
    assert (await machine.up()).hub.config_hash == new.hub.config_hash
    await machine.kill()  # it fell
    machine.start("boot-5", "")
    assert (await machine.up()).hub.config_hash == before.hub.config_hash


async def test_what_the_machine_refuses_is_not_the_configurations_doing(machine: Machine, home: Home) -> None:
    machine.start("boot-1", "")
    before = await machine.up()
    assert await machine.ask(home.configuration(12, pathways=["copd"])) == ("done", "")
    new = await machine.up(lambda now: now.hub.config_hash != before.hub.config_hash)
    assert machine.process is not None
    machine.process.terminate()
    await machine.fallen()
    database, aside = home.file().database, home.directory / "aside"
    database.rename(aside)
    database.mkdir()
    for _ in range(2):
        machine.start("boot-1", "")
        assert await machine.fallen() == 1
    database.rmdir()
    aside.rename(database)
    machine.start("boot-1", "")
    assert (await machine.up()).hub.config_hash == new.hub.config_hash


async def test_it_is_proven_once_it_has_lived_and_a_reading_came_through(
    home: Home, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "FIRST_S", 0.0)
    monkeypatch.setattr("wardgate.hub.TICK_S", 0.05)
    monkeypatch.setattr(proving, "LOOK_S", 0.05)
    home.broker = msgspec.structs.replace(home.broker, confirm="broker")
    async with home.hub():
        assert (await voice.ask(home.configuration(7, pathways=["copd"]), home.key)).result == "done"
    async with home.hub() as hub:
        await _once(lambda: hub.canary.state().last_age_s is not None)
        assert hub.overlay.proving, "it has not lived long enough"
        assert await _shown(hub) == ConfigurationView(version=7, proving=True)
        monkeypatch.setattr(proving, "LIVES_S", 0.0)
        await _once(lambda: bool(events(hub, "configuration-proven")))
        assert await _shown(hub) == ConfigurationView(version=7)
    for _ in range(3):
        fallen = Overlay(home.file(), home.clock.boot_id())
        fallen.begin()
    assert fallen.config.watch.pathways == ("copd",), "falling is its program's own doing now"


@pytest.mark.parametrize("fault", ["task", "canary"])
async def test_a_hub_that_runs_and_is_not_well_goes_back_too(
    home: Home, voice: Voice, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(canary, "FIRST_S", 0.0)
    monkeypatch.setattr("wardgate.hub.TICK_S", 0.05)
    monkeypatch.setattr("wardgate.supervise.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(proving, "LOOK_S", 0.05)
    async with home.hub():
        assert (await voice.ask(home.configuration(7, pathways=["copd"]), home.key)).result == "done"
    if fault == "task":
        monkeypatch.setattr(Adherence, "check", _falls)
    else:
        monkeypatch.setattr(canary.Canary, "_judged", lambda *_: "no alert from saturation.spot_target")
    async with home.hub() as hub:
        async with asyncio.timeout(BOUND_S):
            await hub.anew.wait()
    monkeypatch.undo()
    async with home.hub() as hub:
        assert hub.config.watch.pathways == ()
        (told,) = events(hub, "configuration-rolled-back")
        assert told.detail["version"] == 7
        shown = await _shown(hub)
        assert shown is not None
        assert (shown.version, shown.proving, shown.taken_back) == (7, False, told.sentence.partition("again. ")[2])


async def _shown(hub: Hub) -> ConfigurationView | None:
    """What the hub's status says of it."""
    async with connect(Path(hub.config.hub.control_socket)) as asked:
        return (await asked.status()).hub.configuration


def _falls(_: object) -> None:
    raise KeyError("a fault of the program")


async def _once(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(BOUND_S):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


# The file


class Cut(BaseException):
    """The power went."""


def _cut_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the call of that number that makes something lasting."""
    left = iter(range(1, number))

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if next(left, None) is None:
                raise Cut
            return real(*arguments, **named)

        return call

    for name in ("open", "fsync", "replace", "unlink"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))


def _kept(home: Home) -> bytes:
    file = home.file().data_dir / NAME
    return file.read_bytes() if file.exists() else b""


def _keep(home: Home, version: int, **parts: Any) -> Configuration:
    overlay = Overlay(home.file())
    word = home.configuration(version, **parts)
    overlay.keep(*overlay.tried(word, home.key.envelope(word), home.key.public()))
    return word


def _start(home: Home, boot: str = "boot-1") -> Overlay:
    overlay = Overlay(home.file(), boot)
    overlay.begin()
    return overlay


STEPS: dict[str, Callable[[Home], object]] = {
    "keep": lambda home: _keep(home, 8, pathways=["frailty"]),
    "start": _start,
    "end": lambda home: _start(home).end(),
    "fall back": lambda home: [_start(home) for _ in range(3)],
    "go back": lambda home: _start(home).go_back("Parts of the hub fell."),
    "prove": lambda home: _start(home).prove(),
    "leave": lambda home: leave_patient(home.file().data_dir),
}


@pytest.mark.parametrize("step", STEPS)
def test_the_power_goes_at_each_write(home: Home, step: str) -> None:
    """One of two is whole, nothing is said to be damaged, and the same step can be done again to its end."""
    home.file().data_dir.mkdir()
    _keep(home, 6, limits={"gain_3_days_kg": 1.5})
    Overlay(home.file()).prove()
    _keep(home, 7, pathways=["copd"])
    known, file = _kept(home), home.file().data_dir / NAME
    cuts = 0
    for number in range(1, 60):
        file.write_bytes(known)
        with pytest.MonkeyPatch.context() as patch:
            _cut_at(number, patch)
            try:
                STEPS[step](home)
            except Cut:
                cuts += 1
            else:
                break
        overlay = Overlay(home.file())
        assert overlay.problem == ""
        left = () if step == "leave" else ("copd",)
        new = {"keep": ("frailty",), "fall back": (), "go back": ()}.get(step, left)
        assert overlay.config.watch.pathways in (("copd",), new)
        assert overlay.config.watch.weight.gain_3_days_kg == (
            1.5 if overlay.config.watch.pathways or step != "leave" else home.file().watch.weight.gain_3_days_kg
        )
        STEPS[step](home) if overlay.version < 8 else None
        assert Overlay(home.file()).config.watch.pathways == new
    assert cuts >= 3


def test_keys_are_never_taken_back(home: Home) -> None:
    """Their ward may have thrown the old one away, and they stop no hub; what came with them goes."""
    home.file().data_dir.mkdir()
    old, new = home.key, PrivateKey.new("ward-2")
    _keep(home, 5, pathways=["frailty"])
    Overlay(home.file()).prove()
    _keep(home, 6, command_keys=[str(old.public()), str(new.public())], pathways=["copd"], cadences={"scale": 12})
    home.key = new
    _keep(home, 7, command_keys=[str(new.public())])
    _start(home).go_back("Parts of the hub fell.")
    overlay = Overlay(home.file())
    assert [str(key) for key in overlay.keys()]  # noqa: SIM118 - no mapping == [str(new.public())]
    assert overlay.config.watch.pathways == ("frailty",)
    assert overlay.config.device == home.file().device
    assert not overlay.names("scale")
    _keep(home, 8, command_keys=[str(new.public())], limits={"gain_3_days_kg": 1.5})
    assert Overlay(home.file()).config.watch.pathways == ("frailty",), "what went does not hide what holds"


def test_a_patient_who_leaves_takes_what_was_on_probation_along(home: Home) -> None:
    home.file().data_dir.mkdir()
    _keep(home, 6, limits={"gain_3_days_kg": 1.5})
    _keep(home, 7, pathways=["copd"])
    leave_patient(home.file().data_dir)
    assert Overlay(home.file()).record == Record(version=7)
    assert b"copd" not in _kept(home)
    assert [_start(home).config for _ in range(4)][-1] == home.file()


def test_a_file_of_an_earlier_version_holds_and_reads_the_same_afterwards(home: Home) -> None:
    """Before there was a probation, the seal was over the record alone."""
    home.file().data_dir.mkdir()
    _keep(home, 6, limits={"gain_3_days_kg": 1.5})
    record = msgspec.json.encode(Overlay(home.file()).record)
    seal = hashlib.sha256(record).hexdigest()
    (home.file().data_dir / NAME).write_bytes(b'{"record":%b,"sha256":"%b"}' % (record, seal.encode()))
    overlay = _start(home)
    assert (overlay.problem, overlay.config.watch.weight.gain_3_days_kg, overlay.proving) == ("", 1.5, False)
    _keep(home, 7, pathways=["copd"])
    Overlay(home.file()).prove()
    found = msgspec.json.decode(_kept(home))
    assert sorted(found) == ["record", "sha256"], "an earlier version can read what has been proven"
