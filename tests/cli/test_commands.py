"""The commands as a person types them: in processes of their own, with a hub that runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support import ward_side
from tests.support.mosquitto import Mosquitto
from tests.support.programs import Program, until_answers


def wardgate(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "wardgate", *words], capture_output=True, text=True, check=False)


def configuration(directory: Path, port: int, extra: str = "", *, radio: bool = False) -> Path:
    path = directory / "wardgate.toml"
    path.write_text(
        f"""
[hub]
id = "wg-cli"
patient = "Copper Heron 93"
assignment = "a-1"
data_dir = "{directory}/data"
control_socket = "{directory}/control.sock"
[radio]
enabled = {str(radio).lower()}
[broker]
host = "127.0.0.1"
port = {port}
tls = false
[[device]]
id = "scale"
model = "and-uc-352ble"
address = "AA:BB:CC:DD:EE:01"
{extra}
""",
        encoding="utf-8",
    )
    return path


@asynccontextmanager
async def running(directory: Path, config: Path) -> AsyncIterator[Program]:
    hub = Program(directory / "hub.log", "run", "--config", str(config))
    await hub.start()
    try:
        await until_answers(directory / "control.sock")
        yield hub
    finally:
        await hub.stop()


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "status",
        "watch",
        "doctor",
        "pair",
        "devices",
        "config",
        "page",
        "ward",
        "plan",
        "dry-run",
        "parked",
        "note",
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    told = wardgate(command, "--help")
    assert told.returncode == 0
    assert told.stdout.startswith(f"usage: wardgate {command}")


def test_without_a_command_it_says_what_there_is() -> None:
    told = wardgate()
    assert told.returncode == 2
    assert "usage: wardgate" in told.stderr


def test_a_broken_configuration_ends_the_hub_with_every_problem_named(tmp_path: Path) -> None:
    config = configuration(tmp_path, 1)
    config.write_text(config.read_text().replace("tls = false", "tsl = false").replace("[radio]", "[rdaio]"))
    told = wardgate("run", "--config", str(config))
    assert told.returncode == 78
    assert "Did you mean `tls`?" in told.stderr
    assert "Did you mean `radio`?" in told.stderr
    assert "Traceback" not in told.stderr


def test_check_tells_programs_too(tmp_path: Path) -> None:
    config = configuration(tmp_path, 1)
    good = json.loads(wardgate("config", "check", "--json", "--config", str(config)).stdout)
    assert good["ok"]
    assert len(good["hash"]) == 16
    missing = wardgate("config", "check", "--json", "--config", str(tmp_path / "none.toml"))
    assert missing.returncode == 78
    assert json.loads(missing.stdout)["problems"] == [
        "There is no such file. Write one, or name another with --config."
    ]


def test_a_hub_that_is_away_is_named_with_what_to_do(tmp_path: Path) -> None:
    config = configuration(tmp_path, 1)
    for command in ("status", "watch"):
        told = wardgate(command, "--config", str(config))
        assert told.returncode == 69
        assert str(tmp_path / "control.sock") in told.stderr
        assert "wardgate run" in told.stderr


async def test_a_device_that_is_not_there_cannot_be_paired(tmp_path: Path) -> None:
    """What is there the hub knows: its file does not name what was added on the page."""
    config = configuration(tmp_path, 1)
    async with running(tmp_path, config):
        told = await asyncio.to_thread(wardgate, "pair", "cuff", "--config", str(config))
    assert told.returncode == 2
    assert "Known: scale." in told.stderr
    assert wardgate("pair", "scale", "--config", str(config)).returncode == 69


async def test_status_in_words_and_for_programs(tmp_path: Path) -> None:
    mosquitto = Mosquitto(tmp_path / "mosquitto")
    mosquitto.start()
    try:
        config = configuration(tmp_path, mosquitto.port)
        async with running(tmp_path, config):
            words = await asyncio.to_thread(wardgate, "status", "--config", str(config))
            assert words.stdout.startswith("Hub wg-cli, patient Copper Heron 93, ")
            assert "Scale (scale), A&D UC-352BLE: Not set up" in words.stdout
            assert words.returncode == 1
            told = json.loads((await asyncio.to_thread(wardgate, "status", "--json", "--config", str(config))).stdout)
            assert told["hub"]["hub"] == "wg-cli"
            assert [device["id"] for device in told["devices"]] == ["scale"]
    finally:
        mosquitto.stop()


async def test_two_hubs_never_share_a_database(tmp_path: Path) -> None:
    config = configuration(tmp_path, 1)
    async with running(tmp_path, config) as first:
        second = await asyncio.to_thread(wardgate, "run", "--config", str(config))
        assert second.returncode == 1
        assert "Another hub is using" in second.stderr
        assert "Traceback" not in second.stderr
        assert await first.stop() == 0


async def test_a_damaged_database_is_set_aside_and_the_ward_hears_of_it(tmp_path: Path) -> None:
    mosquitto = Mosquitto(tmp_path / "mosquitto")
    mosquitto.start()
    ward = Program(
        tmp_path / "ward.log", "ward", "--host", "127.0.0.1", "--port", str(mosquitto.port), "--no-tls",
        "--database", str(tmp_path / "ward.db"),
    )  # fmt: skip
    await ward.start()
    try:
        config = configuration(tmp_path, mosquitto.port)
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "wardgate.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
        async with running(tmp_path, config) as hub:
            await ward.says("was damaged")
            await hub.stop()
        codes = {event.code for event in ward_side.events(tmp_path / "ward.db")}
        assert "database-damaged" in codes
        assert list((tmp_path / "data").glob("wardgate.damaged-*"))
    finally:
        await ward.stop()
        mosquitto.stop()


async def test_a_wrong_serial_line_stops_nothing_and_is_named(tmp_path: Path) -> None:
    extra = '[[device]]\nid = "clip"\nmodel = "nonin-9560-serial"\nport = "/dev/serial/by-id/none"'
    config = configuration(tmp_path, 1, extra)
    async with running(tmp_path, config):
        told = await asyncio.to_thread(wardgate, "doctor", "--config", str(config))
        assert told.returncode == 1
        assert "/dev/serial/by-id/none" in told.stdout


def test_a_reader_who_has_seen_enough_is_no_fault() -> None:
    """As `wardgate devices list | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "wardgate", "devices", "list"]
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")
