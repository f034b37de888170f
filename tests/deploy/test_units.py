"""The systemd units: valid, and locked down as far as the promise goes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.sandbox import settings

UNITS = sorted(Path("deploy/systemd").glob("*.service"))
EXPOSURE = 1.5


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_exposure(unit: Path) -> None:
    # --threshold makes systemd itself the judge, on its own scale of 0 to 100.
    told = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=true",
            "--no-pager",
            f"--threshold={EXPOSURE * 10:.0f}",
            unit.resolve(),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    overall = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert overall, told.stderr
    assert float(overall[1]) <= EXPOSURE
    assert told.returncode == 0


def test_the_watchdog_restarts_a_hub_that_hangs() -> None:
    unit = settings(Path("deploy/systemd/wardgate.service"))
    assert unit["Type"] == ["notify"]
    assert int(unit["WatchdogSec"][0]) > 0
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]


def test_the_page_is_another_user_and_reaches_this_machine_alone() -> None:
    hub = settings(Path("deploy/systemd/wardgate.service"))
    page = settings(Path("deploy/systemd/wardgate-page.service"))
    assert page["User"] != hub["User"]
    assert page["IPAddressDeny"] == ["any"]
    assert page["IPAddressAllow"] == ["localhost"]
