"""Replies that span notifications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.link.conversation import Conversation

T = TypeVar("T")

LONGEST: Final = 4096
"""No reply of a device in the catalogue is longer; what claims to be is noise."""
NEXT_PIECE_S: Final = 2.0
"""Between the pieces of one reply lie some milliseconds."""


class Joiner:
    """Puts pieces together until a whole frame is there."""

    def __init__(self, talk: Conversation, size_of: Callable[[bytes], int | None]) -> None:
        self._talk = talk
        self._size_of = size_of
        self._rest = b""

    async def next_frame(self, decode: Callable[[bytes], T], within_s: float) -> T | None:
        """The next sound frame, decoded; None when none came in time. What is refused is counted and passed over."""
        wait_s = within_s
        while True:
            frame = self._take()
            if frame is not None:
                try:
                    return decode(frame)
                except FrameError as error:
                    self._talk.rejected(error, frame)
                    continue
            piece = await self._talk.next_frame(wait_s)
            if piece is None:
                self._rest = b""
                return None
            self._rest += piece
            wait_s = min(within_s, NEXT_PIECE_S)

    def _take(self) -> bytes | None:
        """A whole frame off the front of what came; None when more is needed."""
        if not self._rest:
            return None
        try:
            size = self._size_of(self._rest)
            if size is not None and size > LONGEST:
                raise FrameError(Reason.BAD_LENGTH, f"{size} bytes are told, {LONGEST} are the most")
        except FrameError as error:
            self._talk.rejected(error, self._rest)
            self._rest = b""
            return None
        if size is None or len(self._rest) < size:
            return None
        frame, self._rest = self._rest[:size], self._rest[size:]
        return frame
