"""When the hub was off, as far back as a cadence reaches."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.clock import Clock
from wardgate.contract.messages import Utc
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

STAMP_S: Final = 600.0
"""How often it is noted that the hub runs: a pause is known to within so long."""
KEEP: Final = timedelta(days=60)
"""The longest cadence is a month."""


class _Kept(Struct, frozen=True, kw_only=True):
    alive: Utc
    """When it was last noted by a hub that knew the time."""
    off: tuple[tuple[Utc, Utc], ...] = ()
    ran_s: float = 0.0
    """For how long hubs have run since then that did not know it."""


class Uptime:
    """Made at the start of the hub; call `stamp` from time to time.

    A hub that does not know the time cannot say when it was off: it says so as soon as it knows.
    """

    def __init__(self, store: Store, clock: Clock, key: str) -> None:
        self._store = store
        self._clock = clock
        self._key = key
        self._kept = self._before = self._restored()
        self._started_s = self._noted_s = clock.boottime_s()
        self._knows = False
        self.stamp()

    def stamp(self) -> None:
        """The hub runs."""
        now_s, kept = self._clock.boottime_s(), self._kept
        knew, self._knows = self._knows, self._knows or self._clock.synchronised()
        if now_s - self._noted_s < STAMP_S and knew == self._knows:
            return
        self._noted_s = now_s
        if not self._knows:
            before = self._before
            kept = before and msgspec.structs.replace(before, ran_s=before.ran_s + now_s - self._started_s)
        elif knew and kept is not None:
            kept = msgspec.structs.replace(kept, alive=self._clock.utc())
        else:
            kept = self._after_pause(now_s)
        self._kept = kept
        if kept is not None:
            done = self._store.put_detector_state(self._key, msgspec.json.encode(kept))
            done.add_done_callback(lambda f: None if f.cancelled() else f.exception())

    def off_s(self, since: datetime, until: datetime) -> float:
        """For how long the hub was off in a span."""
        off = () if self._kept is None else self._kept.off
        return sum(max(0.0, (min(end, until) - max(begin, since)).total_seconds()) for begin, end in off)

    def _after_pause(self, now_s: float) -> _Kept:
        """With the pause before this life. What ran in it without knowing the time is taken off its end."""
        now, before = self._clock.utc(), self._before
        if before is None:
            return _Kept(alive=now)
        until = now - timedelta(seconds=now_s - self._started_s + before.ran_s)
        paused = until - before.alive > timedelta(seconds=2 * STAMP_S)
        off = (*before.off, (before.alive, until)) if paused else before.off
        return _Kept(alive=now, off=tuple(span for span in off if now - span[1] < KEEP))

    def _restored(self) -> _Kept | None:
        raw = self._store.detector_state(self._key)
        try:
            return None if raw is None else msgspec.json.decode(raw, type=_Kept)
        except msgspec.DecodeError as error:
            log.warning("when the hub was off cannot be read: %s", error)
            return None
