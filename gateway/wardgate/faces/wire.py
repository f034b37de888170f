"""HTTP as uvicorn speaks it, with an end to waiting: whoever sends a request drop by drop, or none, is let go.

Without it every connection that is opened and left counts for ever: a tablet that lost its network, a browser that
connects ahead of need, somebody with time.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_DEADLINE_S: Final = 10.0
"""A head of a few hundred bytes that is not here by then is nobody's who wants an answer."""
BODY_DEADLINE_S: Final = 20.0
"""Nor is a form; pages that say so in words do it sooner."""


class PromptHttp(H11Protocol):
    """One connection."""

    head_deadline_s = HEAD_DEADLINE_S
    body_deadline_s = BODY_DEADLINE_S
    _timer: asyncio.TimerHandle | None = None
    _waits_for: type[h11.IDLE] | type[h11.SEND_BODY] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """The clock runs from the connection on, or the first byte of a head, until that is whole; then for a body."""
        state = self.conn.their_state
        if state is self._waits_for:
            return
        self._forget()
        if state in (h11.IDLE, h11.SEND_BODY):
            left_s = self.head_deadline_s if state is h11.IDLE else self.body_deadline_s
            self._waits_for = state
            self._timer = asyncio.get_running_loop().call_later(left_s, self.transport.abort)

    def _forget(self) -> None:
        self._waits_for = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
