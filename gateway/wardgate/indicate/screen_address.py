"""What to open on the tablet."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

from wardgate.config import Screen

KEY: Final = "KEY"
"""Stands for the key where it must not be printed, as in the log."""
_NOWHERE: Final = "192.0.2.1"
"""TEST-NET-1 (RFC 5737)."""


def address(screen: Screen, port: int, key: str | None) -> str:
    """`http://127.0.0.1:8078/`, or with a key `https://192.168.1.20:8078/k3m9x7pqr2s4tv6w/`."""
    if screen.listen is None or key is None:
        return f"http://127.0.0.1:{port}/"
    host = ipaddress.ip_address(screen.listen)
    name = _own_address() if host.is_unspecified else str(host)
    return f"{'https' if screen.https else 'http'}://{f'[{name}]' if ':' in name else name}:{port}/{key}/"


def _own_address() -> str:
    """This machine's on the home's network. Connecting a datagram socket chooses a way and sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect((_NOWHERE, 9))
        except OSError:
            return "127.0.0.1"
        found: str = one.getsockname()[0]
        return found
