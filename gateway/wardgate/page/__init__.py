"""The pages of a hub: its own process, which reaches the hub through the control socket alone.

The status page reads and changes nothing; with `setup/` a technician sets the hub up.

The web framework is imported when a page is served, not before: the command line uses this room's words and verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from wardgate.config.sections import Page


class PageError(RuntimeError):
    """The page cannot be served; the message says what to do."""


def create_app(socket: Path) -> FastAPI:
    """The page of the hub behind `socket`, as an ASGI application."""
    from wardgate.page.app import create_app as make

    return make(socket)


def serve(
    socket: Path,
    port: int,
    on_ready: Callable[[str], None] | None = None,
    technician: Page | None = None,
    *,
    until_closed: bool = False,
) -> None:
    """Serve the page of the hub behind `socket` on loopback, until SIGINT or SIGTERM.

    `port` 0 takes a free one; `on_ready` gets the address once a browser can connect. With `technician` the pages that
    set the hub up are served too, on the home's network, while the hub says that they are open; `on_ready` gets their
    address each time they open. `until_closed` ends it when they were open and are closed again.

    Raises:
        PageError: the port is not to be had.
    """
    from wardgate.page.server import run

    run(socket, port, on_ready, technician, until_closed=until_closed)
