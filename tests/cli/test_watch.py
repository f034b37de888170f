"""`wardgate watch` beside a hub to which something comes at an awkward moment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.home import event, status
from wardgate.cli import watch
from wardgate.cli.options import HUB_AWAY
from wardgate.control.server import ControlServer


async def test_what_comes_while_the_first_are_shown_does_not_wait_for_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    looks, looked_again = 0, asyncio.Event()

    async def answer(_: dict[str, Any]) -> object:
        nonlocal looks
        looks += 1
        if looks == 1:
            server.changed("events")  # the answer is on its way, and does not know of it
            return status(events=())
        return status(events=(event(0, "heard", "The scale was heard."),))

    async def readings(_: dict[str, Any]) -> object:
        if looks > 1:
            looked_again.set()
        return ()

    server = ControlServer(tmp_path / "control.sock", {"status": answer, "readings": readings})
    await server.start()
    file = tmp_path / "wardgate.toml"
    file.write_text(f'[hub]\ncontrol_socket = "{tmp_path}/control.sock"\n', encoding="utf-8")
    watching = asyncio.create_task(asyncio.to_thread(watch.main, ["--config", str(file)]))
    try:
        async with asyncio.timeout(60):
            await looked_again.wait()
    finally:
        await server.stop()
    assert await watching == HUB_AWAY
    assert "The scale was heard." in capsys.readouterr().out
