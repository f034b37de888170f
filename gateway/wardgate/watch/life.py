"""The life of open alerts while no reading comes: what the ward has seen, what is raised again, what is held back.

Nothing is remembered here that matters: how long an alert has waited, how often it was raised and whether it was seen
stand in the stored alerts and in the watch's notes, so a restart goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

import msgspec

from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.config import Config
from wardgate.contract.messages import Alert, AlertAck
from wardgate.store.errors import StoreError
from wardgate.store.store import Store
from wardgate.watch import escalation
from wardgate.watch.alerts import Episode, Step, worse_revision
from wardgate.watch.cap import worst_first
from wardgate.watch.watcher import Watcher

log: Final = logging.getLogger(__name__)

TICK_S: Final = 10.0
MANY: Final = 1000
"""Acknowledgements that wait for the disk, and answers remembered. A ward repeats what has no answer."""


class Life:
    """Call `acknowledge` with what the ward says, and keep `run` running."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        journal: Journal,
        watcher: Watcher,
        acknowledged: Callable[[AlertAck], None] = lambda _: None,
    ) -> None:
        self._hub = config.hub.id
        self._schedule_s = tuple(60.0 * minutes for minutes in config.alerts.raise_again_min)
        self._store = store
        self._clock = clock
        self._journal = journal
        self._watcher = watcher
        self._acknowledged = acknowledged
        self._acks: OrderedDict[str, AlertAck] = OrderedDict()
        self._answered: OrderedDict[str, None] = OrderedDict()
        self._woken = asyncio.Event()
        self._named: set[str] = set()
        """What has been named as held back, while anything is."""

    def acknowledge(self, acks: Iterable[AlertAck]) -> None:
        """Somebody at the ward has seen these. The newest word on an alert counts."""
        for ack in acks:
            before = self._acks.get(ack.id)
            if (before is None or before.revision <= ack.revision) and (before or len(self._acks) < MANY):
                self._acks[ack.id] = ack
                self._woken.set()

    async def run(self) -> None:
        """Look after the open alerts until cancelled."""
        while True:
            try:
                await self.check()
            except StoreError as error:
                log.warning("the open alerts wait for the disk: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._woken.wait()
            self._woken.clear()

    async def check(self) -> None:
        """Do what is due now.

        Raises:
            StoreError: the disk refuses. What was not done is done the next time.
        """
        for ack in tuple(self._acks.values()):
            if await self._settled(ack) and self._acks.get(ack.id) is ack:
                del self._acks[ack.id]
        in_order = sorted(self._watcher.episodes(), key=worst_first)
        self._tell_held([episode for episode in in_order if not await self._looked_after(episode)])

    # What the ward has seen

    async def _settled(self, ack: AlertAck) -> bool:
        alert = self._store.read.alert(ack.id)
        why = escalation.why_not(alert, ack)
        if why is None and all(episode.alert.id != ack.id for episode in self._watcher.episodes()):
            why = "not-watched"
        if why is None:
            if not await self._watcher.revise(ack.id, lambda episode: self._seen(episode, ack)):
                return False
            self._acknowledged(ack)
            return True
        if why != "acknowledged-before":  # the revision that says so is at the ward, or on its way there
            self._answer(ack, why)
        return True

    def _seen(self, episode: Episode, ack: AlertAck) -> Step:
        if escalation.why_not(episode.alert, ack) is not None:
            return Step(episode, None)  # another revision has just been made; the next look says what it means
        alert = escalation.acknowledged(episode.alert, ack, self._clock.utc())
        log.info("alert %s was seen at the ward by a %s", alert.kind, alert.acknowledged_by)
        return Step(msgspec.structs.replace(episode, alert=alert), alert)

    def _answer(self, ack: AlertAck, why: str) -> None:
        event = escalation.answer(self._hub, ack, why, self._clock.utc())
        if event.id in self._answered:
            return
        self._answered[event.id] = None
        if len(self._answered) > MANY:
            self._answered.popitem(last=False)
        self._journal.keep(event)

    # What nobody has seen

    async def _looked_after(self, episode: Episode) -> bool:
        """False when the rate cap keeps something of it back."""
        if episode.held:
            return await self._released(episode)
        if not self._schedule_s or not escalation.wants_an_answer(episode.alert):
            return True
        told = episode.told
        if told is None or (told.boot_id != self._clock.boot_id() and self._clock.synchronised()):
            await self._watcher.revise(
                episode.alert.id, lambda now: Step(escalation.of_this_boot(now, self._clock), None)
            )
            return True  # the next look counts
        waited_s = self._waited_s(episode)
        count = escalation.count_due(self._schedule_s, waited_s)
        is_due = count > episode.alert.raised_count
        room = (
            not is_due or episode.alert.priority == "high" or self._watcher.gate.cap.room_for_again(self._clock.utc())
        )
        if is_due and room:
            await self._watcher.revise(episode.alert.id, lambda now: self._again(now, count))
        if waited_s >= self._schedule_s[-1] and not episode.escalated:
            await self._escalated(episode.alert.id)
        return room

    def _waited_s(self, episode: Episode) -> float:
        """How long it has waited for somebody, the quiet hours left out unless it is of high priority."""
        if episode.told is None:
            return 0.0
        waited_s = escalation.waited_s(episode.told, self._clock)
        if episode.alert.priority == "high" or not self._clock.synchronised():
            return waited_s
        now = self._clock.utc()
        return waited_s - self._watcher.gate.quiet.quiet_s(now - timedelta(seconds=waited_s), now)

    def _again(self, episode: Episode, count: int) -> Step:
        if not escalation.wants_an_answer(episode.alert) or episode.alert.raised_count >= count:
            return Step(episode, None)
        alert = escalation.raised_again(episode.alert, count, self._clock.utc())
        log.warning("alert %s is raised for the %d. time: nobody has seen it", alert.kind, count)
        return Step(msgspec.structs.replace(episode, alert=alert), alert)

    async def _escalated(self, alert_id: str) -> None:
        """Tell first, note then: a crash in between tells it again under the same id."""
        alert = self._store.read.alert(alert_id)
        if alert is None or not escalation.wants_an_answer(alert):
            return
        minutes = self._schedule_s[-1] / 60.0
        await self._store.put_event(escalation.escalation(alert, minutes, self._clock.utc()))
        told_of = worse_revision(alert)
        await self._watcher.revise(
            alert_id,
            lambda now: Step(
                msgspec.structs.replace(now, escalated=now.escalated or worse_revision(now.alert) == told_of), None
            ),
        )

    # What is held back

    async def _released(self, episode: Episode) -> bool:
        gate = self._watcher.gate
        if not gate.cap.room_for_new(self._clock.utc()):
            return False

        return await self._watcher.revise(
            episode.alert.id, lambda now: gate.released(now) if now.held else Step(now, None)
        )

    def _tell_held(self, held: list[Episode]) -> None:
        """One event that names what waits, and another one only for what it has not named."""
        names = {_name(episode): episode for episode in held}
        if not names:
            if self._named:
                self._journal.tell("alerts-held-back-over", "info", "No alert is held back any more.")
            self._named.clear()
            return
        if names.keys() <= self._named:
            return
        self._named |= names.keys()
        self._journal.tell(
            "alerts-held-back",
            "attention",
            f"There are many alerts at once, and these wait: {', '.join(names)}. "
            "High priority and what becomes worse is never held back.",
            what_to_do="Look at this patient's open alerts together.",
            detail={episode.alert.id: name for name, episode in names.items()},
        )


def _name(episode: Episode) -> str:
    alert: Alert = episode.alert
    again = "" if episode.held else ", raised again"
    return f"{escalation.words(alert)} ({alert.priority} priority{again})"
