"""The hub dies, or its broker does, between a command, its doing and its answer."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.downlink.conftest import ASSIGNMENT, Home, Voice, events, until
from wardgate.cli.main import main
from wardgate.config import load
from wardgate.contract.commands import CommandAnswer, TakeNote, kind_of
from wardgate.contract.signing import PrivateKey
from wardgate.overlay import NAME, Overlay
from wardgate.store.commands import CommandRow
from wardgate.ward.commands import ask

NOTE = TakeNote(note="diuretic_up")


def _row(nonce: str, kind: str, expires_s: float) -> CommandRow:
    return CommandRow(
        nonce=nonce, kind=kind, expires_s=expires_s, response_topic="wardgate/1/hub-1/up/answer", correlation=b"tag"
    )


async def test_what_was_being_done_is_told_and_not_done_again(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        command = home.command(NOTE)
        await hub.commands.take(_row(command.nonce, kind_of(command), command.expires.timestamp()))
    async with home.hub() as hub:
        answer = await voice.answer()
        assert (answer.nonce, answer.result, answer.reason) == (command.nonce, "failed", "interrupted")
        assert voice.answers == []
        again = await voice.ask(command, home.key)
        assert (again.reason, again.repeated) == ("interrupted", True)
        assert hub.watcher.therapy.notes == []


async def test_a_configuration_that_was_kept_is_done(home: Home, voice: Voice) -> None:
    """The power went between the file and the answer."""
    async with home.hub() as hub:
        new = home.configuration(7, pathways=["copd"])
        await hub.commands.take(_row(new.nonce, kind_of(new), new.expires.timestamp()))
        record, config = hub.overlay.tried(new, home.key.envelope(new), home.key.public())
        hub.overlay.keep(record, config)
    async with home.hub() as hub:
        answer = await voice.answer()
        assert (answer.result, answer.detail) == ("done", {"version": 7, "config_hash": hub.config.fingerprint()})
        assert events(hub, "configuration-applied")


async def test_an_answer_that_found_no_connection_goes_out_with_the_next(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        command = home.command(NOTE)
        hub.downlink.beside.disconnect()  # it is gone in the moment in which the hub would answer
        voice.say("command", home.key.envelope(command))
        await until(hub, lambda: any(row.answer for row in hub.commands.rows()))
        assert not hub.commands.rows()[0].sent
    assert voice.answers == []
    async with home.hub() as hub:
        answer = await voice.answer()
        assert (answer.nonce, answer.result, answer.repeated) == (command.nonce, "done", False)
        await until(hub, lambda: hub.commands.rows()[0].sent)
    async with home.hub() as hub:
        await hub.downlink.answered()
        assert voice.answers == [], "once is enough"


async def test_a_half_written_configuration_was_never_there(home: Home) -> None:
    (home.file().data_dir).mkdir(parents=True)
    (home.file().data_dir / NAME).with_suffix(".new").write_bytes(b'{"record":')
    overlay = Overlay(home.file())
    assert (overlay.problem, overlay.config) == ("", home.file())
    new = home.configuration(7, pathways=["copd"])
    overlay.keep(*overlay.tried(new, home.key.envelope(new), home.key.public()))
    assert Overlay(home.file()).config.watch.pathways == ("copd",)


async def test_the_older_protocol_answers_on_the_fixed_topic(home: Home) -> None:
    older = msgspec.structs.replace(home.broker, protocol="3.1.1")
    async with home.hub(broker=older):
        answer: CommandAnswer = await ask(older, home.key, home.command(NOTE), wait_s=20.0)
        assert answer.result == "done"
        forged = await ask(older, PrivateKey.new("ward-1"), home.command(NOTE), wait_s=20.0)
        assert forged.reason == "forged"


def test_no_hub_loads_the_signatures_before_it_is_commanded() -> None:
    """They cost memory that most hubs never need."""
    program = "import sys; import wardgate.hub, wardgate.cli.run; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_many_at_once_are_refused_and_none_is_lost(
    home: Home, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight things take long: the ninth is not kept waiting in silence."""
    async with home.hub() as hub:
        wait = asyncio.Event()

        async def note(_note: str) -> bool:
            await wait.wait()
            return True

        monkeypatch.setattr(hub.watcher, "note", note)
        for _ in range(8):
            voice.say("command", home.key.envelope(home.command(NOTE)))
        await until(hub, lambda: len(hub.commands.rows()) == 8)
        assert (await voice.ask(home.command(NOTE), home.key)).reason == "busy"
        wait.set()
        assert [(await voice.answer()).result for _ in range(8)] == ["done"] * 8


def test_the_plan_shows_what_the_ward_has_set(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, data = tmp_path / "wardgate.toml", tmp_path / "data"
    data.mkdir()
    file.write_text(
        f'[hub]\nid = "hub-1"\npatient = "Copper Heron 93"\nassignment = "{ASSIGNMENT}"\ndata_dir = "{data}"\n'
        f'[broker]\nhost = "localhost"\n[ward]\ncommand_keys = ["{home.key.public()}"]\n'
    )
    overlay = Overlay(load(file))
    new = home.configuration(7, pathways=["heart-failure"], limits={"gain_3_days_kg": 1.75})
    overlay.keep(*overlay.tried(new, home.key.envelope(new), home.key.public()))
    assert main(["plan", "--config", str(file)]) == 0
    assert "1.75 kg" in capsys.readouterr().out
    (data / NAME).write_bytes(b"?")
    assert main(["plan", "--config", str(file)]) == 0
    said = capsys.readouterr()
    assert "1.75 kg" not in said.out
    assert "is damaged" in said.err
