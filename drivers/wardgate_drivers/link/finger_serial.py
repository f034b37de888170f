"""An oximeter on a serial line that streams and wants no acknowledgement: one measurement each time a finger is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.finger import Finger
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Measurement
from wardgate_drivers.model.declaration import SerialSession, Stream


class Splitter(Protocol):
    """Bytes as they come, whole packets out."""

    def feed(self, data: bytes) -> list[bytes]:
        """The whole packets that are now there."""
        ...


class FingerSession:
    """One opened line to one device. Pure bytes in, bytes out."""

    def __init__(
        self,
        sink: SessionSink,
        splitter: Callable[[], Splitter],
        decode: Callable[[bytes], Measurement | None],
        stream: Stream,
        *,
        packets_per_s: int,
        start: bytes,
        keep_alive: bytes,
        keep_alive_packets: int,
    ) -> None:
        self._sink = sink
        self._new_splitter = splitter
        self._splitter = splitter()
        self._decode = decode
        self._stream = stream
        self._packets_per_s = packets_per_s
        self._finger = Finger(stream, packets_per_s)
        self._start = start
        self._keep_alive = keep_alive
        self._keep_alive_packets = keep_alive_packets
        self._packets = 0

    def start(self) -> bytes:
        """Begin anew: the line was opened, or the device was silent and may have been switched off."""
        self._splitter = self._new_splitter()
        self._finger = Finger(self._stream, self._packets_per_s)
        self._packets = 0
        return self._start

    async def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return what keeps the device sending, where it wants that."""
        answer = b""
        for packet in self._splitter.feed(data):
            await self._take(packet)
            self._packets += 1
            if self._keep_alive_packets and self._packets % self._keep_alive_packets == 0:
                answer = self._keep_alive
        return answer

    async def _take(self, packet: bytes) -> None:
        try:
            measurement = self._decode(packet)
        except FrameError as error:
            self._sink.rejected(error, packet)
            return
        chosen = None if measurement is None else self._finger.take(measurement)
        if chosen is not None:
            await self._sink.measurement(chosen)


def finger_session(
    splitter: Callable[[], Splitter],
    decode: Callable[[bytes], Measurement | None],
    stream: Stream,
    *,
    packets_per_s: int,
    start: bytes = b"",
    keep_alive: bytes = b"",
    keep_alive_packets: int = 0,
) -> Callable[[SessionSink], SerialSession]:
    """What opens such sessions; `keep_alive` is written after every `keep_alive_packets` packets."""

    def open_session(sink: SessionSink) -> SerialSession:
        return FingerSession(
            sink,
            splitter,
            decode,
            stream,
            packets_per_s=packets_per_s,
            start=start,
            keep_alive=keep_alive,
            keep_alive_packets=keep_alive_packets,
        )

    return open_session
