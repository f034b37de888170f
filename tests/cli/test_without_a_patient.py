"""Commands at a hub that has no patient, and by a user who may not read what was set up there."""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path

import pytest

from tests.cli.test_commands import configuration, running
from tests.support.boxed import Boxed
from wardgate import installation
from wardgate.cli.doctor import diagnose
from wardgate.cli.main import main
from wardgate.installation import KeptDevice, Record

NONE_YET = "This hub has no patient yet."


async def ended(*words: str) -> int:
    """The status with which a command ends."""
    try:
        return await asyncio.to_thread(main, list(words))
    except SystemExit as end:
        return int(str(end.code))


async def test_status_says_how_far_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boxed = Boxed(tmp_path)
    async with boxed.running():
        assert await ended("status", "--config", str(boxed.file)) == 1
        out = capsys.readouterr().out
        assert out.startswith("This hub is not claimed.")
        assert "Missing (step 1): The hub is not claimed." in out
        assert await ended("status", "--json", "--config", str(boxed.file)) == 1
        assert json.loads(capsys.readouterr().out)["key"] == "no-patient-yet"


@pytest.mark.parametrize(
    "words",
    [
        ("watch",),
        ("metrics",),
        ("pair", "scale"),
        ("note", "diuretic_up"),
        ("parked", "list"),
    ],
    ids=lambda words: words[0],
)
async def test_what_needs_a_patient_says_that_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    boxed = Boxed(tmp_path)
    async with boxed.running():
        assert await ended(*words, "--config", str(boxed.file)) == 1
        told = capsys.readouterr().err
    assert NONE_YET in told
    assert "wardgate provision status" in told


@pytest.mark.parametrize("command", ["plan", "dry-run"])
async def test_what_looks_at_the_configuration_says_so_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert await ended(command, "--config", str(Boxed(tmp_path).file)) == 1
    told = capsys.readouterr().err
    assert "No patient was given to this hub yet." in told
    assert "wardgate provision status" in told
    assert "Mend the file" not in told


async def test_doctor_looks_at_what_is_there(tmp_path: Path) -> None:
    boxed = Boxed(tmp_path)
    async with boxed.running():
        found = {check.name: check for check in await asyncio.to_thread(diagnose, boxed.file)}
    assert (found["patient"].ok, found["patient"].sentence) == (False, NONE_YET)
    assert found["configuration"].ok
    assert found["database"].ok
    assert found["hub"].ok, found["hub"].sentence
    assert (found["broker"].ok, found["broker"].sentence) == (False, "This hub does not know its ward.")
    assert "certificate" not in found


class NotAllowed:
    """What a user without rights gets; tests run with all of them."""

    def __call__(self, *_: object, **__: object) -> object:
        raise PermissionError(errno.EACCES, "Permission denied")


async def test_who_may_not_read_what_was_set_up_asks_the_hub(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "wardgate.toml"
    config.write_text(
        f'[hub]\ndata_dir = "{tmp_path}/data"\ncontrol_socket = "{tmp_path}/control.sock"\n[radio]\nenabled = false\n'
        '[broker]\nhost = "127.0.0.1"\nport = 1\ntls = false\n',
        encoding="utf-8",
    )
    (tmp_path / "data").mkdir()
    scale = KeptDevice(id="scale", model="and-uc-352ble", address="AA:BB:CC:DD:EE:01")
    kept = Record(
        revision=1, stage="assigned", hub="wg-cli", patient="Copper Heron 93", assignment="a-1", device=(scale,)
    )
    installation.keep(tmp_path / "data", kept)
    async with running(tmp_path, config):
        monkeypatch.setattr(installation, "read", NotAllowed())
        assert await ended("status", "--config", str(config)) == 1
        assert "Scale (scale), A&D UC-352BLE" in capsys.readouterr().out
        assert await ended("metrics", "--config", str(config)) == 0
        assert await ended("note", "diuretic_up", "--config", str(config)) == 0
        assert await ended("pair", "cuff", "--config", str(config)) == 2
        assert "Known: scale." in capsys.readouterr().err
        assert await ended("plan", "--config", str(config)) == 1
        assert "Run the command with sudo." in capsys.readouterr().err
        found = {check.name: check for check in await asyncio.to_thread(diagnose, config)}
    assert "cannot be read" in found["installation"].sentence
    assert found["hub"].ok


async def test_who_may_not_ask_the_hub_is_told_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio, "open_unix_connection", NotAllowed())
    assert await ended("status", "--config", str(configuration(tmp_path, 1))) == 69
    told = capsys.readouterr().err
    assert "this user may not ask it" in told
    assert "sudo adduser $USER wardgate" in told
