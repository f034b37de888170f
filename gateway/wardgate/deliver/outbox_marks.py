"""What the outbox is to remember of the answers of one connection: many answers, few writes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from wardgate.store import Lane, Store

_LOG: Final = logging.getLogger(__name__)


class OutboxMarks:
    """Collected in a turn of the loop, or until `flush`. What could not be noted is sent again."""

    def __init__(self, store: Store, reached: Mapping[Lane, int], *, by_ward: bool) -> None:
        self._store = store
        self._reached = reached
        self._by_ward = by_ward
        self._loop = asyncio.get_running_loop()
        self._sent_s: dict[int, float] = {}
        self._cumulative = 0
        self._selective: set[int] = set()

    def sent(self, seq: int, utc_s: float) -> None:
        """The broker has taken it."""
        self._sent_s[seq] = utc_s

    def forget(self, seq: int) -> None:
        """It was set aside."""
        self._sent_s.pop(seq, None)

    def done(self, cumulative: int, selective: tuple[int, ...]) -> None:
        """Collect what arrives in this turn of the loop into one operation."""
        if not self._selective and not self._cumulative:
            self._loop.call_soon(self._mark_done)
        self._cumulative = max(self._cumulative, cumulative)
        self._selective.update(selective)

    def flush(self) -> None:
        """Note when the broker took what the ward has not answered yet."""
        sent_s, self._sent_s = self._sent_s, {}
        self._mark_sent(sent_s)

    def _mark_done(self) -> None:
        cumulative, selective = self._cumulative, self._selective
        self._cumulative, self._selective = 0, set()
        sent_s = {q: at for q, at in self._sent_s.items() if q <= cumulative or q in selective}
        for seq in sent_s:
            del self._sent_s[seq]
        self._mark_sent(sent_s)
        reached = dict(self._reached)
        self._store.mark_done(
            cumulative, selective, by_ward=self._by_ward, reached=reached, lazy=True
        ).add_done_callback(_quietly)

    def _mark_sent(self, sent_s: dict[int, float]) -> None:
        if sent_s:
            self._store.mark_sent(sent_s, lazy=True).add_done_callback(_quietly)


def _quietly(future: asyncio.Future[int] | asyncio.Future[None]) -> None:
    """What could not be noted stays in the outbox and is sent again: the ward knows it by its id."""
    error = None if future.cancelled() else future.exception()
    if error is not None:
        _LOG.warning("The outbox could not be updated: %s", error)
