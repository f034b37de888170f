"""What another configuration would have told over the last days, beside what was told. It only reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wardgate.config import Config
from wardgate.contract.messages import Alert, Reading
from wardgate.counted import count
from wardgate.store.reader import Reader
from wardgate.watch.alerts import Episode as Open
from wardgate.watch.alerts import Step
from wardgate.watch.assess import has_place
from wardgate.watch.cap import DAY, HOUR, Gate, worst_first
from wardgate.watch.replay import Replay
from wardgate.watch.rules import Sample, rules
from wardgate.watch.therapy import Therapy, decoded, therapy_key

HISTORY: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert through its life, as far as it lies in the days looked at."""

    kind: str
    rule: str
    priority: str
    raised: datetime
    resolved: datetime | None
    sentence: str
    revisions: int
    pathways: tuple[str, ...] = ()
    quiet: bool = False
    """Raised in quiet hours: it might wait."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """Both, in the order of time."""

    since: datetime
    until: datetime
    readings: int
    """Live readings in those days."""
    would: tuple[Episode, ...]
    did: tuple[Episode, ...]
    failed: dict[str, str]
    """Rules that broke, with the reason."""
    held_back: int = 0
    """Alerts that the rate cap would have kept waiting at first."""
    never_told: int = 0
    """Those of them that were over, or the days were, before there was room."""


class _Days:
    """The days as they pass in the replay: their clock, what would have been told by then, and the way out of it."""

    def __init__(self, config: Config, begin: datetime) -> None:
        self._now = begin
        self._told: list[Alert] = []
        self._waited: dict[str, datetime] = {}
        self._gate = Gate(config, self, self)

    def utc(self) -> datetime:
        return self._now

    def boottime_s(self) -> float:
        return self._now.timestamp()

    def boot_id(self) -> str:
        return "dry-run"

    def synchronised(self) -> bool:
        return True

    def alerts(self, since: datetime) -> list[Alert]:
        """What would have been told from a time on."""
        return [alert for alert in self._told if alert.changed >= since]

    def passed(self, held: bool, done: Step, sample: Sample, beside: int) -> Step:
        """Through quiet hours and the rate cap."""
        out = self._gate.passed(held, done, sample, beside)
        if out.episode is not None and out.episode.held:
            self._waited.setdefault(out.episode.alert.id, self._now)
        return out

    def tell(self, alerts: Sequence[Alert]) -> None:
        """These go out now."""
        self._told += alerts

    def go_on(self, until: datetime, episodes: dict[str, Open]) -> None:
        """Time passes; what waits goes out as soon as there is room, the worst first."""
        while held := sorted((e for e in episodes.values() if e.held), key=worst_first):
            if self._gate.cap.room_for_new(self._now):
                out = self._gate.released(held[0])
                if out.episode is not None and out.alert is not None:
                    episodes[out.alert.kind] = out.episode
                    self.tell([out.alert])
                continue
            room = [a.changed + span for a in self.alerts(self._now - DAY) for span in (HOUR, DAY)]
            later = min((at for at in room if self._now < at <= until), default=None)
            if later is None:
                break
            self._now = later
        self._now = max(self._now, until)

    def ran(self, since: datetime) -> tuple[list[Alert], int, int]:
        """What would have been told, how many had to wait in the days looked at, and how many of these in vain."""
        told = {alert.id for alert in self._told}
        waited = [alert_id for alert_id, at in self._waited.items() if at >= since]
        return self._told, len(waited), sum(alert_id not in told for alert_id in waited)


def dry_run(config: Config, reader: Reader, now: datetime, days: float) -> DryRun:
    """Replay the stored readings under a configuration.

    The days before serve to learn what is usual; what would have been open at the beginning of the span is among what
    would have been told, with the time at which it would have been raised.
    """
    since = now - timedelta(days=days)
    assignment = config.hub.assignment
    stored = reader.readings(None, now - HISTORY, assignment=assignment)
    known = [reading for reading in stored if has_place(reading, "")]
    therapy = Therapy(assignment, config.watch.note, decoded(reader.detector_state(therapy_key(assignment))))
    passing = _Days(config, now - HISTORY)
    replay = Replay(config.hub, rules(config.watch), therapy.notes, passing)
    for reading in sorted(known, key=_as_it_came):
        passing.go_on(reading.time.received, replay.open)
        replay.take(reading, reading.time.received)
    passing.go_on(now, replay.open)
    told, held_back, never_told = passing.ran(since)
    did = [alert for alert in reader.alerts(now - HISTORY) if alert.assignment == assignment]
    live = [r for r in known if not r.backfill and r.time.received >= since]
    return DryRun(
        since, now, len(live), _episodes(told, since), _episodes(did, since), replay.failed, held_back, never_told
    )


def in_words(run: DryRun) -> list[str]:
    """The comparison as a person reads it."""
    days = (run.until - run.since).total_seconds() / 86400.0
    lines = [f"{count(run.readings, 'reading')} of the last {count(days, 'day')}, from {run.since:%d %B %Y %H:%M} UTC."]
    lines.append("Quiet hours and the rate cap count; the raising again does not: it rests on what the ward has seen.")
    lines += _listed(f"Would have told ({len(run.would)}):", run.would)
    lines += _listed(f"Did tell ({len(run.did)}):", run.did)
    if run.held_back:
        told = f"{count(run.never_told, 'was', 'were')} never told" if run.never_told else "all were told later"
        lines += ["", f"The rate cap would have kept {count(run.held_back, 'alert')} waiting; {told}."]
    lines += [f"{rule} broke: {why}" for rule, why in run.failed.items()]
    new = [e for e in run.would if not any(_meet(e, other) for other in run.did)]
    gone = [e for e in run.did if not any(_meet(e, other) for other in run.would)]
    lines += ["", f"New: {_counts(new)}. No longer: {_counts(gone)}."]
    return lines


def _as_it_came(reading: Reading) -> tuple[datetime, int]:
    """What was learnt later was not known before; the numbers of two databases cannot be compared."""
    return reading.time.received, reading.seq


def _episodes(alerts: Iterable[Alert], since: datetime) -> tuple[Episode, ...]:
    lives: dict[str, list[Alert]] = {}
    for alert in alerts:
        lives.setdefault(alert.id, []).append(alert)
    found = [_episode(sorted(life, key=lambda a: a.revision)) for life in lives.values()]
    return tuple(sorted((e for e in found if e.resolved is None or e.resolved >= since), key=lambda e: e.raised))


def _episode(life: Sequence[Alert]) -> Episode:
    spoken = [alert for alert in life if alert.state != "resolved"] or [life[-1]]
    worst = spoken[-1]
    resolved = life[-1].changed if life[-1].state == "resolved" else None
    return Episode(
        kind=worst.kind,
        rule=f"{worst.rule} {worst.rule_version}",
        priority=worst.priority,
        raised=life[0].raised,
        resolved=resolved,
        sentence=worst.sentence,
        revisions=life[-1].revision,
        pathways=worst.pathways,
        quiet=life[0].quiet_until is not None,
    )


def _meet(one: Episode, other: Episode) -> bool:
    """Whether two episodes of a kind overlap in time."""
    if one.kind != other.kind:
        return False
    ends = [e.resolved or datetime.max.replace(tzinfo=e.raised.tzinfo) for e in (one, other)]
    return one.raised <= ends[1] and other.raised <= ends[0]


def _listed(headline: str, episodes: Sequence[Episode]) -> list[str]:
    lines = ["", headline]
    for e in episodes:
        until = f"resolved {e.resolved:%d %b %H:%M}" if e.resolved is not None else "open"
        served = f", for {' and '.join(e.pathways)}" if e.pathways else ""
        quiet = "; in quiet hours" if e.quiet else ""
        lines.append(f"  {e.raised:%d %b %H:%M}  {e.kind}, {e.priority} priority, {e.rule}{served}; {until}{quiet}")
        lines.append(f"      {e.sentence}")
    return lines if episodes else [*lines, "  nothing"]


def _counts(episodes: Sequence[Episode]) -> str:
    kinds = [e.kind for e in episodes]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "none"
