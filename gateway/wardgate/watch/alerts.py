"""The life of an alert: raised, updated when worse, resolved when it has been well for a while. No input or output.

What happens to it between two readings (acknowledged, raised again) is in `escalation`. One episode is one alert with
one id, whatever number of rules speak in it. It is updated when the severity has grown by the rule's step or the
priority has risen: a worsening always passes, and a value that swings about a limit says nothing new. It is resolved
after `CLEAR_READINGS` clear readings in a row, the last of them `CLEAR_S` after the last bad one: at most one episode
of a kind in a day.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.config import Hub
from wardgate.contract.messages import Alert, Priority
from wardgate.watch import sentences
from wardgate.watch.assess import FIRST_QUANTITY, Assessment
from wardgate.watch.rules import RANK, Rule
from wardgate_signal.finding import Finding, Level

CLEAR_READINGS: Final = 2
CLEAR_S: Final = 24 * 3600.0
_EVEN: Final = 1e-9
"""Room for floats: 2.3 and then 2.8 is worse by 0.5."""


class Told(Struct, frozen=True, kw_only=True):
    """The moment since which an alert has waited for somebody to see it."""

    boot_id: str
    boottime_s: float
    utc_s: float
    waited_s: float = 0.0
    """What had passed before this boot."""
    known: bool = True
    """Whether `utc_s` was told by a hub that knew the time."""


class Episode(Struct, frozen=True, kw_only=True):
    """An open alert, and what decides about its next step."""

    alert: Alert
    """Its last revision."""
    peak: float
    """The worst severity that the ward has been told."""
    spoke: tuple[str, ...]
    """Every rule that has spoken in it."""
    last_bad_s: float
    last_bad_reading: str = ""
    """Whose time that is: a reading may be dated anew."""
    clear_readings: int = 0
    told: Told | None = None
    """When it was last new or worse."""
    escalated: bool = False
    """Nobody saw it in time, and that has been told."""
    held: bool = False
    """The rate cap holds it back: its alert is not on the disk, and the ward does not know it yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a reading does to an episode: what is open after it, and what the ward has to be told."""

    episode: Episode | None
    alert: Alert | None


def episode_id(assignment: str, kind: str, reading_id: str) -> str:
    """The same for ever for the same beginning: a replay raises the same alert again, not another one."""
    return hashlib.blake2b("\n".join(("alert", assignment, kind, reading_id)).encode(), digest_size=16).hexdigest()


def worse_revision(alert: Alert) -> int:
    """The revision in which it was last new or worse. Before revisions were counted so, each was one."""
    return alert.worse_revision or alert.revision


def adopted(alert: Alert) -> Episode:
    """The episode of a stored open alert whose own notes are lost or older than it."""
    severity = alert.inputs.get("severity")
    return Episode(
        alert=alert,
        peak=severity if isinstance(severity, float | int) else 0.0,
        spoke=(alert.rule,),
        last_bad_s=alert.changed.timestamp(),
    )


def step(kind: str, episode: Episode | None, at: Assessment, hub: Hub, now: datetime) -> Step:
    """Take one live, admissible reading into account."""
    mine = [(rule, finding) for rule, finding in at.findings if rule.kind == kind]
    firing = [(rule, finding) for rule, finding in mine if finding.level is Level.ALERT]
    if episode is None:
        return _raised(kind, firing, at, hub, now) if firing else Step(None, None)
    if firing:
        return _still_bad(episode, firing, at, now)
    if not mine:
        return Step(episode, None)  # a value that no rule uses says neither worse nor better
    silent = {rule.name for rule in at.failed} & set(episode.spoke)
    if silent or not all(finding.clear for _, finding in mine):
        return Step(msgspec.structs.replace(episode, clear_readings=0), None)
    episode = msgspec.structs.replace(episode, clear_readings=episode.clear_readings + 1)
    if episode.clear_readings < CLEAR_READINGS or at.sample.time_s - episode.last_bad_s < CLEAR_S:
        return Step(episode, None)
    return Step(None, _resolved(episode.alert, kind, at, now))


def let_go(alert: Alert, now: datetime) -> Alert:
    """The end of an alert that nothing watches any more."""
    return msgspec.structs.replace(
        alert,
        revision=alert.revision + 1,
        state="resolved",
        sentence="The plan was changed and no longer watches this. Look at the patient if the reason still stands.",
        home_sentence=sentences.HOME_BETTER,
        readings=(),
        changed=now,
    )


def _worst(firing: list[tuple[Rule, Finding]]) -> tuple[Rule, Finding, Priority]:
    rule, finding = max(firing, key=lambda one: (RANK[one[0].priority(one[1])], one[1].severity))
    return rule, finding, rule.priority(finding)


def _raised(kind: str, firing: list[tuple[Rule, Finding]], at: Assessment, hub: Hub, now: datetime) -> Step:
    rule, finding, priority = _worst(firing)
    alert = Alert(
        id=episode_id(hub.assignment, kind, at.sample.reading_id),
        revision=1,
        hub=hub.id,
        assignment=hub.assignment,
        patient=hub.patient,
        state="raised",
        priority=priority,
        kind=kind,
        rule=rule.name,
        rule_version=rule.version,
        sentence=sentences.nurse(finding, at.usual),
        home_sentence=sentences.home(kind, priority, len(at.readings[rule.name])),
        inputs=_inputs(finding, firing, at),
        readings=at.readings[rule.name],
        raised=now,
        changed=now,
        worse_revision=1,
        pathways=_served(firing),
    )
    return Step(
        Episode(
            alert=alert,
            peak=max(f.severity for _, f in firing),
            spoke=tuple(r.name for r, _ in firing),
            last_bad_s=at.sample.time_s,
            last_bad_reading=at.sample.reading_id,
        ),
        alert,
    )


def _still_bad(episode: Episode, firing: list[tuple[Rule, Finding]], at: Assessment, now: datetime) -> Step:
    rule, finding, priority = _worst(firing)
    severity = max(f.severity for _, f in firing)
    episode = msgspec.structs.replace(
        episode,
        spoke=tuple(dict.fromkeys((*episode.spoke, *(r.name for r, _ in firing)))),
        last_bad_s=at.sample.time_s,
        last_bad_reading=at.sample.reading_id,
        clear_readings=0,
    )
    before = episode.alert
    worse = severity >= episode.peak + min(r.worse_by for r, _ in firing) - _EVEN
    if not worse and RANK[priority] <= RANK[before.priority]:
        return Step(episode, None)
    priority = max(priority, before.priority, key=RANK.__getitem__)
    alert = msgspec.structs.replace(
        before,
        revision=before.revision + 1,
        worse_revision=before.revision + 1,
        raised_count=1,
        acknowledged_revision=None,
        acknowledged_by=None,
        acknowledged_at=None,
        state="updated",
        priority=priority,
        rule=rule.name,
        rule_version=rule.version,
        sentence=sentences.nurse(finding, at.usual),
        home_sentence=sentences.home(before.kind, priority, len(at.readings[rule.name])),
        inputs=_inputs(finding, firing, at),
        readings=at.readings[rule.name],
        changed=now,
        pathways=tuple(dict.fromkeys((*before.pathways, *_served(firing)))),
    )
    episode = msgspec.structs.replace(episode, alert=alert, peak=max(severity, episode.peak), escalated=False)
    return Step(episode, alert)


def _resolved(before: Alert, kind: str, at: Assessment, now: datetime) -> Alert:
    channel_value = next(at.sample.values[name] for name in FIRST_QUANTITY.values() if name in at.sample.values)
    return msgspec.structs.replace(
        before,
        revision=before.revision + 1,
        state="resolved",
        sentence=sentences.better(kind, channel_value, at.usual),
        home_sentence=sentences.HOME_BETTER,
        readings=(at.sample.reading_id,),
        changed=now,
    )


def _served(firing: list[tuple[Rule, Finding]]) -> tuple[str, ...]:
    """Every pathway for which somebody wants to hear of it."""
    return tuple(dict.fromkeys(pathway for rule, _ in firing for pathway in rule.pathways))


def _inputs(finding: Finding, firing: list[tuple[Rule, Finding]], at: Assessment) -> dict[str, float | str | None]:
    """Everything that went into it; `severity` is the worst of all that fired, whichever rule is named."""
    others = [f"{rule.name} {rule.version}" for rule, _ in firing if rule.name != finding.rule]
    return {
        **finding.inputs,
        "usual": at.usual,
        "score": finding.score,
        "severity": max(f.severity for _, f in firing),
        "other_rules": ", ".join(others) or None,
    }
