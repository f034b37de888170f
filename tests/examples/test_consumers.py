"""The example consumers, as they stand in the documentation, against a real broker and a hub's real sender.

Each is killed in the middle: nothing may be lost, doubled, or acknowledged before it is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.messages import alert, event, reading
from tests.support.mosquitto import Mosquitto
from tests.support.peer import Peer, peer
from wardgate.clock import SystemClock
from wardgate.deliver import Sender
from wardgate.store import Store

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
READINGS = 1200
PATIENCE_S = 60.0


class Consumer(Protocol):
    """One of the examples."""

    command: list[str]

    def kept(self) -> list[tuple[str, str]]:
        """Kind and id of everything it has kept, in no order."""
        ...


class Python:
    def __init__(self, directory: Path, port: int) -> None:
        self.file = directory / "ward.db"
        where = ["--host", "127.0.0.1", "--port", str(port), "--database", str(self.file)]
        self.command = [sys.executable, str(EXAMPLES / "consumer.py"), *where]

    def kept(self) -> list[tuple[str, str]]:
        with contextlib.closing(sqlite3.connect(self.file)) as ward:
            return ward.execute("SELECT kind, id FROM messages").fetchall()


class Node:
    def __init__(self, directory: Path, port: int, place: Path) -> None:
        self.file = directory / "ward.jsonl"
        self.command = ["node", str(place / "consumer.js"), f"mqtt://127.0.0.1:{port}", str(self.file)]

    def kept(self) -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]
        return [
            (line["kind"], line["message"]["id"]) for line in lines if "message" in line and line["kind"] != "state"
        ]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "broker", max_inflight=1000)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def node_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node example with its one package, in a directory of its own."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("The Node example is installed by npm: apt install npm", pytrace=False)
    place = tmp_path_factory.mktemp("example") / "node"
    shutil.copytree(EXAMPLES / "node", place)
    words = [npm, "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"npm could not fetch the package mqtt, which this test needs:\n{done.stderr}", pytrace=False)
    return place


@pytest.fixture(params=["python", "node"])
def consumer(request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto) -> Consumer:
    if request.param == "python":
        return Python(tmp_path, mosquitto.port)
    return Node(tmp_path, mosquitto.port, request.getfixturevalue("node_place"))


@contextlib.asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[asyncio.subprocess.Process]:
    """It has subscribed when this begins; it is gone when it ends."""
    process = await asyncio.create_subprocess_exec(
        *consumer.command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        said = await process.stderr.readline()
        assert said == b"ready\n", (said + await process.stderr.read()).decode()
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def a_hub(mosquitto: Mosquitto, directory: Path) -> AsyncIterator[Sender]:
    store = Store.open(directory / "hub.db", SystemClock())
    await asyncio.gather(*[store.put_reading(reading(n), arrival_s=1.0) for n in range(READINGS)])
    await store.put_alert(alert(1))
    await store.put_alert(alert(1, revision=2))
    await store.put_event(event(1))
    sender = Sender(mosquitto.settings(), "hub-1", store, SystemClock(), lambda _: None, version="1")
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


async def test_everything_is_kept_once_though_it_is_killed_in_between(
    consumer: Consumer, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        wire = await stack.enter_async_context(peer(mosquitto.settings(), "wardgate/1/+/down/ack"))
        async with running(consumer):
            hub = await stack.enter_async_context(a_hub(mosquitto, tmp_path))
            await wire.until(lambda: _furthest(wire) >= READINGS // 4)
        async with running(consumer):
            await hub.wait_drained()
    expected = [("reading", reading(n).id) for n in range(READINGS)]
    expected += [("alert", "alert-1"), ("alert", "alert-1"), ("event", "event-1")]
    assert sorted(consumer.kept()) == sorted(expected)


def _furthest(wire: Peer) -> int:
    return max((json.loads(payload)["cumulative"] for _, payload in wire.messages), default=0)


async def test_what_is_wrong_is_refused_with_a_reason(consumer: Consumer, mosquitto: Mosquitto) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        peer(mosquitto.settings(), "wardgate/1/+/down/ack") as wire,
        running(consumer),
    ):
        wire.publish("wardgate/1/hub-1/up/reading", b'{"schema":"wardgate/rea')
        wire.publish("wardgate/1/hub-1/up/reading", b'{"schema":"wardgate/reading/1","epoch":"one","seq":2}')
        await wire.until(lambda: bool(wire.messages))
    ((_, payload),) = wire.messages
    ack = json.loads(payload)
    assert (ack["hub"], ack["epoch"], ack["cumulative"], ack["resume"]) == ("hub-1", "one", 0, True)
    (refusal,) = ack["refused"]
    assert refusal["seq"] == 2
    assert "missing" in refusal["reason"]
    assert consumer.kept() == []
