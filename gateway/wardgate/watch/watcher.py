"""The watch: committed readings in, alerts out.

Rules run over the whole stored series, memories included, but only a live reading opens, worsens or closes an alert.
What has been looked at is noted after the alert is on the disk; after a crash the live readings beyond the note are
looked at again, and because ids are derived, what was already told is not told twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from wardgate.capture.journal import Journal
from wardgate.clock import EPOCH, Clock, steady
from wardgate.config import Config
from wardgate.contract.messages import TIME_UNKNOWN, Alert, Event, Reading
from wardgate.store.errors import StoreError
from wardgate.store.store import Store
from wardgate.watch.alerts import Episode, Step, step
from wardgate.watch.assess import KEEP, Assessment, has_place
from wardgate.watch.cap import Gate
from wardgate.watch.dates import dated_anew
from wardgate.watch.panel import Panel
from wardgate.watch.places import Notes, Places
from wardgate.watch.plan import make_plan
from wardgate.watch.rules import Rule, Sample, rules
from wardgate.watch.therapy import Therapy, decoded, therapy_key
from wardgate_signal.oximetry.limits import VERY_LOW_PCT

log: Final = logging.getLogger(__name__)

HISTORY: Final = timedelta(days=400)
OF_TODAY: Final = timedelta(days=1)
"""Most are measured once a day: until tomorrow nothing newer will come."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What the rules found at a reading, on its way to the disk."""

    place: str
    reading: Reading
    at: Assessment
    again: bool = False

    @property
    def may_clear(self) -> bool:
        """What counted once must not count twice, and who does not know the time does not know what is over."""
        return not self.again and TIME_UNKNOWN not in self.reading.quality.flags


