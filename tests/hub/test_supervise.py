"""Tasks that fall are told of and started again; the others do not notice."""

from __future__ import annotations

import asyncio

import pytest

from tests.capture.conftest import HandClock, Told
from wardgate import supervise
from wardgate.supervise import Supervisor


async def test_a_task_that_falls_is_started_again_and_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE_S", 0.0)
    told = Told(HandClock())
    supervisor = Supervisor(told.journal)
    runs = 0
    well, third = asyncio.Event(), asyncio.Event()

    async def falls() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            third.set()
            await asyncio.Event().wait()
        raise ZeroDivisionError

    async def goes_on() -> None:
        well.set()
        await asyncio.Event().wait()

    supervisor.keep("one that falls", falls)
    supervisor.keep("another", goes_on)
    async with asyncio.timeout(60):
        await third.wait()
        await well.wait()
    assert told.codes == ["task-restarted-one-that-falls"]
    assert "ZeroDivisionError" in str(told.events[0].detail["why"])
    await supervisor.stop()
