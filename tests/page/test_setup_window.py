"""The door opens and closes with the hub's window, and says so to whoever waits for that."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.served_setup import Phone
from tests.support.setup_hub import SetupHub, installation
from wardgate.config.sections import Page
from wardgate.control.provisioning import Window
from wardgate.page.setup import server
from wardgate.page.setup.server import Keeper

OPEN, CLOSED = Window(open=True, left_s=1800.0, opened_by="button"), Window(open=False)


@pytest.fixture(autouse=True)
def _little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "GRACE_S", 0.5)


def answers(port: int) -> bool:
    """Whether anything is there: what opens anew has another port."""
    with closing(socket.socket()) as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def test_it_opens_with_the_window_and_closes_after_it(tmp_path: Path) -> None:
    async def day() -> None:
        hub = SetupHub(tmp_path / "control.sock", installation("factory", window=CLOSED))
        await hub.server.start()
        opened: asyncio.Queue[str] = asyncio.Queue()
        page = Page(listen="127.0.0.1", setup_port=0, state_dir=str(tmp_path / "page"))
        keeping = asyncio.create_task(Keeper(hub.path, page, opened.put_nowait).run())
        for _ in range(2):
            hub.change(window=OPEN)
            async with asyncio.timeout(60):
                port = urlsplit(await opened.get()).port or 0
            answer = await asyncio.to_thread(Phone(port).ask, "/")
            assert "Setup code" in answer.text
            hub.change(window=CLOSED)
            async with asyncio.timeout(60):
                while await asyncio.to_thread(answers, port):
                    pass
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await hub.server.stop()

    asyncio.run(day())


def test_it_says_when_it_has_closed(tmp_path: Path) -> None:
    async def day() -> None:
        hub = SetupHub(tmp_path / "control.sock", installation("factory", window=OPEN))
        await hub.server.start()
        page = Page(listen="127.0.0.1", setup_port=0, state_dir=str(tmp_path / "page"))
        opened: asyncio.Queue[str] = asyncio.Queue()
        keeper = Keeper(hub.path, page, opened.put_nowait)
        keeping = asyncio.create_task(keeper.run())
        async with asyncio.timeout(60):
            await opened.get()
            assert not keeper.closed_again.is_set()
            hub.change(window=CLOSED)
            await keeper.closed_again.wait()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await hub.server.stop()

    asyncio.run(day())
