"""Cutting a stream of bytes into frames whose front tells their size."""

from __future__ import annotations

from collections.abc import Callable

from wardgate_drivers.errors import FrameError


class ToldFrames:
    """Bytes as they come, whole frames out.

    A frame that does not hold is handed out as well, for whoever decodes it to count, but the search goes on one byte
    behind its beginning: a true one may begin inside.
    """

    def __init__(self, size_of: Callable[[bytes], int | None], decode: Callable[[bytes], object], longest: int) -> None:
        self._size_of = size_of
        self._decode = decode
        self._longest = longest
        """A size beyond this is noise that looks like a front: waiting for its bytes would deafen the session."""
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are now there."""
        self._rest += data
        frames = []
        while self._rest:
            size = self._size()
            if size is None:
                break
            if size:
                frames.append(bytes(self._rest[:size]))
            del self._rest[: size if size and self._holds(frames[-1]) else 1]
        return frames

    def _size(self) -> int | None:
        """Of the frame at the front; None to wait for more, 0 when nothing begins here."""
        try:
            size = self._size_of(bytes(self._rest))
        except FrameError:
            return 0
        if size is None:
            return None
        if size > self._longest:
            return 0
        return size if len(self._rest) >= size else None

    def _holds(self, frame: bytes) -> bool:
        try:
            self._decode(frame)
        except FrameError:
            return False
        return True
