"""A whole hub, a real mosquitto, and a ward's keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.mosquitto import Mosquitto
from wardgate import config
from wardgate.clock import SystemClock
from wardgate.contract import topics
from wardgate.contract.commands import Command, CommandAnswer, Configuration, Do, Downward
from wardgate.contract.messages import Event
from wardgate.contract.signing import PrivateKey
from wardgate.hub import Hub
from wardgate.mqtt import Link
from wardgate.mqtt.request import Request
from wardgate.ward.commands import command, configuration

PATIENCE_S = 60.0
ASSIGNMENT = "a-1"


class ShiftedClock(SystemClock):
    """This machine's clock, some days on or back (back: after a boot), known to be right or not."""

    def __init__(self) -> None:
        self.by = timedelta(0)
        self.known = True
        self.boot = 1

    def utc(self) -> datetime:
        return super().utc() + self.by

    def boottime_s(self) -> float:
        return super().boottime_s() + self.by.total_seconds()

    def boot_id(self) -> str:
        return f"boot-{self.boot}"

    def synchronised(self) -> bool:
        return self.known


@dataclass
class Voice:
    """A client that may publish anything anywhere, and hears every answer."""

    link: Link
    answers: list[tuple[Request, CommandAnswer]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def came(self, request: Request) -> None:
        self.answers.append((request, msgspec.json.decode(request.payload, type=CommandAnswer)))
        self.heard.set()

    def say(self, what: str, payload: bytes, *, hub: str = "hub-1", response: str | None = None) -> None:
        self.link.publish_with(
            topics.down(hub, what), payload, response_topic=response, correlation=b"tag-%d" % len(self.answers)
        )

    async def answer(self) -> CommandAnswer:
        """The next one."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.answers:
                self.heard.clear()
                await self.heard.wait()
        return self.answers.pop(0)[1]

    async def ask(self, what: Downward, key: PrivateKey) -> CommandAnswer:
        self.say("config" if isinstance(what, Configuration) else "command", key.envelope(what))
        return await self.answer()


@dataclass
class Home:
    """One hub's settings, and what it tells."""

    directory: Path
    broker: config.Broker
    key: PrivateKey
    clock: ShiftedClock = field(default_factory=ShiftedClock)
    devices: tuple[config.Device, ...] = ()
    keys: tuple[str, ...] = ()

    def file(self, **changes: Any) -> config.Config:
        """What the hub's own file says."""
        usual: dict[str, Any] = {
            "hub": config.Hub(
                id="hub-1",
                patient="Copper Heron 93",
                assignment=ASSIGNMENT,
                data_dir=str(self.directory / "data"),
                control_socket=str(self.directory / "control.sock"),
            ),
            "broker": self.broker,
            "radio": config.Radio(enabled=False),
            "device": (config.Device(id="scale", model="and-uc-352ble", address="C0:FF:EE:00:00:01"),),
            "ward": config.Ward(command_keys=self.keys or (str(self.key.public()),)),
        }
        return config.Config(**{**usual, **changes})

    @asynccontextmanager
    async def hub(self, **changes: Any) -> AsyncIterator[Hub]:
        """A running hub that hears commands."""
        hub = Hub(self.file(**changes), clock=self.clock)
        connected: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        await hub.start()
        connect = hub.downlink.connect

        def connecting(link: Link) -> None:
            connect(link)
            if not connected.done():
                connected.set_result(link)

        hub.downlink.connect = connecting  # type: ignore[method-assign]  # nothing else says so in time
        try:
            async with asyncio.timeout(PATIENCE_S):
                await (await connected).listening()
            yield hub
        finally:
            await hub.stop()

    def command(self, do: Do, **changes: Any) -> Command:
        return msgspec.structs.replace(command("hub-1", ASSIGNMENT, do), **changes)

    def configuration(self, version: int, **parts: Any) -> Configuration:
        return configuration("hub-1", ASSIGNMENT, version, **parts)


def events(hub: Hub, code: str) -> list[Event]:
    """Those of a code, oldest first."""
    return [event for event in reversed(hub.store.events(1000)) if event.code == code]


async def until(hub: Hub, holds: Callable[[], bool]) -> None:
    """Wait for commits until this holds."""
    committed = asyncio.Event()
    hub.store.listen(committed.set)
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            committed.clear()
            await committed.wait()


@asynccontextmanager
async def retained(broker: config.Broker, topic: str, payload: bytes) -> AsyncIterator[None]:
    """At the broker when this begins, and no more when it ends: another connection cannot come before it."""
    taken: asyncio.Queue[int] = asyncio.Queue()
    link = Link(
        broker,
        "retaining",
        on_message=lambda _topic, _payload: None,
        on_puback=lambda _, code: taken.put_nowait(code),
        session_expiry_s=0,
    )

    async def say(said: bytes) -> None:
        link.publish(topic, said, retain=True)
        async with asyncio.timeout(PATIENCE_S):
            await taken.get()

    await link.open()
    await say(payload)
    try:
        yield
    finally:
        await say(b"")
        link.close()


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def home(tmp_path: Path, mosquitto: Mosquitto) -> Home:
    return Home(tmp_path, mosquitto.settings(), PrivateKey.new("ward-1"))


@pytest.fixture
async def voice(home: Home) -> AsyncIterator[Voice]:
    link = Link(home.broker, "voice", on_message=lambda _topic, _payload: None, session_expiry_s=0)
    voice = Voice(link)
    link.route(topics.up("hub-1", "answer"), voice.came)
    await link.open()
    link.subscribe(topics.up("hub-1", "answer"))
    await link.listening()
    yield voice
    link.close()
