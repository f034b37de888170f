"""Rules on trial: they compute beside the live ones, are counted and reported once a day, and tell nobody.

A trial sees exactly what a live rule would see. Its count survives restarts; another limit or another version of the
rule is another trial, which begins at nought.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.config import Config, Shadow
from wardgate.contract.messages import Alert, Event, Reading, Utc
from wardgate.counted import count
from wardgate.store.errors import StoreError
from wardgate.store.store import Store
from wardgate.watch.alerts import Episode
from wardgate.watch.assess import KEEP, has_place
from wardgate.watch.plan import Plan
from wardgate.watch.replay import Replay
from wardgate.watch.rules import Rule, Setup, made

log: Final = logging.getLogger(__name__)

REPORT: Final = timedelta(days=1)
HISTORY: Final = timedelta(days=400)


class Kept(Struct, frozen=True, kw_only=True):
    """What a trial has come to."""

    epoch: str
    seq: int
    """How far the live readings have been looked at."""
    since: Utc
    reported: Utc
    raised: int = 0
    updated: int = 0
    resolved: int = 0
    last_raised: Utc | None = None
    last_sentence: str = ""
    episode: Episode | None = None
    began: tuple[str, float] | None = None
    """Boot and its second at which it began, where the hub did not know the time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial as a person may look at it."""

    name: str
    rule: str
    limits: dict[str, float]
    kept: Kept
    live_raised: int
    """How often the live rules of the same kind raised an alert in the same time."""
    problem: str = ""


class _Running:
    def __init__(self, shadow: Shadow, rule: Rule, replay: Replay, key: str, kept: Kept) -> None:
        self.shadow = shadow
        self.rule = rule
        self.replay = replay
        self.key = key
        self.kept = kept


class Shadows:
    """All trials of a hub. Call `start` once; then `on_reading` for each new reading, and `report` now and then."""

    def __init__(
        self, config: Config, plan: Plan, store: Store, clock: Clock, journal: Journal, notes: list[tuple[float, str]]
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._journal = journal
        self._notes = notes
        self._running = [self._begun(shadow, plan, notes) for shadow in config.watch.shadow]

    async def start(self) -> None:
        """Read the stored series, and count what came while nobody looked."""
        if not self._running:
            return
        since = self._clock.utc() - HISTORY
        known = self._store.readings(None, since, assignment=self._config.hub.assignment, each=KEEP)
        for running in self._running:
            left = []
            for reading in known:
                if reading.backfill or self._store.read.first_seq(reading.id) <= running.kept.seq:
                    running.replay.add(reading)
                else:
                    left.append(reading)
            for reading in sorted(left, key=lambda r: r.seq):
                await self._look(running, reading)

    def corrected(self) -> None:
        """Readings have been dated anew: every trial goes on over the series as it is known now."""
        since = self._clock.utc() - HISTORY
        known = self._store.readings(None, since, assignment=self._config.hub.assignment, each=KEEP)
        for running in self._running:
            before = running.replay
            running.replay = Replay(self._config.hub, (running.rule,), self._notes)
            running.replay.open.update(before.open)
            running.replay.failed.update(before.failed)
            for reading in known:
                old = reading.backfill or self._store.read.first_seq(reading.id) <= running.kept.seq
                if old and has_place(reading, self._clock.boot_id()):
                    running.replay.add(reading)

    async def on_reading(self, reading: Reading) -> None:
        """Take a new reading that is on the disk."""
        for running in self._running:
            await self._look(running, reading)

    async def _look(self, running: _Running, reading: Reading) -> None:
        """A trial is a guest: whatever it does wrong, the live rules and the other trials go on."""
        try:
            await self._count(running, reading)
        except StoreError as error:
            log.warning("what %s would have told was not noted: %s", running.shadow.name, error)
        except Exception as error:
            log.exception("the trial %s failed at reading %s", running.shadow.name, reading.id)
            running.replay.failed[running.rule.name] = type(error).__name__

    def noted(self, at_s: float) -> None:
        """A note on the treatment has come."""
        for running in self._running:
            running.replay.noted(at_s)

    def trials(self) -> tuple[Trial, ...]:
        """What each has come to."""
        return tuple(self._trial(running) for running in self._running)

    async def report(self) -> None:
        """Once a day, one event for each trial."""
        if not self._clock.synchronised():
            return  # a wrong clock may say that a day has passed every minute, or none for years
        now = self._clock.utc()
        for running in self._running:
            await self._date(running)
            if now - running.kept.reported >= REPORT:
                self._journal.keep(self._event(running, now))
                try:
                    await self._keep(running, msgspec.structs.replace(running.kept, reported=now))
                except StoreError as error:
                    log.warning("that %s was reported was not noted: %s", running.shadow.name, error)

    async def _date(self, running: _Running) -> None:
        """Since when it runs, once the time is known: by this boot's clock, and otherwise from now on."""
        kept = running.kept
        if kept.began is None:
            return
        now, (boot_id, at_s) = self._clock.utc(), kept.began
        here = boot_id == self._clock.boot_id()
        since = now - timedelta(seconds=self._clock.boottime_s() - at_s) if here else now
        try:
            await self._keep(running, msgspec.structs.replace(kept, since=since, reported=since, began=None))
        except StoreError as error:
            log.warning("since when %s runs was not noted: %s", running.shadow.name, error)

    def _begun(self, shadow: Shadow, plan: Plan, notes: list[tuple[float, str]]) -> _Running:
        rule = made(shadow.rule, Setup(plan, self._config.watch, shadow.limits))
        what = msgspec.json.encode((rule.name, rule.version, sorted(shadow.limits.items())))
        digest = hashlib.blake2b(what, digest_size=6).hexdigest()
        key = f"shadow/{self._config.hub.assignment}/{shadow.name}/{digest}"
        replay = Replay(self._config.hub, (rule,), notes)
        kept = self._restored(key)
        if kept.episode is not None:
            replay.open[rule.kind] = kept.episode
        return _Running(shadow, rule, replay, key, kept)

    def _restored(self, key: str) -> Kept:
        now = self._clock.utc()
        began = None if self._clock.synchronised() else (self._clock.boot_id(), self._clock.boottime_s())
        fresh = Kept(epoch=self._store.epoch, seq=self._store.last_seq, since=now, reported=now, began=began)
        raw = self._store.detector_state(key)
        try:
            kept = fresh if raw is None else msgspec.json.decode(raw, type=Kept)
        except msgspec.DecodeError as error:
            log.warning("what a trial has come to cannot be read, it begins anew: %s", error)
            return fresh
        if kept.epoch != fresh.epoch:
            return msgspec.structs.replace(kept, epoch=fresh.epoch, seq=fresh.seq)
        return kept

    async def _count(self, running: _Running, reading: Reading) -> None:
        seq = reading.seq if reading.revision == 1 else 0
        seq = seq or self._store.read.first_seq(reading.id)
        if not reading.backfill and 0 < seq <= running.kept.seq:
            return
        told = running.replay.take(reading, self._clock.utc())
        if reading.backfill:
            return
        kept = _counted(running.kept, told)
        episode = running.replay.open.get(running.rule.kind)
        await self._keep(running, msgspec.structs.replace(kept, seq=max(seq, kept.seq), episode=episode))

    async def _keep(self, running: _Running, kept: Kept) -> None:
        running.kept = kept
        await self._store.put_detector_state(running.key, msgspec.json.encode(kept))

    def _trial(self, running: _Running) -> Trial:
        alerts = self._store.alerts(running.kept.since)
        live = {a.id for a in alerts if a.kind == running.rule.kind and a.raised >= running.kept.since}
        problem = running.replay.failed.get(running.rule.name, "")
        return Trial(running.shadow.name, running.rule.name, running.shadow.limits, running.kept, len(live), problem)

    def _event(self, running: _Running, now: datetime) -> Event:
        trial, kept = self._trial(running), running.kept
        text = "\n".join(("shadow-summary", self._config.hub.id, running.key, now.isoformat()))
        return Event(
            id=hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
            hub=self._config.hub.id,
            code="shadow-summary",
            severity="info",
            sentence=(
                f"On trial, {trial.name} ({trial.rule}) would have raised {count(kept.raised, 'alert')} since "
                f"{kept.since:%d %B %Y}, before the rate cap. The live rules of that kind raised {trial.live_raised}."
            ),
            detail={
                "name": trial.name,
                "rule": trial.rule,
                "version": float(running.rule.version),
                "kind": running.rule.kind,
                "since": kept.since.isoformat(),
                "raised": float(kept.raised),
                "updated": float(kept.updated),
                "resolved": float(kept.resolved),
                "open": kept.episode is not None,
                "live_raised": float(trial.live_raised),
                "problem": trial.problem or None,
                **{f"limit_{name}": value for name, value in trial.limits.items()},
            },
            at=now,
        )


def _counted(kept: Kept, told: list[Alert]) -> Kept:
    for alert in told:
        if alert.state == "raised":
            kept = msgspec.structs.replace(
                kept, raised=kept.raised + 1, last_raised=alert.raised, last_sentence=alert.sentence
            )
        elif alert.state == "updated":
            kept = msgspec.structs.replace(kept, updated=kept.updated + 1, last_sentence=alert.sentence)
        else:
            kept = msgspec.structs.replace(kept, resolved=kept.resolved + 1)
    return kept
