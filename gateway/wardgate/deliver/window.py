"""What is on its way over one connection: sent, and not yet acknowledged by the broker or by the ward."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from wardgate.deliver.suspects import Suspects
from wardgate.store import Lane, OutRow, Store

PAGE: Final = 200
"""Rows of the outbox in memory at a time, in each lane."""
IN_FLIGHT: Final = 100
"""Messages without PUBACK, at most; less when the broker's Receive Maximum is lower."""
UNCONFIRMED: Final = 1000
"""Messages that the broker took and the ward has not acknowledged, at most. Alerts do not count: nothing holds them."""
RESEND_FIRST_S: Final = 60.0
RESUME_S: Final = 1.0
RESEND_LONGEST_S: Final = 3600.0


@dataclass(slots=True)
class _Sent:
    """A message that the ward has not acknowledged."""

    lane: Lane
    first_s: float
    due_s: float
    """When it is sent again, on the monotonic clock."""
    tries: int = 1


class Window:
    """Chooses what is sent next. It lives as long as one connection: on the next, all that is not done goes again."""

    def __init__(
        self,
        store: Store,
        receive_maximum: int,
        reached: dict[Lane, int] | None = None,
        suspects: Suspects | None = None,
    ) -> None:
        self._store = store
        self._suspects = Suspects() if suspects is None else suspects
        self.may_try = False
        """Whether suspects may be sent: the connection has proved that it works."""
        self.handed = 0
        """Messages handed to this connection."""
        self.alone: int | None = None
        """The suspect that is on its way; nothing else is then."""
        self.reached: dict[Lane, int] = {} if reached is None else reached
        """The highest number ever sent in each lane: a ward can have committed none beyond it. It may outlive us."""
        # One place stays free for the state message.
        self._room = max(1, min(IN_FLIGHT, receive_maximum) - 1)
        self._pages: dict[Lane, deque[OutRow]] = {lane: deque() for lane in Lane}
        self._cursor: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self._more: set[Lane] = set(Lane)
        self._seen_seq = -1
        self._in_flight: dict[int, int] = {}
        self._sent: dict[int, _Sent] = {}
        self._bulk = 0
        self._again: deque[int] = deque()

    @property
    def unconfirmed(self) -> int:
        """Messages sent and not acknowledged by the ward."""
        return len(self._sent)

    def committed(self) -> bool:
        """Whether the store has rows that were not there at the last look."""
        last = self._store.last_seq
        if last == self._seen_seq:
            return False
        self._seen_seq = last
        self._more.update(Lane)
        return True

    def next(self, now_s: float) -> OutRow | None:
        """The message to send now; None when there is none, or no room. `sent` has to follow."""
        if len(self._in_flight) >= self._room or self.alone is not None:
            return None
        if self.may_try and self._suspects.next(alerts=True) is not None:
            return self._suspect(alerts=True)
        row = self._fresh(Lane.ALERT) or self._repeated(now_s)
        if row or self._bulk >= UNCONFIRMED:
            return row
        row = self._fresh(Lane.LIVE) or self._fresh(Lane.EVENT) or self._fresh(Lane.BACKFILL)
        return row or (self._suspect(alerts=False) if self.may_try else None)

    def _suspect(self, *, alerts: bool) -> OutRow | None:
        """A suspect, once nothing else is on its way."""
        while not self._in_flight and (seq := self._suspects.next(alerts=alerts)) is not None:
            row = self._store.row(seq)
            if row is not None:
                self.alone = seq
                return row
            self._suspects.clear(seq)
        return None

    def _fresh(self, lane: Lane) -> OutRow | None:
        page = self._pages[lane]
        while True:
            if not page and lane in self._more:
                page.extend(self._store.next_rows(lane, self._cursor[lane], PAGE))
                if len(page) < PAGE:
                    self._more.discard(lane)
                if page:
                    self._cursor[lane] = page[-1].seq
            if not page:
                return None
            row = page.popleft()
            if row.seq not in self._sent and row.seq not in self._suspects:
                return row

    def _repeated(self, now_s: float) -> OutRow | None:
        while self._again:
            seq = self._again.popleft()
            sent = self._sent.get(seq)
            if sent is None or sent.due_s > now_s:
                continue
            row = self._store.row(seq)
            if row is None:
                self.confirmed((seq,))
                continue
            return row
        return None

    def sent(self, row: OutRow, mid: int, now_s: float) -> None:
        """A message has been handed to the connection."""
        self._in_flight[mid] = row.seq
        self.handed += 1
        self.reached[row.lane] = max(row.seq, self.reached.get(row.lane, 0))
        before = self._sent.get(row.seq)
        if before is None:
            self._sent[row.seq] = _Sent(row.lane, now_s, now_s + RESEND_FIRST_S)
            self._bulk += row.lane != Lane.ALERT
            return
        before.due_s = now_s + _pause_s(RESEND_FIRST_S, before.tries)
        before.tries += 1

    @property
    def in_flight(self) -> int:
        """Messages that the broker has not answered."""
        return len(self._in_flight)

    def taken(self, mid: int) -> int | None:
        """The broker has answered a packet. The number of the message; None when it was none of the outbox."""
        seq = self._in_flight.pop(mid, None)
        if seq is not None and seq == self.alone:
            self.alone = None
        return seq

    def on_the_way(self) -> list[tuple[int, Lane]]:
        """What the broker has not answered, with its lane."""
        return [(seq, self._sent[seq].lane) for seq in self._in_flight.values() if seq in self._sent]

    def lane(self, seq: int) -> Lane | None:
        """The lane of a message that was sent and is not done."""
        sent = self._sent.get(seq)
        return None if sent is None else sent.lane

    def postpone(self, seq: int, now_s: float, first_s: float) -> float:
        """The broker refused a message for now: send it again later. In how many seconds."""
        sent = self._sent.get(seq)
        if sent is None:
            return 0.0
        delay_s = _pause_s(first_s, sent.tries)
        sent.due_s = now_s + delay_s
        return delay_s

    def confirmed(self, seqs: Iterable[int]) -> None:
        """These need nothing any more."""
        for seq in seqs:
            sent = self._sent.pop(seq, None)
            if sent is not None:
                self._bulk -= sent.lane != Lane.ALERT

    def confirmed_through(self, cumulative: int, selective: Collection[int]) -> None:
        """The ward has acknowledged: everything up to a number, and some beyond it."""
        self.confirmed([seq for seq in self._sent if seq <= cumulative])
        self.confirmed(selective)

    def is_unconfirmed(self, seq: int) -> bool:
        """Whether the ward still owes an answer to it."""
        return seq in self._sent

    def resume(self, now_s: float) -> None:
        """The ward has just come: what it owes an answer for goes again, but for what it is answering just now."""
        for sent in self._sent.values():
            sent.due_s = now_s + RESUME_S
            sent.tries = 0

    def look_for_due(self, now_s: float) -> bool:
        """Queue again what has waited too long for its acknowledgement, alerts first. Whether there was any."""
        due = [(sent.lane, seq) for seq, sent in self._sent.items() if sent.due_s <= now_s]
        self._again = deque(seq for _, seq in sorted(due))
        return bool(due)

    def alerts_waiting_since(self, before_s: float) -> list[int]:
        """Alerts that were first sent before a time and have no answer."""
        return [q for q, sent in self._sent.items() if sent.lane == Lane.ALERT and sent.first_s <= before_s]


def _pause_s(first_s: float, tries: int) -> float:
    """Twice as long after each try, and never longer than `RESEND_LONGEST_S`: months of tries are no larger a number
    than a float can take."""
    return min(RESEND_LONGEST_S, first_s * 2.0 ** min(tries, 30))
