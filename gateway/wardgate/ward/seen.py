"""What people at the ward have seen: kept here, told to the hub until it answers.

A commit is delivery; an acknowledgement is a person's word on one revision of an alert. The note stays in this
database: a hub stands in somebody's home and gets a role, never a name or free text.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from wardgate.contract.messages import Ack, Alert, AlertAck, Event

TABLES: Final = """
CREATE TABLE IF NOT EXISTS seen (
    hub TEXT NOT NULL, alert TEXT NOT NULL, revision INTEGER NOT NULL, role TEXT NOT NULL, note TEXT NOT NULL,
    at_s REAL NOT NULL, answer TEXT,
    PRIMARY KEY (hub, alert, revision)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_unanswered ON seen (hub) WHERE answer IS NULL;
"""
ROLE: Final = re.compile(r"[a-z][a-z -]{0,39}")


class SeenError(ValueError):
    """It cannot be acknowledged; the message says why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one person has seen. `answer` is None until the hub has said something that settles it."""

    hub: str
    alert: str
    revision: int
    role: str
    note: str
    at: datetime
    answer: str | None


def open_alerts(connection: sqlite3.Connection) -> list[Alert]:
    """The last revision of every alert that is not over, of all hubs, worst first, then oldest."""
    rows = connection.execute(
        "SELECT payload FROM alerts AS a WHERE state != 'resolved' AND revision = "
        "(SELECT max(revision) FROM alerts WHERE hub = a.hub AND id = a.id)"
    )
    found = [msgspec.json.decode(payload, type=Alert) for (payload,) in rows]
    return sorted(found, key=lambda a: (("high", "medium", "low").index(a.priority), a.raised))


def see(
    connection: sqlite3.Connection, hub: str, alert_id: str, revision: int | None, role: str, note: str, at: datetime
) -> AlertAck:
    """Note that somebody has seen a revision, the last one here when none is named. Seeing it again changes nothing.

    Raises:
        SeenError: there is no such alert or revision here, it is over, or the role is none.
    """
    if not ROLE.fullmatch(role):
        raise SeenError(f"`{role}` is no role. Say nurse, doctor, ...: small letters, and nobody's name.")
    row = connection.execute(
        "SELECT payload FROM alerts WHERE hub = ? AND id = ? ORDER BY revision DESC LIMIT 1", (hub, alert_id)
    ).fetchone()
    if row is None:
        raise SeenError(f"The hub {hub} has sent no alert {alert_id}.")
    last = msgspec.json.decode(row[0], type=Alert)
    if last.state == "resolved":
        raise SeenError("This alert is over. There is nothing left to acknowledge.")
    wanted = last.revision if revision is None else revision
    if not 1 <= wanted <= last.revision:
        raise SeenError(f"There is no revision {wanted} of this alert; the last one is {last.revision}.")
    connection.execute(
        "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (hub, alert_id, wanted, role, note, at.timestamp()),
    )
    told_by(connection, last)  # somebody else may have been first
    return AlertAck(id=alert_id, revision=wanted, by=role, at=at)


def told_by(connection: sqlite3.Connection, message: Alert | Event) -> None:
    """Settle what a message of the hub answers."""
    if isinstance(message, Alert):
        if message.state == "resolved":
            _settle(connection, message.hub, message.id, message.revision, "over")
        elif message.state == "acknowledged":
            _settle(connection, message.hub, message.id, message.revision, "acknowledged")
    elif message.code == "acknowledgement-not-used":
        alert, revision, why = (message.detail.get(name) for name in ("alert", "revision", "why"))
        if isinstance(alert, str) and isinstance(revision, int | float):
            _settle(connection, message.hub, alert, int(revision), str(why))


def _settle(connection: sqlite3.Connection, hub: str, alert: str, up_to: int, answer: str) -> None:
    connection.execute(
        "UPDATE seen SET answer = ? WHERE hub = ? AND alert = ? AND revision <= ? AND answer IS NULL",
        (answer, hub, alert, up_to),
    )


def unanswered(connection: sqlite3.Connection) -> dict[str, Ack]:
    """For each hub the answer that carries what it has not confirmed."""
    found: dict[str, list[AlertAck]] = {}
    for hub, alert, revision, role, at_s in connection.execute(
        "SELECT hub, alert, revision, role, at_s FROM seen WHERE answer IS NULL ORDER BY at_s"
    ):
        at = datetime.fromtimestamp(at_s, UTC)
        found.setdefault(hub, []).append(AlertAck(id=alert, revision=revision, by=role, at=at))
    return {hub: _ack(connection, hub, tuple(acks)) for hub, acks in found.items()}


def _ack(connection: sqlite3.Connection, hub: str, alerts: tuple[AlertAck, ...]) -> Ack:
    row = connection.execute("SELECT epoch, cumulative FROM committed WHERE hub = ?", (hub,)).fetchone()
    epoch, cumulative = row or ("", 0)
    return Ack(hub=hub, epoch=epoch, cumulative=cumulative, alerts=alerts)


def history(connection: sqlite3.Connection, hub: str, alert: str) -> list[Seen]:
    """Who has seen which revision of an alert, and what became of it."""
    return [
        Seen(hub, alert, revision, role, note, datetime.fromtimestamp(at_s, UTC), answer)
        for revision, role, note, at_s, answer in connection.execute(
            "SELECT revision, role, note, at_s, answer FROM seen WHERE hub = ? AND alert = ? ORDER BY revision",
            (hub, alert),
        )
    ]
