"""What is open at the ward: alerts and silences in one list, worst first, then oldest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from wardgate.contract.messages import Alert, Priority
from wardgate.ward import seen, silence
from wardgate.ward.database import Transaction
from wardgate.ward.page.desk import Closing, closing_of, counts
from wardgate.ward.seen import Seen
from wardgate.ward.silence import Silence

_RANK: Final = {"high": 0, "medium": 1, "low": 2}
SILENT_AS: Final[Priority] = "medium"
"""Look soon: most hubs that are silent have lost their network, and a clinical finding of high priority comes first."""
NOBODY_LISTENS: Final = timedelta(seconds=30)
"""A ward looks every second; after so long none runs, or none has its broker."""


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is not over, with what the ward has said about it."""

    alert: Alert
    seen: Seen | None
    closing: Closing | None


@dataclass(frozen=True, slots=True)
class Silent:
    """A hub that is not heard, or with no hub the ward itself."""

    silence: Silence
    patient: str


@dataclass(frozen=True, slots=True)
class Board:
    """The list at one moment."""

    now: datetime
    items: tuple[Open | Silent, ...]
    closed: tuple[Open, ...]
    deaf_since: datetime | None
    """When this ward last listened, if that is too long ago for the list to be trusted."""


def key_of(item: Open | Silent) -> str:
    """The same for as long as it is the same thing; safe in an address, and short."""
    name = f"{item.alert.hub} {item.alert.id}" if isinstance(item, Open) else item.silence.id
    return hashlib.sha256(name.encode()).hexdigest()[:12]


class _Whose(msgspec.Struct):
    patient: str | None = None


async def board(tx: Transaction, now: datetime) -> Board:
    """Everything that is open."""
    found = [await opened(tx, alert) for alert in await seen.open_alerts(tx)]
    silences = [Silent(s, await patient_of(tx, s.hub)) for s in await silence.unresolved(tx) if s.hub]
    items: list[Open | Silent] = [*(o for o in found if o.closing is None), *silences]
    items.sort(key=_order)
    return Board(now, tuple(items), tuple(o for o in found if o.closing), await deaf_since(tx, now))


async def deaf_since(tx: Transaction, now: datetime) -> datetime | None:
    """When this ward last listened, if that is too long ago for what the database says to be trusted."""
    until = await silence.listened_until(tx)
    return until if until is not None and now - until > NOBODY_LISTENS else None


async def opened(tx: Transaction, alert: Alert) -> Open:
    """An alert with what holds of the ward's word on it."""
    said = [s for s in await seen.history(tx, alert.hub, alert.id) if counts(s.revision, alert)]
    return Open(alert, said[-1] if said else None, await closing_of(tx, alert))


async def patient_of(tx: Transaction, hub: str) -> str:
    """Whose home a hub last said that it is in; empty when it never did."""
    for (payload,) in await tx.rows("SELECT payload FROM readings WHERE hub = $1 ORDER BY taken_s DESC LIMIT 20", hub):
        if patient := msgspec.json.decode(payload, type=_Whose).patient:
            return patient
    rows = await tx.rows("SELECT payload FROM alerts WHERE hub = $1 LIMIT 1", hub)
    return (msgspec.json.decode(rows[0][0], type=_Whose).patient or "") if rows else ""


def _order(item: Open | Silent) -> tuple[int, datetime]:
    if isinstance(item, Open):
        return _RANK[item.alert.priority], item.alert.raised
    return _RANK[SILENT_AS], item.silence.since


async def hubs(tx: Transaction) -> list[tuple[str, str, datetime | None]]:
    """Every hub: its name, whose home it is in, when it was last heard."""
    rows = await tx.rows("SELECT hub, heard_s FROM hubs ORDER BY hub")
    return [
        (hub, await patient_of(tx, hub), datetime.fromtimestamp(heard_s, UTC) if heard_s > 0 else None)
        for hub, heard_s in rows
    ]
