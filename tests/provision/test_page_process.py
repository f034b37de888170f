"""The page's process ends by itself when the hub closes its window, as systemd expects of it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from urllib.request import urlopen

import pytest

from wardgate.clock import SystemClock
from wardgate.config.sections import Page
from wardgate.control.server import ControlServer
from wardgate.control.signing_in import WayIn
from wardgate.page import serve
from wardgate.page.setup import server as page_server
from wardgate.store import Store

PATIENCE_S = 90.0


async def test_it_ends_when_the_window_was_open_and_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_server, "GRACE_S", 0.0)
    loop, ready = asyncio.get_running_loop(), asyncio.Queue[str]()
    socket, store = tmp_path / "control.sock", Store.open(tmp_path / "wardgate.db", SystemClock())
    way_in = WayIn(store, SystemClock(), socket, lambda room: server.changed(room))
    server = ControlServer(socket, way_in.handlers())
    await server.start()
    page = Page(listen="127.0.0.1", setup_port=0, state_dir=str(tmp_path / "page"))

    def tell(address: str) -> None:
        loop.call_soon_threadsafe(ready.put_nowait, address)

    process = asyncio.create_task(asyncio.to_thread(serve, socket, 0, tell, page, until_closed=True))
    async with asyncio.timeout(PATIENCE_S):
        assert (await ready.get()).startswith("http://127.0.0.1:"), "the status page is there at once"
        assert not process.done()
        await way_in.open("button")
        door = await ready.get()
        port = door.rpartition(":")[2].strip("/")
        trusting = ssl._create_unverified_context()
        await asyncio.to_thread(lambda: urlopen(f"https://localhost:{port}/", context=trusting, timeout=60).close())
        await way_in.window.close("command")
        await process
    assert ready.empty()
    await server.stop()
    await store.close()
