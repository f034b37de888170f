"""`wardgate metrics` and `wardgate support-bundle` beside a hub that runs."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.mosquitto import free_port
from tests.support.programs import Program, until_answers

CANARIES = ("Copper Heron 93", "assignment-of-canary", "wg-canary-7", "AA:BB:CC:DD:EE:01", "broker.canary.example")


def configuration(directory: Path) -> Path:
    path = directory / "wardgate.toml"
    path.write_text(
        f"""
[hub]
id = "wg-canary-7"
patient = "Copper Heron 93"
assignment = "assignment-of-canary"
data_dir = "{directory}/data"
control_socket = "{directory}/control.sock"
[radio]
enabled = false
[broker]
host = "broker.canary.example"
port = {free_port()}
tls = false
[[device]]
id = "scale"
model = "and-uc-352ble"
address = "AA:BB:CC:DD:EE:01"
""",
        encoding="utf-8",
    )
    return path


@asynccontextmanager
async def running(directory: Path, config: Path) -> AsyncIterator[None]:
    hub = Program(directory / "hub.log", "run", "--config", str(config))
    await hub.start()
    try:
        await until_answers(directory / "control.sock")
        yield
    finally:
        await hub.stop()


async def wardgate(*words: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wardgate", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_the_report_names_nobody(tmp_path: Path) -> None:
    config, out = configuration(tmp_path), tmp_path / "report.zip"
    async with running(tmp_path, config):
        status, said = await wardgate("support-bundle", "--config", str(config), "--out", str(out))
    assert status == 0, said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as report:
        parts = {name: report.read(name).decode() for name in report.namelist()}
    assert {"about.json", "configuration.json", "doctor.json", "status.json", "events.json", "log.txt"} <= parts.keys()
    for name, text in parts.items():
        for canary in CANARIES:
            assert canary.lower() not in text.lower(), f"{canary} stands in {name}"
    assert json.loads(parts["status.json"])["devices"][0]["model"] == "and-uc-352ble"
    assert json.loads(parts["configuration.json"])["hub"]["patient"] == "<patient-1>"


async def test_a_report_without_a_hub_says_so(tmp_path: Path) -> None:
    config, out = configuration(tmp_path), tmp_path / "report.zip"
    status, said = await wardgate("support-bundle", "--config", str(config), "--out", str(out))
    assert status == 0, said
    with zipfile.ZipFile(out) as report:
        assert "hub-away.txt" in report.namelist()


async def test_figures_once_and_on_request(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    async with running(tmp_path, config):
        status, text = await wardgate("metrics", "--config", str(config))
        assert status == 0
        assert "wardgate_connected 0.0" in text
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "wardgate", "metrics", "--config", str(config), "--listen", "0"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        address = (await process.stdout.readline()).decode().strip()
        answer = await asyncio.to_thread(_get, address)
        assert answer.startswith("# HELP wardgate_info")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            await asyncio.to_thread(_get, address.replace("/metrics", "/readings"))
        process.terminate()
        await process.wait()


async def test_figures_without_a_hub(tmp_path: Path) -> None:
    status, said = await wardgate("metrics", "--config", str(configuration(tmp_path)))
    assert status == 69
    assert "wardgate run" in said or "running" in said


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:
        text: str = answer.read().decode()
        return text
