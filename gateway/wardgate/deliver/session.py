"""One connection's worth of delivery: outbox to broker, acknowledgements back into the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Literal, Protocol

import msgspec

from wardgate.clock import Clock
from wardgate.contract import topics
from wardgate.contract.messages import UNREADABLE, Ack, AlertAck, State
from wardgate.deliver import troubles
from wardgate.deliver.outbox_marks import OutboxMarks
from wardgate.deliver.suspects import Suspects
from wardgate.deliver.view import Trouble
from wardgate.deliver.window import Window
from wardgate.mqtt import REFUSED, Link, meaning
from wardgate.store import Kind, Lane, OutRow, Store
from wardgate.store.parked import DAMAGED

FLUSH_S: Final = 0.5
"""PUBACKs are noted this often: mostly the ward's answer comes before, and the note is never written."""
PUBACK_DEADLINE_S: Final = 60.0
"""A broker that takes nothing for so long, and still answers pings, is left for a new connection."""
REFUSED_FIRST_S: Final = 5.0
UNANSWERED_ALERT_S: Final = 15 * 60.0
_NOBODY: Final = 0x10
"""MQTT 5: no matching subscribers. Not every broker says so."""
_PACKET_OVERHEAD: Final = 200
"""Topic and properties beside the payload, at most."""
ENOUGH_BYTES: Final = 64 * 1024
"""A broker has to take packets of this size. What is too large for one that does not is kept until it does: otherwise
all would be set aside, and that it was set aside too."""
_LOOK_AT: Final = 200
"""Messages that are passed over before the loop gets to do something else."""
_MESSAGE_REFUSED: Final = {0x90: "the topic name is invalid", 0x99: "the payload format is invalid"}
"""The broker will never take this message: it is parked, unless the broker takes none of its lane. Any other refusal is
about the hub's rights or the broker's state, may change, and loses nothing."""
_NO_REASON: Final = frozenset({0x80, 0x83})
"""Refusals that may be about the message or about the broker: which, is found out by whether it takes others."""
AT_ONCE_S: Final = 1.0
"""A connection that ends so soon after a message was sent alone, and three answers more, ended because of it."""
_TOPIC: Final = {
    Kind.READING: "reading",
    Kind.CORRECTION: "reading",
    Kind.TEST: "test",
    Kind.ALERT: "alert",
    Kind.EVENT: "event",
}
_ACK: Final = msgspec.json.Decoder(Ack)


class Host(Protocol):
    """What a session needs of the sender that holds it."""

    def state(self, *, online: bool) -> State:
        """The state message of this moment."""
        ...

    def trouble(self, trouble: Trouble | None) -> None:
        """What stands in the way now; None when nothing does any more."""
        ...

    def answered(self) -> None:
        """The ward has acknowledged something."""
        ...

    def ack_too_high(self) -> None:
        """The ward has committed numbers that this database has not given."""
        ...

    def parked(self, seq: int, reason: str) -> None:
        """A message was set aside for good."""
        ...

    def seen(self, alerts: Sequence[AlertAck]) -> None:
        """Somebody at the ward has seen these alerts."""
        ...

    def alert_unanswered(self, seq: int) -> None:
        """The ward has not answered an alert for `UNANSWERED_ALERT_S`."""
        ...


