"""systemd's watchdog is fed while loop, writer and sender make progress, and not because a timer runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from wardgate.deliver.sender import Sender
from wardgate.notify import beat_s, notify
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

WRITER_S: Final = 30.0
"""An empty transaction takes microseconds; behind a group commit on a slow card, seconds."""


class Watchdog:
    """Of one hub. `progress` is called whenever all of them have moved."""

    def __init__(
        self, store: Store, sender: Sender, heartbeat_s: float, progress: Callable[[], None] | None = None
    ) -> None:
        self._store = store
        self._sender = sender
        self._heartbeat_s = heartbeat_s
        self._progress = progress
        self._heartbeats = (-1, 0.0)

    async def feed(self) -> None:
        while True:
            await asyncio.sleep(beat_s())
            async with asyncio.timeout(WRITER_S):
                await self._store.write(lambda _: None)
            if self._sender_moves():
                notify("WATCHDOG=1")
                if self._progress is not None:
                    self._progress()
            else:
                log.error("delivery has made no progress; the watchdog is not fed")

    def _sender_moves(self) -> bool:
        """Connected it has a heart that beats; otherwise it waits for its next attempt, or is at it."""
        view, loop = self._sender.view(), asyncio.get_running_loop()
        beats, since_s = self._heartbeats
        if view.retry_in_s is not None or self._sender.heartbeats != beats:
            self._heartbeats = (self._sender.heartbeats, loop.time())
            return True
        return loop.time() - since_s < 3 * self._heartbeat_s + 180.0
