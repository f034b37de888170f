"""The demo, as `make demo FOR=...` runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_everything_measured_in_the_demo_reaches_the_ward() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wardgate_sim", "demo", "--for", "30", "--page-port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    lines = done.stdout.splitlines()
    summary = json.loads(lines[-1])
    assert done.returncode == 0, done.stdout
    assert summary["lost"] == summary["duplicates"] == 0
    assert summary["taken"] == summary["stored"] == summary["delivered"] > 100
    assert summary["alerts"] >= 2
    assert any("ALERT raised" in line and "Weight went up" in line for line in lines)
    assert any("ALERT raised" in line and "Oxygen saturation" in line for line in lines)
    assert any("http://127.0.0.1:" in line for line in lines)
