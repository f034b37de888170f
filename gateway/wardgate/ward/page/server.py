"""The page's own process: beside the running ward, over the same database."""

from __future__ import annotations

import ipaddress
import socket as sockets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from wardgate.faces.serving import LOOPBACK, Server, listening, spoken
from wardgate.ward.page import PageError
from wardgate.ward.page.app import create_app
from wardgate.ward.page.live import Live, Pace

_MOST_CONNECTIONS: Final = 512
"""A ward's browsers with their open lists, and then some: each takes a file of the process."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page listens, and by which address people know it."""

    host: str = LOOPBACK
    port: int = 8470
    address: str | None = None
    """`https://ward.example`. Needed beyond loopback; without a certificate of our own a proxy makes the TLS."""
    cert: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Whether it is safe to listen so.

        Raises:
            PageError: it is not.
        """
        if (self.cert is None) != (self.key is None):
            raise PageError("TLS needs both: --cert FILE and --key FILE.")
        try:
            ip = ipaddress.ip_address(self.host)
        except ValueError:
            raise PageError(f"`{self.host}` is no IP address to listen on.") from None
        if not ip.is_loopback and self.cert is None:
            raise PageError("Beyond this machine the page needs TLS: --cert and --key, or a proxy on this machine.")
        if self.address is None:
            if not ip.is_loopback:
                raise PageError("Say by which address people open the page: --address https://ward.example")
            return
        parts = urlsplit(self.address)
        if parts.scheme != "https" or not parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise PageError("--address is like https://ward.example or https://ward.example:8443")

    def origins(self, port: int) -> tuple[str, ...]:
        """What browsers may name as where they are."""
        if self.address is not None:
            return (self.address.rstrip("/").lower(),)
        scheme = "https" if self.cert else "http"
        return tuple(f"{scheme}://{name}:{port}" for name in (LOOPBACK, "localhost"))


def run(where: Path | str, zone: ZoneInfo, place: Place, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until Ctrl-C.

    Raises:
        PageError: not so, or the port is not to be had.
    """
    place.check()
    with listen(place) as listener:
        origins = place.origins(listener.getsockname()[1])
        server, _ = serving(where, zone, place, origins)
        if on_ready:
            on_ready(f"{origins[0]}/")
        server.run([listener])


def serving(
    where: Path | str, zone: ZoneInfo, place: Place, origins: tuple[str, ...], pace: Pace | None = None
) -> tuple[Server, Live]:
    """A server that is not running yet, and its open pages."""
    app = create_app(where, origins, zone, pace=pace)
    live: Live = app.state.live
    config = spoken(app, limit_concurrency=_MOST_CONNECTIONS, ssl_certfile=place.cert, ssl_keyfile=place.key)
    return Server(config, live.close), live


def listen(place: Place) -> sockets.socket:
    """A listening socket.

    Raises:
        PageError: the port is not to be had.
    """
    try:
        return listening(place.host, place.port)
    except OSError as error:
        why = f"The page cannot listen on {place.host}, port {place.port}: {error.strerror}."
        raise PageError(f"{why} Is it open already? Else choose another with --port.") from error
