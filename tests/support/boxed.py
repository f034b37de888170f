"""A hub out of its box in this very process: its file, its ward, and what is asked of it over its socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from tests.support.authority import Ward
from wardgate.capture.radio import RadioBackend
from wardgate.clock import SystemClock
from wardgate.config import NotAssigned, load
from wardgate.control.client import HubAway, connect
from wardgate.control.protocol import Done
from wardgate.control.provisioning import Installation
from wardgate.hub import Hub
from wardgate.unassigned import Unassigned
from wardgate_sim.backend import open_hub
from wardgate_sim.radio import Link

HUB = "kitchen-7"
PATIENCE_S = 60.0
T = TypeVar("T")


class Knows(SystemClock):
    """This machine's clock, that knows the time wherever the test runs."""

    def synchronised(self) -> bool:
        return True


class Boxed:
    """The hub of one test. `running` keeps it running over every start anew, as `wardgate run` does."""

    def __init__(self, directory: Path, ward: Ward | None = None, port: int = 1, broker: str = "") -> None:
        self.directory = directory
        self.ward = ward
        self.file = directory / "wardgate.toml"
        self.data = directory / "data"
        self.data.mkdir()
        self.socket = directory / "control.sock"
        self.link = Link()
        self.starts = 0
        self.hub: Hub
        self.clock = Knows()
        enrol = "" if ward is None else f'[enrol]\nurl = "https://localhost:{port}"\nca_file = "{ward.ca}"\n'
        self.file.write_text(
            f'[hub]\ndata_dir = "{self.data}"\ncontrol_socket = "{self.socket}"\n{enrol}\n{broker}'
            f'\n[page]\nstate_dir = "{directory / "page"}"\n',
            encoding="utf-8",
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the first answer to the end of the block."""
        task = asyncio.ensure_future(self._run())
        try:
            await self.ask("installation", Installation)
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        async with open_hub(self.link) as backend:
            while True:
                self.starts += 1
                await self._one(backend).run()

    def _one(self, backend: RadioBackend) -> Hub | Unassigned:
        try:
            self.hub = Hub(load(self.file), clock=self.clock, backend=backend)
            return self.hub
        except NotAssigned:
            return Unassigned(self.file, clock=self.clock, backend=backend)

    async def ask(self, method: str, to: type[T], **params: object) -> T:
        """Ask the hub; one that is just starting is asked again. Raises ControlError."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(HubAway):
                    async with connect(self.socket) as hub:
                        return await hub.ask(method, to, **params)
                await asyncio.sleep(0.02)

    async def do(self, method: str, **params: object) -> str:
        """Have an act done; the sentence of the answer."""
        return (await self.ask(method, Done, **params)).sentence

    async def stands(self) -> Installation:
        """Where the hub is."""
        return await self.ask("installation", Installation)

    async def until(self, stage: str) -> Installation:
        """Wait until it is at a stage."""
        return await self.until_it(lambda found: found.stage == stage)

    async def until_it(self, holds: Callable[[Installation], bool]) -> Installation:
        """Wait until this holds of it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.stands()
                if holds(found):
                    return found
                await asyncio.sleep(0.02)
