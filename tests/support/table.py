"""A hub with a patient on the kitchen table, beside simulated devices: started again after every act, as `run` does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from tests.support.mosquitto import free_port
from wardgate import installation
from wardgate.config import load
from wardgate.contract.messages import Event, Reading
from wardgate.control.client import connect
from wardgate.control.protocol import Done
from wardgate.control.provisioning import Added, Installation
from wardgate.hub import Hub
from wardgate_sim.backend import open_hub
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link

T = TypeVar("T")
PATIENCE_S: Final = 80.0
"""A test that waits so long has failed."""


class Table:
    """The hub's file and its directory; `running` is a life of the hub on them."""

    def __init__(self, directory: Path, link: Link, clock: LeapClock, *, broker: str = "", more: str = "") -> None:
        self.directory, self.link, self.clock = directory, link, clock
        self.file = directory / "wardgate.toml"
        self.socket = directory / "control.sock"
        self.hub: Hub
        way = broker or f'host = "127.0.0.1"\nport = {free_port()}\ntls = false'
        self.file.write_text(
            f"""
[hub]
id = "hub-1"
patient = "Copper Heron 93"
assignment = "a-1"
data_dir = "{directory}/data"
control_socket = "{self.socket}"
[broker]
{way}
{more}
""",
            encoding="utf-8",
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Table]:
        """From its start to its end."""
        async with open_hub(self.link, keys=self.directory / "keys.json") as backend:
            self.hub = Hub(load(self.file), clock=self.clock, backend=backend)
            await self.hub.start()
            try:
                yield self
            finally:
                await self.hub.stop()

    @property
    def record(self) -> installation.Record:
        """What is on the disk."""
        return installation.read(self.directory / "data")

    def expect(self, **changes: Any) -> None:
        """Change the record as the ward's referral would have made it, while no hub runs."""
        (self.directory / "data").mkdir(exist_ok=True)
        installation.keep(self.directory / "data", msgspec.structs.replace(self.record, **changes))

    async def ask(self, method: str, to: type[T], **params: Any) -> T:
        """One request on the control socket."""
        async with connect(self.socket) as hub:
            return await hub.ask(method, to, **params)

    async def do(self, method: str, **params: Any) -> str:
        """An act, answered by a sentence."""
        return (await self.ask(method, Done, **params)).sentence

    async def installation(self) -> Installation:
        """Everything that the pages need."""
        return await self.ask("installation", Installation)

    async def device(self, device: str) -> Added:
        """One device as the pages show it."""
        return next(d for d in (await self.installation()).devices if d.id == device)

    async def until_device(self, device: str, holds: Callable[[Added], bool]) -> Added:
        """As soon as it is so: whoever watches is told of every change."""
        async with asyncio.timeout(PATIENCE_S), connect(self.socket) as hub:
            await hub.ask("watch", bool)  # from here on nothing is missed
            changes = hub.watch()
            while True:
                found = await self.device(device)
                if holds(found):
                    return found
                await anext(changes)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for commits until this holds."""
        committed = asyncio.Event()
        self.hub.store.listen(committed.set)
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                committed.clear()
                await committed.wait()

    def readings(self, device: str | None = None) -> list[Reading]:
        """What is stored."""
        found = self.hub.store.readings(None, self.clock.utc().replace(year=1970))
        return [r for r in found if device in (None, r.device.id)]

    def events(self, code: str) -> list[Event]:
        """Oldest first."""
        return [e for e in reversed(self.hub.store.events(1000)) if e.code == code]
