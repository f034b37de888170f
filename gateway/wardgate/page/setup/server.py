"""The technician's door as a server: TLS on the home's network, while the hub's window is open."""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import uvicorn

from wardgate.page import PageError
from wardgate.page.setup.app import Frame, create_app
from wardgate.page.setup.certificate import Pair
from wardgate.page.setup.check_step import CheckStep
from wardgate.page.setup.devices_step import DevicesStep
from wardgate.page.setup.guard import Door
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.limits_step import LimitsStep
from wardgate.page.setup.live import Pace
from wardgate.page.setup.lock_step import LockStep
from wardgate.page.setup.step import Step
from wardgate.page.setup.test_step import TestStep

_MOST_CONNECTIONS: Final = 64
_MOST_HEADERS: Final = 16 * 1024


def all_steps() -> Sequence[Step]:
    """The steps, in their order."""
    return (CheckStep(), DevicesStep(), TestStep(), LimitsStep(), LockStep())


@dataclass(frozen=True, slots=True)
class Serving:
    """An open door."""

    frame: Frame
    server: uvicorn.Server


@contextlib.asynccontextmanager
async def serving(
    hub: Hub, door: Door, pair: Pair, listen: str, port: int, steps: Sequence[Step], *, pace: Pace | None = None
) -> AsyncIterator[Serving]:
    """Serve while the block lasts; `port` 0 takes a free one, and `door.port` is the one that was taken.

    Raises:
        PageError: the port is not to be had.
    """
    app = create_app(hub, door, steps, pace=pace)
    listener = listening(listen, port)
    door.port = listener.getsockname()[1]
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_MOST_HEADERS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
    )
    config.load()
    config.ssl = pair.context()
    server = _Server(config)
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield Serving(app.state.frame, server)
    finally:
        door.close()
        server.should_exit = True
        await running
        listener.close()


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs several of these."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


def listening(address: str, port: int) -> sockets.socket:
    """A listening socket; `::` takes both families.

    Raises:
        PageError: the port is not to be had.
    """
    try:
        if address == "::" and sockets.has_dualstack_ipv6():
            return sockets.create_server(("::", port), family=sockets.AF_INET6, dualstack_ipv6=True, backlog=64)
        family = sockets.AF_INET6 if ":" in address else sockets.AF_INET
        return sockets.create_server(("" if address == "::" else address, port), family=family, backlog=64)
    except OSError as error:
        why = f"The technician's pages cannot listen at {address}, port {port}: {error.strerror}."
        raise PageError(f"{why} Change [page] listen or setup_port.") from error
