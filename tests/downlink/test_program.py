"""The programs: `wardgate ward keys`, `wardgate ward command`, and a hub that starts itself anew."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.mosquitto import Mosquitto
from wardgate.cli.main import main
from wardgate.contract.commands import CommandAnswer
from wardgate.control.client import HubAway, call
from wardgate.control.messages import Status

BOUND_S = 90.0
HUB = Path(__file__).parents[1] / "support" / "hub_that_knows_the_time.py"


def _words(mosquitto: Mosquitto, key: Path, *words: str) -> list[str]:
    way = ["--host", "127.0.0.1", "--port", str(mosquitto.port), "--no-tls"]
    return ["ward", "command", "hub-9", *words, "--assignment", "a-1", "--key", str(key), *way]


@contextmanager
def _hub(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, str(HUB), "run", "--config", str(file)])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(BOUND_S)


async def _status(socket: Path, wanted: Callable[[Status], bool]) -> Status:
    """Once the hub is connected, and is as wanted."""
    async with asyncio.timeout(BOUND_S):
        while True:
            with contextlib.suppress(HubAway):
                found: Status = await asyncio.to_thread(call, socket, "status")
                if found.delivery.connected and wanted(found):
                    return found
            await asyncio.sleep(0.05)


def _is_a_report(answer: CommandAnswer) -> None:
    report = Path(str(answer.detail["file"]))
    assert zipfile.is_zipfile(report)
    assert report.stat().st_mode & 0o777 == 0o600


def _started(status: Status) -> datetime:
    return status.hub.now - timedelta(seconds=status.hub.uptime_s)


async def test_a_hub_is_configured_from_afar(
    tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    key, file, socket = tmp_path / "ward.key", tmp_path / "wardgate.toml", tmp_path / "control.sock"
    assert main(["ward", "keys", "new", "--id", "ward-2026", "--key", str(key)]) == 0
    assert key.stat().st_mode & 0o777 == 0o600
    section = capsys.readouterr().out.partition("[ward]")[2]
    file.write_text(
        f'[hub]\nid = "hub-9"\npatient = "Copper Heron 93"\nassignment = "a-1"\n'
        f'data_dir = "{tmp_path}/data"\ncontrol_socket = "{socket}"\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n[radio]\nenabled = false\n'
        f"[ward]{section}"
    )

    async def command(*words: str) -> tuple[int, str]:
        status = await asyncio.to_thread(main, _words(mosquitto, key, *words))
        return status, capsys.readouterr().out

    with _hub(file) as process:
        before = await _status(socket, lambda _: True)
        status, said = await command("limits", "gain_3_days_kg=1.5")
        assert (status, said[:40]) == (0, "hub-9: done. The configuration is kept; ")
        after = await _status(socket, lambda now: now.hub.config_hash != before.hub.config_hash)
        assert (await command("note", "diuretic_up", "--json"))[0] == 0
        status, said = await command("note", "diuretic")
        assert (status, "no-such-note" in said) == (1, True)
        status, said = await command("support-bundle", "--json")
        assert status == 0
        _is_a_report(msgspec.json.decode(said, type=CommandAnswer))
        # A file that was spoilt meanwhile does not take a hub down that is told to start anew.
        file.write_text("[hub]\nid = 7\n")
        assert (await command("restart"))[0] == 0
        again = await _status(socket, lambda now: _started(now) > _started(after) + timedelta(seconds=0.1))
        assert again.hub.config_hash == after.hub.config_hash
        assert process.poll() is None, "it became another program under the same number"


def test_a_key_that_others_can_read_is_not_used(
    tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "ward.key"
    assert main(["ward", "keys", "new", "--id", "ward-1", "--key", str(key)]) == 0
    assert main(["ward", "keys", "new", "--id", "ward-1", "--key", str(key)]) == 1, "nothing is written over"
    key.chmod(0o640)
    assert main(_words(mosquitto, key, "restart")) == 1
    assert "chmod 600" in capsys.readouterr().err


def test_nobody_answers(tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "ward.key"
    assert main(["ward", "keys", "new", "--id", "ward-1", "--key", str(key)]) == 0
    assert main([*_words(mosquitto, key, "restart"), "--wait", "0.2"]) == 69
    assert "It may still do it until" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("limits", "gain_3_days_kg"), "NAME=VALUE"),
        (("send-again", "abcd", "x"), "invalid literal"),
        (("revert", "everything"), "Invalid enum value"),
        (("note",), "missing 1 required"),
        (("open-the-door",), "invalid choice"),
    ],
)
def test_wrong_words_are_not_sent(
    tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(_words(mosquitto, tmp_path / "none.key", *words))
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
