"""What happens to an open alert between two readings: seen by the ward, raised again, escalated. No input or output.

An alert of medium or high priority that nobody has acknowledged is raised again when it has waited for 2, 5 and 15
minutes; with the last comes one event. Then it stays open in silence until it is seen, better, or worse, and a
worsening begins anew. An alert of low priority (IEC 60601-1-8: awareness) is raised once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from wardgate.clock import Clock
from wardgate.contract.messages import Alert, AlertAck, Event
from wardgate.counted import count
from wardgate.watch.alerts import Episode, Told, worse_revision

_ROLE: Final = re.compile(r"[a-z][a-z -]{0,39}")
SOMEBODY: Final = "ward"
"""Who it was when the role given is none."""


def wants_an_answer(alert: Alert) -> bool:
    """Whether somebody at the ward still has to see it."""
    return alert.state in ("raised", "updated") and alert.priority != "low"


def count_due(schedule_s: Sequence[float], waited_s: float) -> int:
    """How often an alert that has waited for so long should have been raised by now."""
    return 1 + sum(waited_s >= at_s for at_s in schedule_s)


def waited_s(told: Told, clock: Clock) -> float:
    """How long an alert has waited, by the boot-time clock; over a reboot only the wall clock knows.

    Where that is not known, then or now, it is at least as long as this machine runs.
    """
    here_s = clock.boottime_s()
    if told.boot_id == clock.boot_id():
        return told.waited_s + max(0.0, here_s - told.boottime_s)
    least_s = told.waited_s + here_s
    return max(least_s, clock.utc().timestamp() - told.utc_s) if told.known and clock.synchronised() else least_s


def of_this_boot(episode: Episode, clock: Clock) -> Episode:
    """The same wait, counted from here on by this boot's clock."""
    now_s = clock.utc().timestamp()
    told = episode.told
    known = clock.synchronised()
    since_s = now_s - episode.alert.changed.timestamp() if known else 0.0
    waited = max(0.0, since_s) if told is None else waited_s(told, clock)
    return msgspec.structs.replace(
        episode,
        told=Told(
            boot_id=clock.boot_id(), boottime_s=clock.boottime_s(), utc_s=now_s - waited, waited_s=waited, known=known
        ),
    )


def raised_again(alert: Alert, count: int, now: datetime) -> Alert:
    """The revision that says the same for the second, third, fourth time."""
    return msgspec.structs.replace(
        alert, revision=alert.revision + 1, state="raised", raised_count=count, quiet_until=None, changed=now
    )


def acknowledged(alert: Alert, ack: AlertAck, now: datetime) -> Alert:
    """The revision that says who has seen it. It stays open."""
    return msgspec.structs.replace(
        alert,
        revision=alert.revision + 1,
        state="acknowledged",
        acknowledged_revision=ack.revision,
        acknowledged_by=ack.by if _ROLE.fullmatch(ack.by) else SOMEBODY,
        acknowledged_at=ack.at,
        quiet_until=None,
        changed=now,
    )


def why_not(alert: Alert | None, ack: AlertAck) -> str | None:
    """Why an acknowledgement changes nothing; None when it does. `alert` is the last revision there is."""
    if alert is None:
        return "unknown"
    if ack.revision > alert.revision or ack.revision < 1:
        return "no-such-revision"
    if alert.state == "resolved":
        return "closed"
    if alert.acknowledged_revision is not None:
        return "acknowledged-before"
    return None if ack.revision >= worse_revision(alert) else "worse-since"


_WHY: Final = {
    "unknown": "This hub has no such alert.",
    "no-such-revision": "The alert has no such revision.",
    "closed": "The alert is over.",
    "not-watched": "This hub no longer watches for it: it serves another assignment now.",
    "worse-since": "The alert has become worse since. Look at it again.",
}


def answer(hub: str, ack: AlertAck, why: str, now: datetime) -> Event:
    """The event for an acknowledgement that changes nothing; the same acknowledgement has the same event."""
    return Event(
        id=_digest("acknowledgement-not-used", hub, ack.id, str(ack.revision), why),
        hub=hub,
        code="acknowledgement-not-used",
        severity="attention" if why == "worse-since" else "info",
        sentence=f"An acknowledgement was not used. {_WHY[why]}",
        detail={"alert": ack.id, "revision": ack.revision, "why": why},
        at=now,
    )


def escalation(alert: Alert, minutes: float, now: datetime) -> Event:
    """The one event for a worsening that nobody has seen."""
    return Event(
        id=_digest("alert-not-acknowledged", alert.hub, alert.id, str(worse_revision(alert))),
        hub=alert.hub,
        code="alert-not-acknowledged",
        severity="problem",
        sentence=f"Nobody has acknowledged an alert of {alert.priority} priority ({words(alert)}) for "
        f"{count(minutes, 'minute')}.",
        what_to_do="Call the ward.",
        detail={"alert": alert.id, "revision": alert.revision, "kind": alert.kind, "priority": alert.priority},
        at=now,
    )


def words(alert: Alert) -> str:
    """An alert's kind as a person says it, without a value."""
    return alert.kind.replace("-", " ")


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
