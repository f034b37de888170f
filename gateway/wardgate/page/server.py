"""The page's own process: it costs some 40 MiB that the hub must not carry, and may die without harm to it."""

from __future__ import annotations

import socket as sockets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from wardgate.page import PageError
from wardgate.page.app import create_app
from wardgate.page.live import Live

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


def run(socket: Path, port: int, on_ready: Callable[[str], None] | None = None) -> None:
    """See `wardgate.page.serve`."""
    app = create_app(socket)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, lifespan="off"
    )
    with listen(port) as listener:
        if on_ready:
            on_ready(f"http://{HOST}:{listener.getsockname()[1]}/")
        _Server(config, app.state.live).run([listener])


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
