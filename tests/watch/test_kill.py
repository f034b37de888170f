"""kill -9 between a reading's commit, the alert's and the note that it was looked at. Real processes, a real disk."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.support.watching import Home

_CHILD = """
import asyncio, os, signal, sys
from datetime import timedelta
from pathlib import Path
from tests.support.watching import MORNING, Home, make_reading

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    home = Home(Path(sys.argv[1]))
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 78.1))
    if sys.argv[2] == "before the alert":
        home.store.put_alert = die
    if sys.argv[2] == "before the note":
        home.store.put_detector_state = die
    if sys.argv[2] == "before the watch":
        home.watcher.on_reading = die
    await home.take(make_reading("weight", MORNING + timedelta(days=3), weight=80.5))

asyncio.run(main())
"""


@pytest.mark.parametrize("when", ["before the watch", "before the alert", "before the note"])
async def test_the_alert_is_raised_once_whenever_the_hub_was_killed(tmp_path: Path, when: str) -> None:
    path = tmp_path / "wardgate.db"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", _CHILD, path, when)
    async with asyncio.timeout(60):
        assert await child.wait() == -signal.SIGKILL
    home = Home(path)
    assert len(home.alerts()) == (1 if when == "before the note" else 0)
    await home.watcher.start()
    (alert,) = home.alerts()
    assert (alert.rule, alert.revision, alert.inputs["gain_kg"]) == ("weight.guideline_esc", 1, 2.5)
    await home.store.close()
