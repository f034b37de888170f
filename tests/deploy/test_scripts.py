"""Shell scripts are checked by shellcheck, the example by the hub's own reader."""

from __future__ import annotations

import subprocess
from pathlib import Path

from wardgate.config import load


def test_shellcheck() -> None:
    scripts = [path for place in ("deploy", "scripts", "firmware_sim/lab") for path in Path(place).glob("*.sh")]
    assert scripts
    told = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_the_example_configuration_can_be_used() -> None:
    config = load(Path("deploy/wardgate.example.toml"))
    assert config.broker.tls
    assert config.broker.confirm == "ward"
    assert {device.model for device in config.device} == {"and-uc-352ble", "and-ua-651ble"}
