"""Delivery, for as long as the hub lives: connect, deliver, and when the connection is lost connect again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from wardgate.capture.journal import Severity
from wardgate.clock import Clock, utc_from_s
from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.contract.messages import AlertAck, Event, State
from wardgate.deliver import troubles
from wardgate.deliver.downlink import Downlink
from wardgate.deliver.session import Session
from wardgate.deliver.suspects import Suspects
from wardgate.deliver.view import DeliveryView, Trouble
from wardgate.mqtt import Backoff, Link, LinkError, Will
from wardgate.store import Lane, Store, StoreError

log: Final = logging.getLogger(__name__)
_ABOUT_ANOTHER: Final = b'"code":"message-parked"'
STEADY_S: Final = 30.0
"""A connection that held so long was a good one: the next attempt is made at once."""


class _Trial:
    """A connection that somebody wants to be made once with other settings."""

    def __init__(self, broker: Broker, outcome: asyncio.Future[LinkError | None]) -> None:
        self.broker = broker
        self.outcome = outcome

    def end(self, error: LinkError | None) -> None:
        if not self.outcome.done():
            self.outcome.set_result(error)


class Sender:
    """The way from the outbox to the ward. `run` goes on for ever; everything else may be asked at any time.

    `on_event` gets an event for each change of what stands in the way, and for each message set aside; the hub stores
    it, and so it reaches the ward with the rest. `on_seen` gets what the ward says of alerts that a person has seen.
    `downlink` gets what the ward commands.
    """

    def __init__(
        self,
        broker: Broker,
        hub: str,
        store: Store,
        clock: Clock,
        on_event: Callable[[Event], object],
        *,
        version: str,
        config_hash: str = "",
        on_seen: Callable[[Sequence[AlertAck]], object] | None = None,
        downlink: Downlink | None = None,
    ) -> None:
        self._broker = broker
        self._hub = hub
        self._store = store
        self._clock = clock
        self._on_event = on_event
        self._version = version
        self._config_hash = config_hash
        self._on_seen = on_seen
        self._downlink = downlink
        self._session: Session | None = None
        self._link: Link | None = None
        self._trouble: Trouble | None = None
        self._told: set[str] = set()
        """The troubles that were told since messages last got through."""
        self._works = False
        """Whether anything has been answered over this connection."""
        self._retry_at_s: float | None = None
        self._heartbeat = 0
        self._answered: tuple[float, float] | None = None
        """When the ward last answered: UTC and boot-time seconds."""
        self._reached: dict[Lane, int] = {}
        self._suspects = Suspects()
        self._trial: _Trial | None = None
        self._anew: asyncio.Task[None] | None = None
        self._leaving = False
        """The connection is given up for another one, and nothing is wrong with it."""
        self._hurry = asyncio.Event()
        self._settled = asyncio.Event()
        store.listen(self._committed)

    async def run(self) -> None:
        """Deliver until cancelled; then tell the ward that this hub is going."""
        loop = asyncio.get_running_loop()
        backoff = Backoff()
        while True:
            began_s = loop.time()
            try:
                await self._connection()
            except LinkError as error:
                self.trouble(Trouble(error.key, error.sentence, error.what_to_do))
            if loop.time() - began_s > STEADY_S:
                backoff.reset()
            delay_s = backoff.next_s()
            self._retry_at_s = loop.time() + delay_s
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._hurry.wait()
            self._hurry.clear()
            self._retry_at_s = None

    async def try_with(self, broker: Broker) -> LinkError | None:
        """Connect anew, with other settings for this one time, and go on delivering. Why it did not work, if so: then
        the usual settings are used at once. The connection after this one is made with the usual ones, too."""
        trial = self._trial = _Trial(broker, asyncio.get_running_loop().create_future())
        self._hurry.set()
        if self._link is not None:
            self._link.close()
        return await trial.outcome

    async def _open(self, link: Link, trial: _Trial | None) -> bool:
        """Whether the connection is up. A trial that fails is told to whoever wanted it, and is no trouble."""
        try:
            await link.open()
        except LinkError as error:
            if trial is None:
                raise
            trial.end(error)
            self._hurry.set()
            return False
        if trial is not None:
            trial.end(None)
        elif self._trial is not None:  # it was wanted while this connection was being made
            link.close()
            return False
        return True

    async def _connection(self) -> None:
        """One connection, from its making to its loss."""
        will = Will(topics.up(self._hub, "state"), msgspec.json.encode(self._last_will()))
        trial, self._trial = self._trial, None
        link = Link(
            self._broker if trial is None else trial.broker,
            self._hub,
            will=will,
            on_message=self._message,
            on_puback=self._puback,
            on_subscription_refused=self._unheard,
        )
        if self._downlink is not None:
            self._downlink.route(link)
        if not await self._open(link, trial):
            return
        session = Session(
            link, self._hub, self._broker.confirm, self._store, self._clock, self, self._reached, self._suspects
        )
        self._session, self._link, self._works = session, link, False
        self.trouble(None)
        if self._downlink is not None:
            self._downlink.connect(link)
        try:
            reason = await session.run(self._broker.heartbeat_s)
            session.lost()
            if self._trial is None and not self._leaving:
                self.trouble(troubles.broker_lost(self._broker, reason))
        finally:
            self._session = self._link = None
            self._leaving = False
            if self._downlink is not None:
                self._downlink.disconnect()
            if not link.closed.done():
                session.publish_state(online=False)
            link.close()

    def _message(self, topic: str, payload: bytes) -> None:
        if self._session:
            self._session.on_message(topic, payload)

    def _puback(self, mid: int, code: int) -> None:
        if self._downlink is not None:
            self._downlink.beside.on_puback(mid, code)
        if self._session:
            self._works = True
            self._session.on_puback(mid, code)
            self._look_whether_restored()

    def _unheard(self) -> None:
        self.trouble(troubles.ack_not_authorised(self._hub))

    def _committed(self) -> None:
        self._settled.set()
        if self._session:
            self._session.committed()
            self._look_whether_restored()

    def wake(self) -> None:
        """Look into the outbox now. Commits of the store do this by themselves."""
        if self._session:
            self._session.wake()

    @property
    def heartbeats(self) -> int:
        """How many state messages were made: it counts up while a connection lives."""
        return self._heartbeat

    async def wait_drained(self) -> None:
        """Until nothing is left to be done."""
        while not self._store.drained():
            self._settled.clear()
            await self._settled.wait()

    def view(self) -> DeliveryView:
        """How it stands."""
        trouble = self._trouble
        answered = self._answered
        retry_in_s = None
        if self._retry_at_s is not None:
            retry_in_s = max(0.0, self._retry_at_s - asyncio.get_running_loop().time())
        return DeliveryView(
            connected=self._session is not None,
            confirm=self._broker.confirm,
            broker=f"{self._broker.host}:{self._broker.port}",
            problem=trouble.sentence if trouble else "",
            what_to_do=trouble.what_to_do if trouble else "",
            retry_in_s=retry_in_s,
            counts=self._store.outbox_counts(),
            last_ward_answer=utc_from_s(answered[0]) if answered else None,
            last_ward_answer_age_s=self._clock.boottime_s() - answered[1] if answered else None,
        )

    # What a session tells (session.Host)

    def state(self, *, online: bool) -> State:
        """The state message of this moment."""
        self._heartbeat += 1
        counts = self._store.outbox_counts()
        return State(
            hub=self._hub,
            online=online,
            epoch=self._store.epoch,
            floor=self._store.floor(),
            heartbeat=self._heartbeat,
            heartbeat_every_s=self._broker.heartbeat_s,
            version=self._version,
            boot_id=self._clock.boot_id(),
            config_hash=self._config_hash,
            waiting=counts.waiting,
            oldest_waiting=counts.oldest_waiting,
            synchronised=self._clock.synchronised(),
            at=self._clock.utc(),
        )

    def _last_will(self) -> State:
        return State(hub=self._hub, online=False, epoch=self._store.epoch, version=self._version)

    def trouble(self, trouble: Trouble | None) -> None:
        """Remember what stands in the way. Each such thing is told once, until messages get through again."""
        self._trouble = trouble
        if trouble is None:
            self._look_whether_restored()
        elif trouble.key not in self._told:
            self._told.add(trouble.key)
            self._event(trouble.key, "problem", trouble.sentence, trouble.what_to_do)

    def _look_whether_restored(self) -> None:
        """A new connection is not enough: what was on its way when the last one was lost may end this one, too, and
        the next. It has to be taken, or set aside."""
        if not self._told or self._trouble is not None or not self._works:
            return
        for seq in self._suspects.under_way():
            if self._store.row(seq) is not None:
                return
            self._suspects.clear(seq)
        self._told.clear()
        self._event("delivery-restored", "info", "Messages are on their way to the ward again.", "")

    def answered(self) -> None:
        """The ward has acknowledged something."""
        self._works, self._answered = True, (self._clock.utc().timestamp(), self._clock.boottime_s())
        if self._trouble and self._trouble.key.startswith(("ack-", "ward-")):
            self.trouble(None)

    def ack_too_high(self) -> None:
        """The ward has committed numbers that this database has not given: go on under new ones, once in a life."""
        self.trouble(troubles.ACK_TOO_HIGH)
        if self._anew is None:
            self._anew = asyncio.create_task(self._begin_anew())

    async def _begin_anew(self) -> None:
        """On a new connection, because what is on its way over this one has the old numbers."""
        try:
            await self._store.begin_anew()
        except StoreError as error:
            log.warning("the numbering could not be begun anew: %s", error)
            self._anew = None
            return
        self._reached.clear()
        self._leaving = True
        self._hurry.set()
        if self._link is not None:
            self._link.close()

    def parked(self, seq: int, reason: str) -> None:
        """A message was set aside for good. One that told of another is not told of: a ward may refuse all events."""
        if any(_ABOUT_ANOTHER in payload for _, _, payload in self._store.read.messages_from(seq, seq, 1)):
            log.warning("message %d was set aside, for %s", seq, reason)
            return
        self._event(
            "message-parked",
            "problem",
            f"Message {seq} was set aside, for {reason}."[:500],
            f"It is kept on the hub, and all others go on. Tell the ward. When the cause is gone: "
            f"wardgate parked retry {seq}.",
            seq=seq,
        )

    def seen(self, alerts: Sequence[AlertAck]) -> None:
        """Somebody at the ward has seen these alerts."""
        if self._on_seen:
            self._on_seen(alerts)

    def alert_unanswered(self, seq: int) -> None:
        """The ward has not answered an alert for a quarter of an hour."""
        self._event(
            "alert-unanswered",
            "problem",
            "The broker took an alert 15 minutes ago, and the ward has not acknowledged it.",
            "Call the ward.",
            seq=seq,
        )

    def _event(self, code: str, severity: Severity, sentence: str, what_to_do: str, **detail: float) -> None:
        self._on_event(
            Event(
                id=uuid.uuid4().hex,
                hub=self._hub,
                code=code,
                severity=severity,
                sentence=sentence,
                what_to_do=what_to_do,
                detail=dict(detail),
                at=self._clock.utc(),
            )
        )
