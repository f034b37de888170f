"""The systemd units: valid, and locked down as far as the promise goes."""

from __future__ import annotations

import ipaddress
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.sandbox import settings
from wardgate.control.signing_in import MARK

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


def test_the_page_is_another_user_and_reaches_the_home_alone() -> None:
    hub = settings(Path("deploy/systemd/wardgate.service"))
    page = settings(Path("deploy/systemd/wardgate-page.service"))
    assert page["User"] != hub["User"]
    assert page["IPAddressDeny"] == ["any"]
    allowed = page["IPAddressAllow"][0].split()
    networks = [ipaddress.ip_network(network) for network in allowed if network not in ("localhost", "link-local")]
    assert networks
    assert all(network.is_private for network in networks)


def test_the_page_is_started_by_its_mark_alone_and_ends_by_itself() -> None:
    path = settings(Path("deploy/systemd/wardgate-page.path"))
    hub = settings(Path("deploy/systemd/wardgate.service"))
    page = settings(Path("deploy/systemd/wardgate-page.service"))
    assert path["PathExists"] == [f"/run/{hub['RuntimeDirectory'][0]}/{MARK}"]
    assert "WantedBy" not in page
    assert page["Restart"] == ["on-failure"]
    assert "--until-closed" in page["ExecStart"][0].split()