@dataclass(frozen=True, slots=True)
class _Known:
    """What is still wanted of the stored readings once they are in the panel."""

    late: list[tuple[int, Reading]] = field(default_factory=list)
    """Live ones, with their first numbers, that a crash left unassessed."""
    newest: dict[str, Reading] = field(default_factory=dict)
    """The last one of each place in the panel."""


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A line in a chart: at this value the ward is told."""

    quantity: str
    value: float


class Watcher:
    """Call `start` once, before the first reading is taken in; then `on_reading` for each new one in commit order."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        journal: Journal,
        changed: Callable[[str], None],
        rule_set: tuple[Rule, ...] | None = None,
    ) -> None:
        """`changed("alerts")` is called after each committed alert. `rule_set` takes the place of the usual rules."""
        self._config = config
        self._store = store
        self._clock = steady(clock)
        self._journal = journal
        self._changed = changed
        self.plan = make_plan(config.watch)
        all_rules = rules(config.watch) if rule_set is None else rule_set
        assignment = config.hub.assignment
        said = decoded(store.detector_state(therapy_key(assignment)))
        self.therapy = Therapy(assignment, config.watch.note, said)
        self._rules = all_rules
        self._panel = self._empty_panel()
        self._taken_seq = 0
        """How far the readings are in the panel, by the numbers of their first revisions."""
        self.gate = Gate(config, store, clock)
        self._places = Places(assignment, self._panel.kinds, store, journal)
        self._pending: deque[_Look] = deque()
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Read the stored series, and look at the live readings that a crash left unassessed."""
        await self._places.restore()
        await self._places.let_go(self._clock.utc())
        await self.date_notes()
        self._taken_seq = self._store.last_seq
        known = self._load()
        for seq, reading in sorted(known.late, key=lambda one: one[0]):
            late = [place for place in self._panel.places(reading.channel) if seq > self._places.notes(place).seq]
            log.info("reading %s had not been assessed", reading.id)
            again = self._panel.reassess(reading) or self._panel.assess(reading)
            self._pending += [_Look(place, reading, at) for place, at in again if place in late]
        await self._corrected(known.newest)

    async def corrected(self) -> None:
        """Readings have been dated anew: begin the series again with what is known now (hazard H07).

        The newest of a series is looked at once more, if it was measured within a day: it may raise or worsen what it
        could not when nobody knew its time. It never clears anything, and older ones raise nothing.
        """
        self._panel = self._empty_panel()
        await self._corrected(self._load().newest)

    async def _corrected(self, newest: Mapping[str, Reading]) -> None:
        await self._date_episodes()
        now = self._clock.utc()
        for place, reading in newest.items():
            anew = reading.corrected is not None or place in self._places.forgotten
            fresh = anew and now - reading.time.taken <= OF_TODAY
            if fresh and not reading.backfill:
                looks = [_Look(at_place, reading, at, again=True) for at_place, at in self._panel.reassess(reading)]
                self._pending += [look for look in looks if look.place == place]
        self._places.forgotten.clear()
        await self.retry()

    def _empty_panel(self) -> Panel:
        return Panel(self._config.hub.assignment, self._rules, self._rule_failed, self.therapy.notes)

    def _load(self) -> _Known:
        """Put what was taken in so far into the panel, oldest first. A year of whole readings is never in memory."""
        since = self._clock.utc() - HISTORY if self._clock.synchronised() else EPOCH
        known, boot_id = _Known(), self._clock.boot_id()
        assignment = self._config.hub.assignment
        for reading in self._store.read.each_reading(None, since, assignment=assignment, each=KEEP):
            if not self._panel.admits(reading) or (seq := self._first_seq(reading)) > self._taken_seq:
                continue
            places = self._panel.places(reading.channel)
            if has_place(reading, boot_id):
                self._panel.add(reading)
                known.newest.update(dict.fromkeys(places, reading))
            if not reading.backfill and any(seq > self._places.notes(place).seq for place in places):
                known.late.append((seq, reading))
        return known

    def _first_seq(self, reading: Reading) -> int:
        known = reading.seq if reading.revision == 1 else 0
        return known or self._store.read.first_seq(reading.id)

    async def _date_episodes(self) -> None:
        """Open alerts stay what they are; what they say of time is put right."""
        async with self._lock:
            for place, kind, episode in self._places.open():
                await self._date_episode(place, kind, episode)

    async def _date_episode(self, place: str, kind: str, episode: Episode) -> None:
        last_bad = self._store.read.reading(episode.last_bad_reading)
        done = dated_anew(episode, last_bad, self._clock)
        if done.episode != episode:
            try:
                await self._revised(place, kind, episode, done)
            except StoreError as error:
                log.warning("alert %s could not be dated anew: %s", episode.alert.id, error)

    async def on_reading(self, reading: Reading) -> None:
        """Take a new reading that is on the disk. Never raises for the disk's sake: see `retry`."""
        self._taken_seq = max(self._taken_seq, self._first_seq(reading))
        if not reading.time.synchronised:
            reading = self._store.read.reading(reading.id) or reading  # it may have been dated meanwhile
        if not self._panel.admits(reading):
            return
        if reading.backfill:
            self._panel.add(reading)
            return
        self._pending += [_Look(place, reading, at) for place, at in self._panel.assess(reading)]
        await self.retry()

    async def note(self, note: str) -> bool:
        """Take a checked note on the treatment or a device, durably. False when it was known.

        Raises:
            StoreError: the disk refuses.
        """
        clock, now = self._clock, self._clock.utc()
        moment = None if clock.synchronised() else (clock.boot_id(), clock.boottime_s())
        new = await self.therapy.add(self._store, note, now, moment)
        if new:
            self._panel.noted(now.timestamp())
        return new

    async def date_notes(self) -> bool:
        """What was noted before the time was known gets its time. True when something did: `corrected` is next then."""
        first = self._clock.first
        try:
            return first is not None and await self.therapy.date(self._store, first)
        except StoreError as error:
            log.warning("what was noted before the hub knew the time is dated later: %s", error)
            return False

    async def retry(self) -> None:
        """Bring what has been assessed to the disk. What it refuses stays here; call it again from time to time."""
        async with self._lock:
            while self._pending:
                try:
                    await self._settle(self._pending[0])
                except StoreError as error:
                    log.warning("an assessment waits for the disk: %s", error)
                    return
                except Exception:  # one reading must not stand in the way of all that follow
                    log.exception("reading %s could not be judged", self._pending[0].reading.id)
                    self._journal.tell(
                        "assessment-failed",
                        "problem",
                        "What a reading means could not be worked out. It is kept, and all others go on.",
                        what_to_do="Send a report for support: wardgate support-bundle.",
                        detail={"reading": self._pending[0].reading.id},
                    )
                self._pending.popleft()

    def episodes(self) -> list[Episode]:
        """What is open, whether the ward has been told or the rate cap holds it back."""
        return [episode for _, _, episode in self._places.open()]

    async def revise(self, alert_id: str, change: Callable[[Episode], Step]) -> bool:
        """Change an open episode between two readings. False while readings wait for the disk: try again later.

        Raises:
            StoreError: the disk refuses.
        """
        async with self._lock:
            if self._pending:
                return False
            for place, kind, episode in self._places.open():
                if episode.alert.id == alert_id:
                    await self._revised(place, kind, episode, change(episode))
                    break
            return True

    async def _revised(self, place: str, kind: str, before: Episode, done: Step) -> None:
        if done.alert is not None:
            await self._store.put_alert(done.alert)
        if done.episode is not None and done.episode != before:
            await self._places.revise(place, kind, done.episode)
        if done.alert is not None:
            self._changed("alerts")

    @property
    def waiting(self) -> int:
        """Assessments that the disk has not taken."""
        return len(self._pending)

    def usual(self, channel: str) -> float | None:
        """The patient's own level now, in the channel's first quantity; None while it is not known."""
        return self._panel.usual(channel, self._clock.utc().timestamp())

    def limits(self, channel: str) -> tuple[LimitLine, ...]:
        """At which values the ward is told. For weight it goes with the usual."""
        if channel == "saturation":
            return (LimitLine("spo2", self.plan.limit("target_low_pct") - VERY_LOW_PCT),)
        if channel == "blood_pressure":
            return (LimitLine("systolic", self.plan.limit("systolic_low_mmhg")),)
        usual_kg = self.usual(channel) if channel == "weight" else None
        return (
            () if usual_kg is None else (LimitLine("weight", round(usual_kg + self.plan.limit("gain_3_days_kg"), 2)),)
        )

    async def _settle(self, look: _Look) -> None:
        place, reading, at = look.place, look.reading, look.at
        notes = self._places.notes(place)
        episodes = dict(notes.episodes)
        told: list[Alert] = []
        for kind in self._panel.kinds[place]:
            before = episodes.pop(kind, None)
            done = step(kind, before, at, self._config.hub, self._clock.utc())
            if not look.may_clear:
                done = self._without_clearing(before, done)
            done = self.gate.passed(before is not None and before.held, done, at.sample, len(told))
            if done.episode is not None:
                episodes[kind] = done.episode
            if done.alert is not None:
                told.append(done.alert)
        for alert in told:
            await self._store.put_alert(alert)
        seq = max(notes.seq, self._first_seq(reading))
        await self._places.keep(place, Notes(epoch=self._store.epoch, seq=seq, episodes=episodes))
        for alert in told:
            log.warning("alert %s %s, revision %d: %s", alert.kind, alert.state, alert.revision, alert.rule)
            self._changed("alerts")

    def _without_clearing(self, before: Episode | None, done: Step) -> Step:
        """What a reading may do that is looked at once more, or of which nobody knows the time."""
        if before is None:
            known = done.alert is not None and self._store.read.alert(done.alert.id) is not None
            return Step(None, None) if known else done
        clears = done.episode is None or done.episode.clear_readings > before.clear_readings
        return Step(before, None) if clears else done

    def _rule_failed(self, rule: Rule, sample: Sample, why: str) -> None:
        hub = self._config.hub.id
        text = "\n".join(("rule-failed", hub, rule.name, str(rule.version), sample.reading_id))
        self._journal.keep(
            Event(
                id=hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
                hub=hub,
                code="rule-failed",
                severity="problem",
                sentence=f"The rule {rule.name} failed at a reading. All other rules go on.",
                what_to_do="Send a report for support: wardgate support-bundle.",
                detail={"rule": rule.name, "version": float(rule.version), "why": why, "reading": sample.reading_id},
                at=self._clock.utc(),
            )
        )
