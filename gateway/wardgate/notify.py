"""What systemd is told: ready, stopping, and that there is progress (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from typing import Final

BEAT_S: Final = 10.0
"""Between two looks at progress where systemd names no other time."""


def notify(message: str) -> None:
    """Tell systemd, if it listens: `READY=1`, `WATCHDOG=1`, `STOPPING=1`, `STATUS=...`."""
    name = os.environ.get("NOTIFY_SOCKET")
    if not name:
        return
    address = "\0" + name[1:] if name.startswith("@") else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.setblocking(False)
        try:
            out.connect(address)
            out.send(message.encode())
        except OSError:
            return  # a supervisor that does not listen must not stop what it supervises


def beat_s() -> float:
    """How often to look: three times within the time after which systemd loses its patience."""
    watchdog_us = os.environ.get("WATCHDOG_USEC", "")
    return int(watchdog_us) / 3e6 if watchdog_us.isdigit() and int(watchdog_us) else BEAT_S
