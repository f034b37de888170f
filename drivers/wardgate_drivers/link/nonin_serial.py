"""The Nonin 9560 on a serial line: format 13, each frame acknowledged once it is safe.

Pure bytes in, bytes out: whoever owns the port feeds it. A frame that is cut, garbled or followed by noise is left
unanswered, and the device sends it again; the search for the next frame goes on one byte further.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import nonin_commands as commands
from wardgate_drivers.codec import nonin_df13
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import DeviceTime

_ANSWER_OVERHEAD: Final = 4
"""Two lead bytes, the length byte and the end byte of an answer."""
_LONGEST_FRAME: Final = nonin_df13.DATA_AT + 64 + 2
"""A length field beyond this is noise that looks like a lead: waiting for its bytes would deafen the session."""


class NoninFormat13Session:
    """One opened line to one device."""

    def __init__(self, sink: SessionSink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._clock_asked: DeviceTime | None = None
        """The time we told the device to take, until it says whether it did."""

    def start(self) -> bytes:
        """Ask for format 13, for the clock (its offset counts before it is set) and for the serial number."""
        self._buffer.clear()
        self._clock_asked = None
        return commands.SEND_FORMAT_13 + commands.TELL_TIME + commands.TELL_SERIAL_NUMBER

    async def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return what to write back once everything in them is safe."""
        self._buffer += data
        answer = bytearray()
        while self._buffer:
            step = self._size_at_front()
            if step is None:
                break
            answer += await self._take(step)
        return bytes(answer)

    def _size_at_front(self) -> int | None:
        """How many bytes to take next; None to wait for more, 1 for what begins nothing."""
        front = bytes(self._buffer)
        for lead, length in ((commands.TIME_LEAD, commands.TIME_DATA), (commands.SERIAL_LEAD, commands.SERIAL_DATA)):
            if front[: len(lead)] == lead[: len(front)]:
                size = length + _ANSWER_OVERHEAD
                return size if len(front) >= size else None
        try:
            told = nonin_df13.size_of(front)
        except FrameError:
            return 1
        if told is None:
            return None
        if told > _LONGEST_FRAME:
            return 1
        return told if len(front) >= told else None

    async def _take(self, size: int) -> bytes:
        """Use the next `size` bytes; on a refusal only the first of them, for a true frame may begin inside."""
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        if size == 1:
            self._hear_byte(frame[0])
            return b""
        try:
            return await self._understood(frame)
        except FrameError as error:
            self._buffer[:0] = frame[1:]
            self._sink.rejected(error, frame)
            return b""

    async def _understood(self, frame: bytes) -> bytes:
        if frame.startswith(commands.TIME_LEAD):
            return self._set_clock(frame)
        if frame.startswith(commands.SERIAL_LEAD):
            self._sink.identity("serial", commands.decode_serial_number(frame))
            return b""
        await self._sink.measurement(nonin_df13.measurement(frame))
        return bytes((commands.ACK,))

    def _set_clock(self, frame: bytes) -> bytes:
        self._sink.clock(commands.decode_time(frame))
        target = self._sink.clock_target()
        if target is None:
            return b""
        self._clock_asked = DeviceTime(round(target.civil_s))
        return commands.set_time(target)

    def _hear_byte(self, byte: int) -> None:
        """A byte that begins no frame. The answer to the format command came before the clock was told."""
        if self._clock_asked is not None and byte in (commands.ACK, commands.NAK):
            if byte == commands.ACK:
                self._sink.clock_set(self._clock_asked)
            self._clock_asked = None
