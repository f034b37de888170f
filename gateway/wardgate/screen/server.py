"""The screen's own process. What it needs of the hub it asks at the control socket; it can read none of its files."""

from __future__ import annotations

import socket as sockets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from wardgate.config import Bare
from wardgate.faces.wire import PromptHttp
from wardgate.indicate.screen_address import KEY, address
from wardgate.screen import ScreenError
from wardgate.screen.app import create_app
from wardgate.screen.live import Live

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Pair:
    """Certificate and key."""

    certificate: Path
    key: Path


class _Server(uvicorn.Server):
    """Ends the open streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)


def run(config: Bare, port: int, on_ready: Callable[[str], None] | None = None) -> None:
    """See `wardgate.screen.serve`."""
    screen = config.screen
    tls = pair(config)
    app = create_app(config.control_socket, screen)
    with listen(screen.listen or HOST, port) as listener:
        if on_ready:
            on_ready(address(screen, listener.getsockname()[1], KEY if screen.listen else None))
        _Server(spoken(app, tls), app.state.live).run([listener])


def spoken(app: FastAPI, tls: Pair | None = None) -> uvicorn.Config:
    """How the screen speaks HTTP. No header of a proxy is believed."""
    return uvicorn.Config(
        app,
        http=PromptHttp,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=64,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )


def pair(config: Bare) -> Pair | None:
    """The certificate for the home's network: its own, or the technician's pages'. None where none is wanted.

    Raises:
        ScreenError: it is wanted, and there is none.
    """
    screen = config.screen
    if screen.listen is None or not screen.https:
        return None
    own = Path(config.page.state_dir)
    found = Pair(
        Path(screen.cert_file) if screen.cert_file else own / "page.pem",
        Path(screen.key_file) if screen.key_file else own / "page.key",
    )
    if not (found.certificate.exists() and found.key.exists()):
        raise ScreenError(
            f"There is no certificate at {found.certificate}. Start the technician's page once, which makes one, or "
            "set screen.cert_file and screen.key_file, or screen.https = false."
        )
    return found


def listen(host: str, port: int) -> sockets.socket:
    """A listening socket.

    Raises:
        ScreenError: the address or the port is not to be had.
    """
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    listener = sockets.socket(family, sockets.SOCK_STREAM)
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        why = f"The screen cannot listen at {host}, port {port}: {error.strerror}."
        raise ScreenError(f"{why} Is it open already? Else set screen.listen and screen.port.") from error
    return listener
