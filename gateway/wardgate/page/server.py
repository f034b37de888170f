"""The page's own process: it costs some 40 MiB that the hub must not carry, and may die without harm to it."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from wardgate.config.sections import Page
from wardgate.faces.serving import LOOPBACK, Server, listening, spoken
from wardgate.page import PageError
from wardgate.page.app import create_app
from wardgate.page.setup.server import Keeper

HOST: Final = LOOPBACK
"""Never another: who may see the page is decided by who can reach this machine's loopback."""


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
    server = Server(spoken(app), app.state.live.close)
    with listen(port) as listener:
        if on_ready:
            on_ready(f"http://{HOST}:{listener.getsockname()[1]}/")
        asyncio.run(_both(server, listener, keeper, until_closed=until_closed))


async def _both(server: Server, listener: sockets.socket, keeper: Keeper | None, *, until_closed: bool) -> None:
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


async def _end_with(keeper: Keeper, server: Server) -> None:
    await keeper.closed_again.wait()
    server.should_exit = True


def listen(port: int) -> sockets.socket:
    """A listening socket on loopback.

    Raises:
        PageError: the port is not to be had.
    """
    try:
        return listening(HOST, port)
    except OSError as error:
        why = f"The page cannot listen on port {port}: {error.strerror}."
        raise PageError(f"{why} Is it open already? Else choose another with --port.") from error
