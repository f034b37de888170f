"""A broker that answers as a test tells it to: for the reason codes that no real broker gives on demand.

As much of MQTT 5 (OASIS, 2019) as one client needs: CONNECT, SUBSCRIBE, PUBLISH with QoS 1, PINGREQ.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

from tests.support.mosquitto import HOST, settings
from wardgate.config import Broker

_CONNACK: Final = b"\x20\x03\x00\x00\x00"


@dataclass(slots=True)
class Script:
    """What it says. `puback` gets topic and payload; `goodbye` says the same and hangs up with that reason."""

    suback: int = 0x01
    puback: Callable[[str, bytes], int] = lambda _topic, _payload: 0x00
    goodbye: Callable[[str, bytes], int | None] = lambda _topic, _payload: None
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    """What it has answered with success."""
    connections: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@contextlib.asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Broker]:
    """The [broker] section that leads to it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while answer := _answer(script, *await read_packet(reader)):
                writer.write(answer)
                script.changed.set()
                if answer[0] == 0xE0:
                    break
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield settings(server.sockets[0].getsockname()[1], {})
    finally:
        server.close()


async def read_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next packet: its first byte, and what follows its length."""
    head = (await reader.readexactly(1))[0]
    length, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return head, await reader.readexactly(length)


def _answer(script: Script, head: int, body: bytes) -> bytes:
    match head & 0xF0:
        case 0x10:
            return _CONNACK
        case 0x30:
            return _published(script, body)
        case 0x80:
            return b"\x90\x04" + body[:2] + b"\x00" + bytes([script.suback])
        case 0xC0:
            return b"\xd0\x00"
        case _:
            return b""


def _published(script: Script, body: bytes) -> bytes:
    end = 2 + int.from_bytes(body[:2], "big")
    topic, mid, properties = body[2:end].decode(), body[end : end + 2], body[end + 2]
    payload = body[end + 3 + properties :]
    goodbye = script.goodbye(topic, payload)
    if goodbye is not None:
        return bytes([0xE0, 2, goodbye, 0])
    code = script.puback(topic, payload)
    if code < 0x80:
        script.taken.append((topic, payload))
    return b"\x40\x04" + mid + bytes([code, 0])
