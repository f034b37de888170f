"""The technician's door as a server: TLS on the home's network, while the hub's window is open, and no longer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Final

import uvicorn

from wardgate.config.sections import Page
from wardgate.control.client import HubClient, connect
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Window
from wardgate.faces.serving import listening, spoken
from wardgate.page import PageError
from wardgate.page.setup.app import create_app
from wardgate.page.setup.certificate import Pair, own_pair
from wardgate.page.setup.frame import Frame
from wardgate.page.setup.guard import Door
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.live import Pace
from wardgate.page.setup.names import address_of, own_names
from wardgate.page.setup.step import Step
from wardgate.page.setup.steps import all_steps

log: Final = logging.getLogger(__name__)

_MOST_CONNECTIONS: Final = 64
_MOST_HEADERS: Final = 16 * 1024
GRACE_S: Final = 60.0
"""So long a closed door still says that it is closed, and nothing else."""
_LOOK_S: Final = 15.0
"""Changes are told; this is for one that was not."""
_AGAIN_S: Final = 1.0
_PORT_AGAIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Serving:
    """An open door."""

    frame: Frame


@contextlib.asynccontextmanager
async def serving(
    hub: Hub, door: Door, pair: Pair, listen: str, port: int, steps: Sequence[Step], *, pace: Pace | None = None
) -> AsyncIterator[Serving]:
    """Serve while the block lasts; `port` 0 takes a free one, and `door.port` is the one that was taken.

    Raises:
        PageError: the port is not to be had.
    """
    app = create_app(hub, door, steps, pace=pace)
    listener = _listening(listen, port)
    door.port = listener.getsockname()[1]
    config = spoken(
        app,
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
        yield Serving(app.state.frame)
    finally:
        door.close()
        server.should_exit = True
        await running
        listener.close()


class _Server(uvicorn.Server):
    """Leaves signals to the status page's server, which ends the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Keeper:
    """Opens the door while the hub's window is open, and closes it afterwards.

    Args:
        socket: the hub's.
        page: where to listen, and where the certificate is kept.
        on_open: gets the address when the door opens.
    """

    def __init__(self, socket: Path, page: Page, on_open: Callable[[str], None] | None = None) -> None:
        self._hub, self._page = Hub(socket), page
        self._on_open = on_open or (lambda _: None)
        self._is_open = asyncio.Event()
        self._is_closed = asyncio.Event()
        self.closed_again: Final = asyncio.Event()
        """Set when the door was open once, and is closed again."""

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._serve())

    async def _serve(self) -> None:
        while True:
            await self._is_open.wait()
            try:
                await self._serve_once()
                if not self._is_open.is_set():
                    self.closed_again.set()
            except (PageError, OSError) as error:
                log.error("%s", error)
                await asyncio.sleep(_PORT_AGAIN_S)

    async def _serve_once(self) -> None:
        names = own_names()
        pair = await asyncio.to_thread(own_pair, Path(self._page.state_dir), names)
        door = Door(names, self._page.setup_port, fingerprint=pair.fingerprint)
        async with serving(self._hub, door, pair, self._page.listen, self._page.setup_port, all_steps()) as open_door:
            door.address = address_of(door.port, self._page.listen)
            self._on_open(door.address)
            await self._is_closed.wait()
            door.close()
            open_door.frame.sessions.end_all()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE_S):
                    await self._is_open.wait()

    async def _follow(self) -> None:
        """Ask the hub how it is, whenever it says that something changed. A hub that is away closes nothing: it starts
        anew whenever something was set up, and no page does anything without it.
        """
        while True:
            with contextlib.suppress(ControlError):
                async with connect(self._hub.socket) as hub:
                    something = asyncio.Event()
                    ear = asyncio.create_task(_hear(hub, something))
                    try:
                        await self._look(hub, something, ear)
                    finally:
                        ear.cancel()
                        await asyncio.gather(ear, return_exceptions=True)
            await asyncio.sleep(_AGAIN_S)

    async def _look(self, hub: HubClient, something: asyncio.Event, ear: asyncio.Task[None]) -> None:
        while not ear.done():
            something.clear()
            window = await hub.ask("window", Window)
            self._now(is_open=window.open)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_LOOK_S, _LOOK_S if window.left_s is None else window.left_s + 0.1)):
                    await something.wait()

    def _now(self, *, is_open: bool) -> None:
        now, other = (self._is_open, self._is_closed) if is_open else (self._is_closed, self._is_open)
        other.clear()
        now.set()


async def _hear(hub: HubClient, something: asyncio.Event) -> None:
    """Until the hub goes away."""
    try:
        with contextlib.suppress(ControlError):
            async for _ in hub.watch():
                something.set()
    finally:
        something.set()


def _listening(address: str, port: int) -> socket:
    """A listening socket.

    Raises:
        PageError: the port is not to be had.
    """
    try:
        return listening(address, port)
    except OSError as error:
        why = f"The technician's pages cannot listen at {address}, port {port}: {error.strerror}."
        raise PageError(f"{why} Change [page] listen or setup_port.") from error
