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
from wardgate.faces import serving
from wardgate.faces.serving import LOOPBACK, Server, listening
from wardgate.indicate.screen_address import KEY, address
from wardgate.screen import ScreenError
from wardgate.screen.app import create_app

HOST: Final = LOOPBACK


@dataclass(frozen=True, slots=True)
class Pair:
    """Certificate and key."""

    certificate: Path
    key: Path


def run(config: Bare, port: int, on_ready: Callable[[str], None] | None = None) -> None:
    """See `wardgate.screen.serve`."""
    screen = config.screen
    tls = pair(config)
    app = create_app(config.control_socket, screen)
    with listen(screen.listen or HOST, port) as listener:
        if on_ready:
            on_ready(address(screen, listener.getsockname()[1], KEY if screen.listen else None))
        Server(spoken(app, tls), app.state.live.close).run([listener])


def spoken(app: FastAPI, tls: Pair | None = None) -> uvicorn.Config:
    """How the screen speaks HTTP."""
    return serving.spoken(
        app,
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
    try:
        return listening(host, port)
    except OSError as error:
        why = f"The screen cannot listen at {host}, port {port}: {error.strerror}."
        raise ScreenError(f"{why} Is it open already? Else set screen.listen and screen.port.") from error
