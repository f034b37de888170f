"""Messages that may be what ends connections, and messages that the broker keeps refusing.

A connection that is lost says nothing about why. Whatever was on its way in two losses is sent alone from then on:
alerts before everything else, the others when nothing else is to be sent. What then ends a connection alone, at once
and time after time, is set aside. One answer of the broker clears a message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from wardgate.store import Lane

SUSPECT_AFTER: Final = 2
"""Losses with a message on its way, before it is sent alone."""
PARK_AFTER: Final = 4
"""Losses with a message alone on its way, before it is set aside."""
PARK_ALERT_AFTER: Final = 8
PASSED: Final = 10
REFUSALS: Final = 5
"""Refusals without a reason, while others of the same lane are taken, before a message is set aside."""


class Suspects:
    """Lives as long as the sender: what it counts goes over many connections."""

    def __init__(self) -> None:
        self._losses: Counter[int] = Counter()
        self._alone: Counter[int] = Counter()
        self._lanes: dict[int, Lane] = {}
        self._refusals: dict[int, tuple[int, int]] = {}
        self._taken: Counter[Lane] = Counter()
        self._taken_when: dict[int, int] = {}
        """How many messages had been taken when a suspect last ended a connection."""

    def __contains__(self, seq: int) -> bool:
        return self._losses[seq] >= SUSPECT_AFTER if seq in self._losses else False

    def next(self, *, alerts: bool) -> int | None:
        """The message to try next, alerts or the others: what has ended fewer connections goes first."""
        found = [q for q in self._losses if q in self and (self._lanes[q] is Lane.ALERT) is alerts]
        return min(found, key=lambda q: (self._alone[q], q), default=None)

    def lost(self, on_the_way: Iterable[tuple[int, Lane]], alone: int | None, *, first: bool = False) -> int | None:
        """A connection was lost. `alone`: the message that ended it by itself. The one to be set aside, if it is that.

        Connections may end for a hundred reasons. It counts against a message only if the connection took nothing but
        it (`first`), or if many others have passed since it last ended one.
        """
        here = dict(on_the_way)
        for seq in [q for q in self._losses if q not in here and q not in self]:
            self.clear(seq)
        for seq, lane in here.items():
            self._losses[seq] += 1
            self._lanes[seq] = lane
        if alone is None:
            return None
        taken = self._taken.total()
        if first or taken - self._taken_when.get(alone, -PASSED) >= PASSED:
            self._alone[alone] += 1
        self._taken_when[alone] = taken
        most = PARK_ALERT_AFTER if self._lanes[alone] is Lane.ALERT else PARK_AFTER
        return alone if self._alone[alone] >= most else None

    def taken(self, seq: int, lane: Lane) -> None:
        """The broker took a message."""
        self._taken[lane] += 1
        self.clear(seq)

    def takes(self, lane: Lane) -> bool:
        """Whether the broker has taken any message of this lane."""
        return self._taken[lane] > 0

    def refused(self, seq: int, lane: Lane) -> bool:
        """The broker refused a message and did not say why. Whether it is to be set aside: others of its lane pass."""
        times, taken = self._refusals.get(seq, (0, self._taken[lane]))
        self._refusals[seq] = (times + 1, taken)
        return times + 1 >= REFUSALS and self._taken[lane] > taken

    def under_way(self) -> tuple[int, ...]:
        """What was on its way when a connection was lost, and nobody has taken since."""
        return tuple(self._losses)

    def clear(self, seq: int) -> None:
        """Nothing is held against it any more."""
        if seq in self._lanes or seq in self._refusals:
            del self._losses[seq], self._alone[seq]
            self._lanes.pop(seq, None)
            self._refusals.pop(seq, None)
            self._taken_when.pop(seq, None)
