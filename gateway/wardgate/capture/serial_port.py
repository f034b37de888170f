"""One device on a serial line: the port is opened by its path, and opened again after it was unplugged."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import serial

from wardgate.capture.devices import Devices, Known
from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.store.errors import StoreError
from wardgate_drivers.link.arrivals import next_before_silence
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.model.declaration import Serial

log: Final = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""Between two looks whether the port is there; a stat of one path costs nothing."""
OPEN_S: Final = 5.0
CHUNK: Final = 4096
FEED_S: Final = 35.0
"""Longer than a commit may take: then the line is opened afresh and the device repeats what was not acknowledged."""


class Port(Protocol):
    """An open line."""

    def fileno(self) -> int:
        """The descriptor of a line that does not block."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


OpenPort = Callable[[str, Serial], Awaitable[Port]]
"""Opens a line by its path. FileNotFoundError: it is not plugged in."""


async def open_serial_port(path: str, link: Serial) -> Port:
    """A real one.

    Raises:
        FileNotFoundError: it is not plugged in.
        OSError, ValueError, serial.SerialException: it cannot be used.
    """
    if not await asyncio.to_thread(os.path.exists, path):
        raise FileNotFoundError(path)
    port: Port = await asyncio.to_thread(
        serial.Serial,
        path,
        baudrate=link.baud,
        bytesize=link.data_bits,
        parity=link.parity,
        stopbits=link.stop_bits,
        timeout=0,
        exclusive=True,
    )
    return port


class SerialLine:
    """Keeps one line open. `run` never returns."""

    def __init__(
        self,
        known: Known,
        link: Serial,
        devices: Devices,
        journal: Journal,
        clock: Clock,
        sink_for: Callable[[Known], SessionSink],
        open_port: OpenPort = open_serial_port,
    ) -> None:
        self._open_port = open_port
        self.known: Final = known
        self._link = link
        self._path = known.device.port or ""
        self._devices = devices
        self._journal = journal
        self._clock = clock
        self._sink_for = sink_for

    async def run(self) -> None:
        """Open, listen, open again."""
        while True:
            try:
                await self._listen()
            except FileNotFoundError:
                self._lost("It is not plugged in.")
            except (OSError, ValueError, TimeoutError, serial.SerialException) as error:
                self._lost(f"It cannot be used: {error or 'it does not answer'}.")
            except StoreError as error:
                log.warning("%s: not acknowledged: %s", self.known.id, error)
            await asyncio.sleep(LOOK_S)

    async def _listen(self) -> None:
        port = await self._open()
        loop = asyncio.get_running_loop()
        # At most what the kernel's own buffer holds ever waits here: the reader is fed by a loop that takes it at once.
        arrived: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        descriptor = port.fileno()

        def readable() -> None:
            try:
                data = os.read(descriptor, CHUNK)
            except BlockingIOError:
                return
            except OSError as error:
                loop.remove_reader(descriptor)
                arrived.put_nowait(error)
                return
            if not data:
                loop.remove_reader(descriptor)
            arrived.put_nowait(data or OSError("the line was closed"))

        loop.add_reader(descriptor, readable)
        try:
            session = self._link.open_session(self._sink_for(self.known))
            self._write(descriptor, session.start())
            while True:
                data = await next_before_silence(arrived, self._link.silence_s)
                if data is None:
                    self._write(descriptor, session.start())
                    continue
                if isinstance(data, OSError):
                    raise data
                self._devices.change(self.known.id, save=False, last_heard=self._clock.utc())
                async with asyncio.timeout(FEED_S):
                    self._write(descriptor, await session.feed(data))
        finally:
            loop.remove_reader(descriptor)
            port.close()

    async def _open(self) -> Port:
        async with asyncio.timeout(OPEN_S):
            port = await self._open_port(self._path, self._link)
        self._journal.over("serial-lost", self.known.id, f"The {self.known.model.kind.noun} is plugged in again.")
        log.info("%s: listening on %s", self.known.id, self._path)
        return port

    def _write(self, descriptor: int, data: bytes) -> None:
        """A handful of bytes always fits the kernel's buffer; if not, the line is stuck and is opened afresh."""
        if data and os.write(descriptor, data) != len(data):
            raise OSError("the line takes no more bytes")

    def _lost(self, why: str) -> None:
        kind = self.known.model.kind.noun
        self._journal.begin(
            "serial-lost",
            "problem",
            f"The {kind}'s line {self._path} is away. {why}",
            what_to_do=f"Plug in the {kind}'s cable.",
            device=self.known.id,
        )
