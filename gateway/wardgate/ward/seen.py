"""What people at the ward have seen: kept here, told to the hub until it answers.

A commit is delivery; an acknowledgement is a person's word on one revision of an alert. The note stays in this
database: a hub stands in somebody's home and gets a role, never a name or free text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from wardgate.contract.messages import Ack, Alert, AlertAck, Event
from wardgate.ward import tables
from wardgate.ward.database import Transaction

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


async def open_alerts(tx: Transaction) -> list[Alert]:
    """The last revision of every alert that is not over, of all hubs, worst first, then oldest."""
    rows = await tx.rows(
        "SELECT payload FROM alerts AS a WHERE state != 'resolved' AND revision = "
        "(SELECT max(revision) FROM alerts WHERE hub = a.hub AND id = a.id)"
    )
    found = [msgspec.json.decode(payload, type=Alert) for (payload,) in rows]
    return sorted(found, key=lambda a: (("high", "medium", "low").index(a.priority), a.raised))


async def see(
    tx: Transaction, hub: str, alert_id: str, revision: int | None, role: str, note: str, at: datetime
) -> AlertAck:
    """Note that somebody has seen a revision, the last one here when none is named. Seeing it again changes nothing.

    Raises:
        SeenError: there is no such alert or revision here, it is over, or the role is none.
    """
    if not ROLE.fullmatch(role):
        raise SeenError(f"`{role}` is no role. Say nurse, doctor, ...: small letters, and nobody's name.")
    await tables.hold(tx, [hub])
    found = await tx.rows(
        "SELECT payload FROM alerts WHERE hub = $1 AND id = $2 ORDER BY revision DESC LIMIT 1", hub, alert_id
    )
    if not found:
        raise SeenError(f"The hub {hub} has sent no alert {alert_id}.")
    last = msgspec.json.decode(found[0][0], type=Alert)
    if last.state == "resolved":
        raise SeenError("This alert is over. There is nothing left to acknowledge.")
    wanted = last.revision if revision is None else revision
    if not 1 <= wanted <= last.revision:
        raise SeenError(f"There is no revision {wanted} of this alert; the last one is {last.revision}.")
    await tx.change(
        "INSERT INTO seen VALUES ($1, $2, $3, $4, $5, $6, NULL) ON CONFLICT DO NOTHING",
        hub,
        alert_id,
        wanted,
        role,
        note,
        at.timestamp(),
    )
    await told_by(tx, last)  # somebody else may have been first
    return AlertAck(id=alert_id, revision=wanted, by=role, at=at)


async def told_by(tx: Transaction, message: Alert | Event) -> None:
    """Settle what a message of the hub answers."""
    if isinstance(message, Alert):
        if message.state == "resolved":
            await _settle(tx, message.hub, message.id, message.revision, "over")
        elif message.state == "acknowledged":
            await _settle(tx, message.hub, message.id, message.revision, "acknowledged")
    elif message.code == "acknowledgement-not-used":
        alert, revision, why = (message.detail.get(name) for name in ("alert", "revision", "why"))
        if isinstance(alert, str) and isinstance(revision, int | float) and abs(revision) < 2**53:
            await _settle(tx, message.hub, alert, int(revision), str(why))


async def _settle(tx: Transaction, hub: str, alert: str, up_to: int, answer: str) -> None:
    await tx.change(
        "UPDATE seen SET answer = $1 WHERE hub = $2 AND alert = $3 AND revision <= $4 AND answer IS NULL",
        answer,
        hub,
        alert,
        up_to,
    )


async def unanswered(tx: Transaction) -> dict[str, Ack]:
    """For each hub the answer that carries what it has not confirmed."""
    found: dict[str, list[AlertAck]] = {}
    for hub, alert, revision, role, at_s in await tx.rows(
        "SELECT hub, alert, revision, role, at_s FROM seen WHERE answer IS NULL ORDER BY at_s"
    ):
        at = datetime.fromtimestamp(at_s, UTC)
        found.setdefault(hub, []).append(AlertAck(id=alert, revision=revision, by=role, at=at))
    return {hub: await _ack(tx, hub, tuple(acks)) for hub, acks in found.items()}


async def _ack(tx: Transaction, hub: str, alerts: tuple[AlertAck, ...]) -> Ack:
    found = await tx.rows("SELECT epoch, cumulative FROM committed WHERE hub = $1", hub)
    epoch, cumulative = found[0] if found else ("", 0)
    return Ack(hub=hub, epoch=epoch, cumulative=cumulative, alerts=alerts)


async def history(tx: Transaction, hub: str, alert: str) -> list[Seen]:
    """Who has seen which revision of an alert, and what became of it."""
    return [
        Seen(hub, alert, revision, role, note, datetime.fromtimestamp(at_s, UTC), answer)
        for revision, role, note, at_s, answer in await tx.rows(
            "SELECT revision, role, note, at_s, answer FROM seen WHERE hub = $1 AND alert = $2 ORDER BY revision",
            hub,
            alert,
        )
    ]
