"""The control socket, over a real Unix socket."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from wardgate.control.client import HubAway, HubClient, call, connect
from wardgate.control.protocol import ControlError, Done, Pong
from wardgate.control.server import ControlServer


class Hub:
    """Handlers of a small hub."""

    def __init__(self) -> None:
        self.passkey_came = asyncio.Event()

    async def ping(self, _: dict[str, Any]) -> Pong:
        return Pong(hub="h", version="1")

    async def pair(self, params: dict[str, Any]) -> Done:
        await self.passkey_came.wait()
        return Done(sentence=f"Paired {params['device']}.")

    async def passkey(self, params: dict[str, Any]) -> Done:
        if params["passkey"] != 123456:
            raise ControlError("wrong-passkey", "The cuff did not accept it.", "Type the 6 digits it shows now.")
        self.passkey_came.set()
        return Done(sentence="Thank you.")

    async def broken(self, _: dict[str, Any]) -> None:
        raise ZeroDivisionError


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ControlServer]:
    hub = Hub()
    handlers = {"ping": hub.ping, "pair": hub.pair, "passkey": hub.passkey, "events": hub.broken}
    server = ControlServer(tmp_path / "run" / "control.sock", handlers)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def path(server: ControlServer, tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


@pytest.fixture
async def client(path: Path) -> AsyncIterator[HubClient]:
    async with connect(path) as client:
        yield client


async def test_a_question_and_its_answer(client: HubClient) -> None:
    assert await client.call("ping") == Pong(hub="h", version="1")


async def test_only_the_owner_can_open_it(path: Path) -> None:
    assert stat.S_IMODE((await asyncio.to_thread(path.stat)).st_mode) == 0o600


async def test_a_long_request_holds_up_no_other(client: HubClient) -> None:
    pairing = asyncio.ensure_future(client.call("pair", device="cuff"))
    assert (await client.call("ping")).hub == "h"
    assert not pairing.done()
    await client.call("passkey", device="cuff", passkey=123456)
    assert (await pairing).sentence == "Paired cuff."


async def test_a_refusal_has_a_sentence_and_what_to_do(client: HubClient) -> None:
    with pytest.raises(ControlError) as refused:
        await client.call("passkey", device="cuff", passkey=1)
    assert refused.value.key == "wrong-passkey"
    assert refused.value.what_to_do == "Type the 6 digits it shows now."


async def test_a_handler_that_breaks_breaks_nothing_else(client: HubClient) -> None:
    with pytest.raises(ControlError) as failed:
        await client.call("events")
    assert failed.value.key == "failed"
    assert (await client.call("ping")).hub == "h"


async def test_an_unknown_method_is_answered_with_the_known_ones(path: Path) -> None:
    answer = await raw(path, b'{"id": 7, "method": "nonsense"}\n')
    assert answer["id"] == 7
    assert answer["error"]["key"] == "unknown-method"
    assert "ping" in answer["error"]["what_to_do"]


@pytest.mark.parametrize("line", [b"nonsense\n", b"[]\n", b'{"id": "x", "method": "ping"}\n', b"\xff\xfe\n"])
async def test_nonsense_is_refused_and_the_hub_goes_on(path: Path, client: HubClient, line: bytes) -> None:
    assert (await raw(path, line))["error"]["key"] == "not-understood"
    assert (await client.call("ping")).hub == "h"


async def test_an_endless_line_is_refused(path: Path, client: HubClient) -> None:
    assert (await raw(path, b"x" * 200_000 + b"\n"))["error"]["key"] == "too-long"
    assert (await client.call("ping")).hub == "h"


async def test_changes_are_pushed_together_and_only_to_those_who_watch(server: ControlServer, path: Path) -> None:
    async with connect(path) as watcher, connect(path) as other:
        pushes = watcher.watch()
        first = asyncio.ensure_future(anext(pushes))
        await watcher.call("ping")  # `watch` was asked before it
        for _ in range(100):
            server.changed("readings")
            server.changed("devices")
        assert await first == ("devices", "readings")
        server.changed("delivery")
        assert await anext(pushes) == ("delivery",)
        assert (await other.call("ping")).hub == "h"


async def test_a_watcher_notices_that_the_hub_stops(server: ControlServer, client: HubClient) -> None:
    pushes = client.watch()
    end = asyncio.ensure_future(anext(pushes, None))
    await client.call("ping")
    await server.stop()
    assert await end is None
    with pytest.raises(HubAway):
        await client.call("ping")


async def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = ControlServer(path, {"ping": Hub().ping})
    await server.start()
    async with connect(path) as client:
        assert (await client.call("ping")).hub == "h"
    await server.stop()
    assert not path.exists()


async def test_no_hub(tmp_path: Path) -> None:
    with pytest.raises(HubAway, match="Is it running"):
        async with connect(tmp_path / "nothing.sock"):
            pass


async def test_one_call_without_an_event_loop(path: Path) -> None:
    assert await asyncio.to_thread(call, path, "ping") == Pong(hub="h", version="1")


async def raw(path: Path, line: bytes) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    answer: dict[str, Any] = json.loads(await reader.readline())
    writer.close()
    return answer
