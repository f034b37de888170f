"""The page's own process: it costs some 40 MiB that the hub must not carry, and may die without harm to it."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from wardgate.config.sections import Page
from wardgate.page import PageError
from wardgate.page.app import create_app
from wardgate.page.live import Live
from wardgate.page.setup.server import Keeper

HOST: Final = "127.0.0.1"
"""Never another: who may see the page is decided by who can reach this machine's loopback."""


class _Server(uvicorn.Server):
    """Ends the open streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)


def run(
    socket: Path,
    port: int,
    on_ready: Callable[[str], None] | None = None,
    technician: Page | None = None,
    *,
    until_closed: bool = False,
) -> None:
    """See `wardgate.page.serve`."""
    app = create_app(socket)
    keeper = None if technician is None or not technician.listen else Keeper(socket, technician, on_ready)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, lifespan="off"
    )
    with listen(port) as listener:
        if on_ready:
            on_ready(f"http://{HOST}:{listener.getsockname()[1]}/")
        asyncio.run(_both(_Server(config, app.state.live), listener, keeper, until_closed=until_closed))


async def _both(server: uvicorn.Server, listener: sockets.socket, keeper: Keeper | None, *, until_closed: bool) -> None:
    """The status page's server minds the signals; the technician's door is open or not beside it."""
    beside = [] if keeper is None else [asyncio.create_task(keeper.run())]
    if keeper is not None and until_closed:
        beside.append(asyncio.create_task(_end_with(keeper, server)))
    try:
        await server.serve([listener])
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _end_with(keeper: Keeper, server: uvicorn.Server) -> None:
    await keeper.closed_again.wait()
    server.should_exit = True


def listen(port: int) -> sockets.socket:
    """A listening socket on loopback; a browser that comes before the server does is kept waiting, not refused.

    Raises:
        PageError: the port is not to be had.
    """
    listener = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        why = f"The page cannot listen on port {port}: {error.strerror}."
        raise PageError(f"{why} Is it open already? Else choose another with --port.") from error
    return listener