class Session:
    """Runs until the connection is lost."""

    def __init__(
        self,
        link: Link,
        hub: str,
        confirm: Literal["ward", "broker"],
        store: Store,
        clock: Clock,
        host: Host,
        reached: dict[Lane, int] | None = None,
        suspects: Suspects | None = None,
    ) -> None:
        self._link = link
        self._suspects = Suspects() if suspects is None else suspects
        self._state_sent: tuple[int | None, float] = (None, 0.0)
        self._answer_s = 0.0
        """How long the broker took to answer the state message."""
        self._alone_s = 0.0
        self._gave_up = False
        self._told_too_small = False
        self._hub = hub
        self._by_ward = confirm == "ward"
        self._store = store
        self._clock = clock
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._window = Window(store, link.receive_maximum, reached, self._suspects)
        self._marks = OutboxMarks(store, self._window.reached, by_ward=self._by_ward)
        self._topics = {kind: topics.up(hub, name) for kind, name in _TOPIC.items()}
        self._state_topic = topics.up(hub, "state")
        self._refusals: set[int] = set()
        self._escalated: set[int] = set()
        self._progress_s = self._loop.time()
        self._pumping = False
        self._floor_changed = False
        """Something was parked: the next state's floor lets the ward pass the gap."""

    async def run(self, heartbeat_s: float) -> str:
        """Deliver until the connection is lost. Why it was."""
        self._link.subscribe(topics.down(self._hub, "ack"))
        self.publish_state(online=True)
        self.wake()
        beat_s = flush_s = self._loop.time()
        while not self._link.closed.done():
            await asyncio.wait([self._link.closed], timeout=min(FLUSH_S, heartbeat_s))
            now_s = self._loop.time()
            if now_s - beat_s >= heartbeat_s or self._floor_changed:
                beat_s = now_s
                self._floor_changed = False
                self.publish_state(online=True)
            if now_s - flush_s >= FLUSH_S:
                flush_s = now_s
                self._marks.flush()
            self._tick(now_s)
        return self._link.closed.result()

    def publish_state(self, *, online: bool) -> None:
        """The retained sign of life."""
        state = msgspec.json.encode(self._host.state(online=online))
        if self._is_too_big(state):
            self._say_too_small()
            return
        self._state_sent = (self._link.publish(self._state_topic, state, retain=True), self._loop.time())

    # Outward

    def wake(self) -> None:
        """Something may be sendable: look, once in this turn of the loop."""
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def committed(self) -> None:
        """The store has committed something."""
        if self._window.committed():
            self.wake()

    def _pump(self) -> None:
        self._pumping = False
        now_s = self._loop.time()
        if not self._window.in_flight:
            self._progress_s = now_s
        passed = 0
        while not self._link.closed.done() and (row := self._window.next(now_s)):
            if row.damaged or self._is_too_big(row.payload):
                self._pass_over(row)
                passed += 1
                if passed == _LOOK_AT:
                    self.wake()
                    return
                continue
            if row.seq == self._window.alone:
                self._alone_s = now_s
            mid = self._link.publish(self._topics[row.kind], row.payload)
            if mid is None:
                return
            self._window.sent(row, mid, now_s)

    def _is_too_big(self, payload: bytes) -> bool:
        limit = self._link.maximum_packet_bytes
        return limit is not None and len(payload) + _PACKET_OVERHEAD > limit

    def _pass_over(self, row: OutRow) -> None:
        """What cannot be sent is set aside if that is its own fault, and kept for another connection if not."""
        limit = self._link.maximum_packet_bytes
        if row.damaged or limit is None or limit >= ENOUGH_BYTES:
            self._park(row.seq, DAMAGED if row.damaged else "it is larger than the broker takes")
            return
        if self._window.alone == row.seq:
            self._window.alone = None
            self._suspects.clear(row.seq)
        self._say_too_small()

    def _say_too_small(self) -> None:
        if self._told_too_small:
            return
        self._told_too_small = True
        self._host.trouble(troubles.packets_too_small(self._link.maximum_packet_bytes, ENOUGH_BYTES))

    def _tick(self, now_s: float) -> None:
        if self._window.look_for_due(now_s):
            self.wake()
        if self._window.in_flight and now_s - self._progress_s > PUBACK_DEADLINE_S:
            self._gave_up = True
            self._link.close()
        for seq in self._window.alerts_waiting_since(now_s - UNANSWERED_ALERT_S):
            if seq not in self._escalated:
                self._escalated.add(seq)
                self._host.alert_unanswered(seq)

    # What the broker says

    def on_puback(self, mid: int, code: int) -> None:
        """The broker has answered a message."""
        now_s = self._loop.time()
        self._progress_s = now_s
        seq = self._window.taken(mid)
        if seq is None:
            if mid == self._state_sent[0]:
                self._answer_s = now_s - self._state_sent[1]
                self._window.may_try = True
                self.wake()
            return
        if code >= REFUSED:
            self._broker_refused(seq, code, now_s)
        else:
            self._marks.sent(seq, self._clock.utc().timestamp())
            self._accepted(seq, code)
            if not self._by_ward:
                self._window.confirmed((seq,))
                self._marks.done(0, (seq,))
        self.wake()

    def lost(self) -> None:
        """The connection was lost without our doing: some message may be why, if it was alone and it went at once."""
        if self._gave_up:
            return
        alone = self._window.alone
        at_once = self._loop.time() - self._alone_s <= AT_ONCE_S + 3 * self._answer_s
        first = self._window.handed == 1
        guilty = self._suspects.lost(self._window.on_the_way(), alone if at_once else None, first=first)
        if guilty is not None:
            self._park(guilty, "the broker ends the connection each time it is sent")

    def _accepted(self, seq: int, code: int) -> None:
        lane = self._window.lane(seq)
        if lane is not None:
            self._suspects.taken(seq, lane)
        if seq in self._refusals:
            self._refusals.discard(seq)
            if not self._refusals:
                self._host.trouble(None)
        if code == _NOBODY and self._by_ward and not self._refusals:
            self._host.trouble(troubles.WARD_ABSENT)

    def _broker_refused(self, seq: int, code: int, now_s: float) -> None:
        lane = self._window.lane(seq)
        if code in _MESSAGE_REFUSED and (lane is None or self._suspects.takes(lane)):
            self._park(seq, f"the broker refuses it: {_MESSAGE_REFUSED[code]}")
            return
        if code in _NO_REASON and lane is not None and self._suspects.refused(seq, lane):
            self._park(seq, f"the broker refuses it again and again, and takes others ({meaning(code)})")
            return
        self._refusals.add(seq)
        self._window.postpone(seq, now_s, REFUSED_FIRST_S)
        self._host.trouble(troubles.publish_refused(self._hub, code))

    # What the ward says

    def on_message(self, topic: str, payload: bytes) -> None:
        """An acknowledgement; whatever else it may be is not for us."""
        if topic != topics.down(self._hub, "ack"):
            return
        try:
            ack = _ACK.decode(payload)
        except UNREADABLE as error:
            self._host.trouble(troubles.ack_unreadable(error))
            return
        if ack.hub == self._hub and ack.alerts:
            self._host.seen(ack.alerts)  # of any epoch: a salvaged alert keeps its id
        if ack.hub != self._hub or ack.epoch != self._store.epoch:
            return  # about a database that this hub no longer has
        if max((ack.cumulative, *ack.selective)) > self._store.last_seq:
            self._host.ack_too_high()
            return
        self._host.answered()
        if not self._by_ward:
            return
        for refusal in ack.refused:
            if self._window.is_unconfirmed(refusal.seq):
                self._park(refusal.seq, f"the ward refuses it: {refusal.reason}")
        # A number that was never sent cannot have been committed, whatever a ward says.
        selective = tuple(seq for seq in ack.selective if self._window.is_unconfirmed(seq))
        self._window.confirmed_through(ack.cumulative, selective)
        if ack.resume:
            self._window.resume(self._loop.time())
        self._marks.done(ack.cumulative, selective)
        self.wake()

    def _park(self, seq: int, reason: str) -> None:
        self._window.confirmed((seq,))
        self._window.alone = None if self._window.alone == seq else self._window.alone
        self._marks.forget(seq)
        self._suspects.clear(seq)
        if seq in self._refusals:
            self._refusals.discard(seq)
            if not self._refusals:
                self._host.trouble(None)

        def parked(future: asyncio.Future[bool]) -> None:
            if not future.cancelled() and future.exception() is None and future.result():
                self._host.parked(seq, reason)
                self._floor_changed = True

        self._store.park(seq, reason).add_done_callback(parked)
