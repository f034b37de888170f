"""What the patient sees: a home screen for any old tablet, or a small display. Its own process; it only asks the hub.

The web framework is imported when a screen is served, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wardgate.config import Bare


class ScreenError(RuntimeError):
    """The screen cannot be served; the message says what to do."""


def serve(config: Bare, port: int, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve the patient's screen as `[screen]` says, until SIGINT or SIGTERM.

    `port` 0 takes a free one; `on_ready` gets the address once a browser can connect.

    Raises:
        ScreenError: the port or the certificate is not to be had.
    """
    from wardgate.screen.server import run

    run(config, port, on_ready)
