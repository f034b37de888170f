"""HTTP as uvicorn speaks it, with an end to waiting: whoever sends a request's head drop by drop is let go."""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_DEADLINE_S: Final = 10.0
"""A head of a few hundred bytes that is not here by then is nobody's who wants an answer."""


class PromptHttp(H11Protocol):
    """One connection."""

    head_deadline_s = HEAD_DEADLINE_S
    _timer: asyncio.TimerHandle | None = None

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
        """The clock runs from the first byte of a head, and from the connection on, until the head is whole."""
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.head_deadline_s, self.transport.abort)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
