"""A serial line of which nobody knows beforehand in which of a maker's formats the device talks.

Every format's session hears all bytes. That is safe only with formats of which none finds packets in another's bytes,
and where none answers: two answers at once would be noise to the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.model.declaration import SerialSession


class AnyFormatSession:
    """One opened line to one device."""

    def __init__(self, sessions: Sequence[SerialSession]) -> None:
        self._sessions = sessions

    def start(self) -> bytes:
        """Begin anew in every format: the device may have been switched to another while it was silent."""
        return b"".join(session.start() for session in self._sessions)

    async def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; what they say is told by the session whose format it is."""
        return b"".join([await session.feed(data) for session in self._sessions])


def any_format(*formats: Callable[[SessionSink], SerialSession]) -> Callable[[SessionSink], SerialSession]:
    """What opens such sessions."""

    def open_session(sink: SessionSink) -> SerialSession:
        return AnyFormatSession([open_format(sink) for open_format in formats])

    return open_session
