"""The demo, as `make demo` runs it, and as `make demo FOR=...` does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

_DEMO = (sys.executable, "-m", "wardgate_sim", "demo", "--page-port", "0")
_AWAITED = (("ALERT raised", "Weight went up"), ("ALERT raised", "Oxygen saturation"), ("http://127.0.0.1:",))


@pytest.mark.slow
def test_everything_measured_in_the_demo_reaches_the_ward() -> None:
    """A person looks on until there was an alert of each kind, and presses Ctrl-C."""
    lines: list[str] = []
    awaited = set(_AWAITED)
    with subprocess.Popen(_DEMO, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout
        try:
            for line in demo.stdout:
                lines.append(line)
                seen = {words for words in awaited if all(word in line for word in words)}
                awaited -= seen
                if seen and not awaited:
                    demo.send_signal(signal.SIGINT)
            demo.wait(60)
        finally:
            demo.kill()
    summary = json.loads(lines[-1])
    assert demo.returncode == 0, "".join(lines)
    assert summary["lost"] == summary["duplicates"] == 0
    assert summary["taken"] == summary["stored"] == summary["delivered"] > 100
    assert summary["alerts"] >= 2


@pytest.mark.slow
def test_a_demo_of_some_seconds_ends_by_itself() -> None:
    demo = subprocess.run([*_DEMO, "--for", "10"], capture_output=True, text=True, check=False)
    assert json.loads(demo.stdout.splitlines()[-1]).keys() >= {"taken", "delivered", "alerts"}, demo.stdout
