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
    off: tuple[tuple[Utc, Utc], ...] = ()


class Uptime:
    """Made at the start of the hub; call `stamp` from time to time."""

    def __init__(self, store: Store, clock: Clock, key: str) -> None:
        self._store = store
        self._clock = clock
        self._key = key
        now = clock.utc()
        before = self._restored()
        off = () if before is None else before.off
        if before is not None and now - before.alive > timedelta(seconds=2 * STAMP_S):
            off = (*off, (before.alive, now))
        self._kept = _Kept(alive=now, off=tuple(span for span in off if now - span[1] < KEEP))
        self._save()

    def stamp(self) -> None:
        """The hub runs."""
        now = self._clock.utc()
        if abs((now - self._kept.alive).total_seconds()) >= STAMP_S:
            self._kept = msgspec.structs.replace(self._kept, alive=now)
            self._save()

    def off_s(self, since: datetime, until: datetime) -> float:
        """For how long the hub was off in a span."""
        return sum(max(0.0, (min(to, until) - max(off, since)).total_seconds()) for off, to in self._kept.off)

    def _restored(self) -> _Kept | None:
        raw = self._store.detector_state(self._key)
        try:
            return None if raw is None else msgspec.json.decode(raw, type=_Kept)
        except msgspec.DecodeError as error:
            log.warning("when the hub was off cannot be read: %s", error)
            return None

    def _save(self) -> None:
        done = self._store.put_detector_state(self._key, msgspec.json.encode(self._kept))
        done.add_done_callback(lambda f: None if f.cancelled() else f.exception())
