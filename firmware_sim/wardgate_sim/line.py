"""The two kinds of serial line that a simulated device may hang on: a pty, or a cable in this process.

A pty is what a real hub opens by its path; the kernel hands its bytes on in its own time, of which virtual time knows
nothing. A cable hands them on at once, so it is what homes in virtual time have.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import select
import socket
import tty
from typing import Final, Protocol

CHUNK: Final = 256
LOOK_S: Final = 0.05
"""How often a device on a pty looks whether the host has done something."""
KEPT: Final = 1024
"""Bytes that a device which does not listen holds at most; the oldest go."""


class Line(Protocol):
    """The device's end."""

    port: str
    """What the hub opens."""

    def host_present(self) -> bool:
        """Whether anybody has the line open."""
        ...

    def read(self) -> bytes:
        """What the host has written meanwhile."""
        ...

    def write(self, data: bytes) -> bool:
        """Whether there was room for all of it."""
        ...

    async def activity(self, within_s: float) -> None:
        """Until the host may have done something, or `poke` was called; at most so long."""
        ...

    def poke(self) -> None:
        """Wake whoever waits for `activity`."""
        ...

    def close(self) -> None:
        """Pull the plug: the line hangs up."""
        ...


class Pty:
    """A pseudo-terminal."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port: str = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)

    def host_present(self) -> bool:
        """Whether anybody has the line open."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def read(self) -> bytes:
        """What the host has written meanwhile."""
        try:
            return os.read(self._master, CHUNK)
        except (BlockingIOError, OSError):
            return b""

    def write(self, data: bytes) -> bool:
        """Whether there was room for all of it. False with a host that does not read."""
        try:
            return os.write(self._master, data) == len(data)
        except BlockingIOError:
            return False

    async def activity(self, within_s: float) -> None:
        """A look every so often: a pty without a host is always ready, and tells nothing."""
        await asyncio.sleep(min(LOOK_S, within_s))

    def poke(self) -> None:
        """The next look is soon enough."""

    def close(self) -> None:
        """Pull the plug."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


class Cable:
    """A line whose host is in the same process, on the same event loop."""

    _opened: Final[dict[str, Cable]] = {}
    _number: Final = itertools.count(1)

    def __init__(self) -> None:
        self.port: str = f"cable-{next(self._number)}"
        self._opened[self.port] = self
        self._socket: socket.socket | None = None
        self._heard = bytearray()
        self._something = asyncio.Event()
        self.powered = True
        """Whether the device's batteries are good: without them it neither hears nor says anything."""

    @classmethod
    def open(cls, port: str) -> socket.socket:
        """The host's end; as with a terminal that is opened for one alone, who had it before loses it.

        Raises:
            FileNotFoundError: it is not plugged in.
        """
        if port not in cls._opened:
            raise FileNotFoundError(port)
        return cls._opened[port]._open()

    def _open(self) -> socket.socket:
        self._hang_up()
        self._socket, host = socket.socketpair()
        for end in (self._socket, host):
            end.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._readable)
        self.poke()
        return host

    def _readable(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        elif self.powered:
            self._heard = (self._heard + data)[-KEPT:]
        self.poke()

    def _hang_up(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def host_present(self) -> bool:
        """Whether anybody has the line open."""
        return self._socket is not None and self.powered

    def read(self) -> bytes:
        """What the host has written meanwhile."""
        data = bytes(self._heard)
        self._heard.clear()
        return data

    def write(self, data: bytes) -> bool:
        """Whether there was room for all of it."""
        if self._socket is None or not self.powered:
            return False
        try:
            return self._socket.send(data) == len(data)
        except OSError:
            return False

    async def activity(self, within_s: float) -> None:
        """Until the host did something."""
        self._something.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._something.wait()
        except TimeoutError:
            return

    def poke(self) -> None:
        """Wake whoever waits."""
        self._something.set()

    def close(self) -> None:
        """Pull the plug."""
        self._opened.pop(self.port, None)
        self._hang_up()
