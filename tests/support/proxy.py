"""A network that goes wrong on command: a TCP proxy on loopback, between a client and a broker."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal

from tests.support.mosquitto import HOST

Way = Literal["up", "down"]
"""up: from the client to the broker."""
_PIECE_BYTES: Final = 4096
_RESET: Final = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Flow:
    """What happens to the bytes of one direction, on every connection, from now on."""

    open: asyncio.Event
    """Cleared, bytes wait."""
    swallow: bool = False
    """They are taken, and never come out: to the sender all looks well."""
    pause_s: float = 0.0
    """Between two pieces."""
    piece_bytes: int = _PIECE_BYTES
    damage: int = 0
    """So many of the next pieces get one byte changed."""


class Proxy:
    """Listens on `port` and leads to `target`. Whatever it does, it does to all connections there are and that come.

    `connected` and `lost` are set by the next connection that comes or goes; `moved` by the next piece that passes,
    `damaged` by the next that was changed. Clear them before what is awaited begins.
    """

    def __init__(self, target: int, rng: random.Random | None = None) -> None:
        self.target = target
        self.port = 0
        self.connections = 0
        """How many have come."""
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()
        self.moved = asyncio.Event()
        self.damaged = asyncio.Event()
        self._rng = rng or random.Random(1)
        self._flow: dict[Way, Flow] = {"up": _untroubled(), "down": _untroubled()}
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a port that is free now, and stays this proxy's."""
        self._server = await asyncio.start_server(self._begin, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up and listen no more."""
        if self._server is not None:
            self._server.close()
        self.heal()
        self.cut()
        await asyncio.gather(*self._serving, return_exceptions=True)

    # Faults

    def cut(self, *, reset: bool = True) -> None:
        """Every connection ends now, with a reset or with a polite end."""
        for writer in list(self._writers):
            sock: socket.socket = writer.get_extra_info("socket")
            if reset:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.close()

    def refuse(self) -> None:
        """New connections end at once, until `heal`."""
        self._refusing = True

    def stall(self, way: Way) -> None:
        """Bytes wait in the network, until `heal`."""
        self._flow[way].open.clear()

    def half_open(self) -> None:
        """The other side is gone and nobody has said so: what is sent is taken, and nothing ever comes back."""
        for flow in self._flow.values():
            flow.swallow = True

    def slow(self, way: Way, *, pause_s: float, piece_bytes: int) -> None:
        """Small pieces with a pause between them, until `heal`."""
        self._flow[way].pause_s, self._flow[way].piece_bytes = pause_s, piece_bytes

    def corrupt(self, way: Way, pieces: int = 1) -> None:
        """One byte of each of the next pieces is changed."""
        self._flow[way].damage += pieces

    def heal(self) -> None:
        """The network is as it should be. A connection from which bytes were swallowed is broken for good: cut it."""
        swallowed = any(flow.swallow for flow in self._flow.values())
        for flow in self._flow.values():
            flow.swallow, flow.pause_s, flow.piece_bytes, flow.damage = False, 0.0, _PIECE_BYTES, 0
            flow.open.set()
        self._refusing = False
        if swallowed:
            self.cut()

    # Traffic

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.close()
            return
        try:
            onward = await asyncio.open_connection(HOST, self.target)
        except OSError:
            writer.close()
            return
        ends = {writer, onward[1]}
        self._writers |= ends
        self.connections += 1
        self.connected.set()
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry("up", reader, onward[1]))
                both.create_task(self._carry("down", onward[0], writer))
        except* OSError:
            pass
        finally:
            self._writers -= ends
            for end in ends:
                end.close()
            self.lost.set()

    async def _carry(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flow = self._flow[way]
        while piece := await reader.read(flow.piece_bytes):
            await flow.open.wait()
            if flow.swallow:
                continue
            if flow.damage:
                flow.damage -= 1
                piece = self._changed(piece)
            if flow.pause_s:
                await asyncio.sleep(flow.pause_s)
            writer.write(piece)
            await writer.drain()
            self.moved.set()
        raise ConnectionResetError  # one end has gone: the other way ends too

    def _changed(self, piece: bytes) -> bytes:
        at = self._rng.randrange(len(piece))
        self.damaged.set()
        return piece[:at] + bytes([piece[at] ^ self._rng.randrange(1, 256)]) + piece[at + 1 :]


def _untroubled() -> Flow:
    opened = asyncio.Event()
    opened.set()
    return Flow(opened)


@contextlib.asynccontextmanager
async def proxy(target: int, rng: random.Random | None = None) -> AsyncIterator[Proxy]:
    """A proxy that listens."""
    one = Proxy(target, rng)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
