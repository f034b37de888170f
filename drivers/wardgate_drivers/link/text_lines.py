"""Devices that write lines of text: each line is found, decoded and handed over; nothing is ever written back.

Pure bytes in: whoever owns the port feeds it. A session may begin in the middle of a line, and noise may stand before
one: what stands before the last beginning of a line in it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Measurement

LONGEST_LINE: Final = 1024
"""A Tanita result has some 300 bytes. More than this without an end is noise that would fill the memory."""
_ENDS: Final = re.compile(rb"[\r\n]+")
_CR_LF: Final = b"\r\n"


class TextLineSession:
    """One opened line to one device."""

    def __init__(
        self,
        sink: SessionSink,
        begins: re.Pattern[bytes],
        decode: Callable[[bytes], Measurement],
        choose: Callable[[Measurement], Measurement | None] = lambda measurement: measurement,
    ) -> None:
        self._sink = sink
        self._begins = begins
        self._decode = decode
        self._choose = choose
        self._buffer = bytearray()

    def start(self) -> bytes:
        """Nothing is asked of such a device."""
        self._buffer.clear()
        return b""

    async def feed(self, data: bytes) -> bytes:
        """Take bytes as they came. Done once everything in them is safe."""
        self._buffer += data
        while (end := _ENDS.search(self._buffer)) is not None:
            line = bytes(self._buffer[: end.start()])
            del self._buffer[: end.end()]
            if line.strip(b" \0"):
                await self._take(line)
        if len(self._buffer) > LONGEST_LINE:
            noise = bytes(self._buffer)
            self._buffer.clear()
            self._sink.rejected(FrameError(Reason.NO_FRAME, f"{len(noise)} bytes without a line end"), noise)
        return b""

    async def _take(self, line: bytes) -> None:
        starts = [found.start() for found in self._begins.finditer(line)]
        whole = line[starts[-1] if starts else 0 :] + _CR_LF
        try:
            measurement = self._decode(whole)
        except FrameError as error:
            self._sink.rejected(error, whole)
            return
        chosen = self._choose(measurement)
        if chosen is not None:
            await self._sink.measurement(chosen)
