"""What the ward has told this hub to do, as long as it could be told again: each once, with the answer it had.

The rows stand among the detectors' states, under keys of their own: a salvaged database keeps them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

import msgspec
from msgspec import Struct

from wardgate.clock import Clock, utc_from_s
from wardgate.store.store import Store

MANY: Final = 1000
"""Commands remembered. A ward that sends more within their validity is told to wait."""
KEPT: Final = timedelta(days=1)
"""Beyond a command's expiry, for an answer that has not gone out yet."""
_PREFIX: Final = "command/"
_MEMORY: Final = "downlink/memory"
Taken = Literal["taken", "known", "full"]


class CommandRow(Struct, frozen=True, kw_only=True):
    """One command that was taken. Without an answer it is being done."""

    nonce: str
    kind: str
    expires_s: float
    response_topic: str
    correlation: bytes | None = None
    answer: bytes = b""
    sent: bool = False
    """Whether the broker has the answer."""


class Memory(Struct, frozen=True, kw_only=True):
    """What outlives the single commands."""

    begun_s: float | None = None
    """UTC from which on everything taken is remembered; None while the hub has not known the time."""
    forgotten_s: float = 0.0
    """What expires at or before this may have been taken and forgotten: it is refused, whatever the clock says."""
    version: int = 0
    """The highest configuration that was applied."""
    told: int = 0
    """The last one of which the ward was told that it holds."""
    told_back: int = 0
    """The last one of which it was told that it was taken back."""


class CommandLog:
    """The rows and the memory, in the hub's database."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def memory(self) -> Memory:
        """What is remembered of all that was."""
        raw = self._store.detector_state(_MEMORY)
        return Memory() if raw is None else msgspec.json.decode(raw, type=Memory)

    async def begin(self) -> None:
        """Remember from now on, once the hub knows the time.

        Raises:
            StoreError: the disk refuses.
        """
        if self.memory().begun_s is None and self._clock.synchronised():
            now_s = self._clock.utc().timestamp()
            await self._store.write(lambda c: _remember(c, lambda m: msgspec.structs.replace(m, begun_s=now_s)))

    def applied(self, version: int) -> asyncio.Future[None]:
        """A configuration of this version holds now: an older one never will again."""
        return self._store.write(
            lambda c: _remember(c, lambda m: msgspec.structs.replace(m, version=max(m.version, version)))
        )

    def told(self, version: int) -> asyncio.Future[None]:
        """The ward has been told that this version holds."""
        return self._store.write(lambda c: _remember(c, lambda m: msgspec.structs.replace(m, told=version)))

    def told_back(self, version: int) -> asyncio.Future[None]:
        """The ward has been told that this version was taken back."""
        return self._store.write(lambda c: _remember(c, lambda m: msgspec.structs.replace(m, told_back=version)))

    def row(self, nonce: str) -> CommandRow | None:
        """A command that was taken."""
        raw = self._store.detector_state(_PREFIX + nonce)
        return None if raw is None else msgspec.json.decode(raw, type=CommandRow)

    def rows(self) -> list[CommandRow]:
        """All that are remembered."""
        return [msgspec.json.decode(raw, type=CommandRow) for raw in self._store.read.detector_states(_PREFIX)]

    def take(self, row: CommandRow) -> asyncio.Future[Taken]:
        """Remember a command before it is done. Only `taken` may be done; it is on the disk then."""
        forget_before_s = (self._clock.utc() - KEPT).timestamp() if self._clock.synchronised() else 0.0

        def op(connection: sqlite3.Connection) -> Taken:
            key = _PREFIX + row.nonce
            if connection.execute("SELECT 1 FROM detectors WHERE key = ?", (key,)).fetchone():
                return "known"
            if _forgotten(connection, forget_before_s) >= MANY:
                return "full"
            connection.execute("INSERT INTO detectors (key, state) VALUES (?, ?)", (key, msgspec.json.encode(row)))
            return "taken"

        return self._store.write(op)

    def put(self, row: CommandRow) -> asyncio.Future[None]:
        """What has become of it."""
        return self._store.put_detector_state(_PREFIX + row.nonce, msgspec.json.encode(row))

    def is_forgotten(self, expires_s: float) -> bool:
        """Whether a command of such an expiry may have been taken before, unknown to this log."""
        return expires_s <= self.memory().forgotten_s

    def is_before(self, issued_s: float) -> bool:
        """Whether a command is older than this log."""
        begun_s = self.memory().begun_s
        return begun_s is not None and utc_from_s(issued_s) < utc_from_s(begun_s)


def _remember(connection: sqlite3.Connection, change: Callable[[Memory], Memory]) -> None:
    row = connection.execute("SELECT state FROM detectors WHERE key = ?", (_MEMORY,)).fetchone()
    memory = change(Memory() if row is None else msgspec.json.decode(row[0], type=Memory))
    connection.execute(
        "INSERT OR REPLACE INTO detectors (key, state) VALUES (?, ?)", (_MEMORY, msgspec.json.encode(memory))
    )


def _forgotten(connection: sqlite3.Connection, before_s: float) -> int:
    """Forget what expired long ago, and note how far. How many are left."""
    found = connection.execute(
        "SELECT key, state FROM detectors WHERE key >= ? AND key < ?", (_PREFIX, _PREFIX + "\x7f")
    ).fetchall()
    old = [(key, row.expires_s) for key, raw in found if (row := _decoded(raw)).expires_s < before_s]
    if old:
        connection.executemany("DELETE FROM detectors WHERE key = ?", [(key,) for key, _ in old])
        floor_s = max(expires_s for _, expires_s in old)
        _remember(connection, lambda m: msgspec.structs.replace(m, forgotten_s=max(m.forgotten_s, floor_s)))
    return len(found) - len(old)


def _decoded(raw: bytes) -> CommandRow:
    return msgspec.json.decode(raw, type=CommandRow)
