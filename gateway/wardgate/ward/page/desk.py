"""What a person does about an alert: seen, rung, closed. Each is one transaction with its line in the audit.

Seen goes to the hub, which goes on watching. Closing does not: it is the ward's own note that the rest is in hand, says
nothing about the patient, and ends by itself as soon as the hub finds it worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from wardgate.contract.messages import Alert
from wardgate.ward import audit, seen, tables
from wardgate.ward.accounts import Account
from wardgate.ward.database import Transaction

MOST_NOTE: Final = 1000
"""Characters of a note."""


class DeskError(Exception):
    """Nothing was done. `sentence` says why, `what_to_do` what to do."""

    def __init__(self, sentence: str, what_to_do: str) -> None:
        super().__init__(sentence)
        self.sentence, self.what_to_do = sentence, what_to_do


@dataclass(frozen=True, slots=True)
class Closing:
    """The ward's own end of an alert that its hub may still watch."""

    revision: int
    account: str
    role: str
    note: str
    at: datetime


def counts(revision: int, alert: Alert) -> bool:
    """Whether what was said of a revision still holds: it has not become worse since."""
    return revision >= alert.worse_revision


async def last_of(tx: Transaction, hub: str, alert_id: str) -> Alert | None:
    """The last revision of an alert here."""
    rows = await tx.rows(
        "SELECT payload FROM alerts WHERE hub = $1 AND id = $2 ORDER BY revision DESC LIMIT 1", hub, alert_id
    )
    return msgspec.json.decode(rows[0][0], type=Alert) if rows else None


async def see(
    tx: Transaction, hub: str, alert_id: str, revision: int, account: Account, note: str, *, rang: bool, at: datetime
) -> None:
    """Somebody has seen the revision that their page showed. Doing it twice is once.

    Raises:
        DeskError: it became worse since, or is over, or is none.
    """
    alert = await _looked_at(tx, hub, alert_id, revision)
    before = [a for a in await audit.of_alert(tx, hub, alert_id) if a.what == "seen" and a.account == account.name]
    if any(a.detail.get("revision") == revision for a in before):
        return
    try:
        await seen.see(tx, hub, alert_id, revision, account.role, note, at)
    except seen.SeenError as error:
        raise DeskError(str(error), "Go back to the open alerts.") from error
    await audit.note(tx, "seen", account.name, at, hub=hub, alert=alert_id, revision=revision, note=note, rang=rang)
    if rang:
        await tx.change(
            "INSERT INTO calls VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            alert.patient,
            hub,
            alert_id,
            account.role,
            at.timestamp(),
        )


async def close(
    tx: Transaction, hub: str, alert_id: str, revision: int, account: Account, note: str, at: datetime
) -> None:
    """Take an alert that was seen off the list of what is open, until it becomes worse.

    Raises:
        DeskError: nobody has seen it, no reason is given, it became worse since, or is over, or is none.
    """
    alert = await _looked_at(tx, hub, alert_id, revision)
    if await closing_of(tx, alert) is not None:
        return
    if not any(counts(s.revision, alert) for s in await seen.history(tx, hub, alert_id)):
        raise DeskError("Nobody has seen this alert yet.", "Press I have seen this first.")
    if not note.strip():
        raise DeskError("Say what is being done.", "Write it for whoever comes after you.")
    await tx.change(
        "INSERT INTO closings VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        hub,
        alert_id,
        alert.revision,
        account.name,
        account.role,
        note,
        at.timestamp(),
    )
    await audit.note(tx, "closed", account.name, at, hub=hub, alert=alert_id, revision=alert.revision, note=note)


async def closing_of(tx: Transaction, alert: Alert) -> Closing | None:
    """The closing of an alert that still holds."""
    rows = await tx.rows(
        "SELECT revision, account, role, note, at_s FROM closings WHERE hub = $1 AND alert = $2 "
        "ORDER BY revision DESC LIMIT 1",
        alert.hub,
        alert.id,
    )
    if not rows or not counts(rows[0][0], alert):
        return None
    revision, account, role, note, at_s = rows[0]
    return Closing(revision, account, role, note, datetime.fromtimestamp(at_s, UTC))


async def _looked_at(tx: Transaction, hub: str, alert_id: str, revision: int) -> Alert:
    """The alert, when nothing worse has come since the page was made."""
    if not await tx.rows("SELECT 1 FROM alerts WHERE hub = $1 AND id = $2 LIMIT 1", hub, alert_id):
        raise DeskError("There is no such alert.", "Go back to the open alerts.")
    await tables.hold(tx, [hub])
    alert = await last_of(tx, hub, alert_id)
    assert alert
    if alert.state == "resolved":
        raise DeskError("This alert is over. Nothing is left to do here.", "Go back to the open alerts.")
    if not 1 <= revision <= alert.revision:
        raise DeskError("This page does not fit the alert.", "Open the alert again.")
    if not counts(revision, alert):
        raise DeskError("It became worse while this page was open. Nothing was noted.", "Look at it again.")
    return alert
