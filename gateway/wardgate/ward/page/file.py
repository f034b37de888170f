"""All that a patient's page shows, and a mark by which an open page sees that something of it has changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wardgate.faces.words import listed, sentence
from wardgate.ward import audit, seen
from wardgate.ward.audit import Act
from wardgate.ward.database import Transaction
from wardgate.ward.page import desk
from wardgate.ward.page.board import Open, Silent, deaf_since, key_of, opened
from wardgate.ward.page.chart_data import Home, home, newest_alerts
from wardgate.ward.page.words import address_of
from wardgate.ward.referrals import Referral
from wardgate.ward.referred import referral_of
from wardgate.ward.silence import unresolved

SPANS: Final = (7, 14, 30, 90)
DEFAULT_DAYS: Final = 14
Mark = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page: of a hub's patient now, or of an alert's; how far back; and what an open one shows already."""

    hub: str
    alert: str | None
    days: int
    have: tuple[str, ...] = ()
    """Keys of the alerts on it, as they stand there; one that is over meanwhile is told as that."""
    whose: str | None = None
    """`File.whose` of the page that is open."""

    @property
    def address(self) -> str:
        """Where it is looked at. It names no patient."""
        return address_of(self.hub, self.alert)


@dataclass(frozen=True, slots=True)
class File:
    """All that a patient's page shows."""

    asked: Asked
    home: Home
    alerts: tuple[Open, ...]
    """The one that was pressed first, then the other open ones."""
    silent: Silent | None
    acts: tuple[Act, ...]
    contact: tuple[tuple[str, str], ...]
    deaf_since: datetime | None
    """When this ward last listened, if that is too long ago for the page to be trusted."""

    @property
    def whose(self) -> str:
        """Another one for each assignment: an open page never turns into another patient's."""
        return whose(self.home.hub, self.home.assignment)


def whose(hub: str, assignment: str = "") -> str:
    """What `File.whose` is; without an assignment, of a hub of which nobody's readings are known."""
    return hashlib.sha256(f"{hub} {assignment}".encode()).hexdigest()[:12]


async def mark(tx: Transaction, hub: str, now: datetime) -> Mark:
    """Another one as soon as anything is new that a page of this hub shows."""
    counted = await tx.rows(
        "SELECT (SELECT count(*) FROM readings WHERE hub = $1), (SELECT count(*) FROM alerts WHERE hub = $1), "
        "(SELECT count(*) FROM seen WHERE hub = $1), (SELECT count(answer) FROM seen WHERE hub = $1), "
        "(SELECT count(*) FROM acts WHERE hub = $1), "
        "(SELECT count(*) FROM silences WHERE hub = $1), (SELECT count(resolved_s) FROM silences WHERE hub = $1)",
        hub,
    )
    return (*counted[0], await deaf_since(tx, now))


async def is_there(tx: Transaction, asked: Asked) -> bool:
    """Whether anything is known of such a hub or alert: what `look` finds out, without all that it reads."""
    if asked.alert is not None:
        return await desk.last_of(tx, asked.hub, asked.alert) is not None
    found = await tx.rows(
        "SELECT EXISTS (SELECT 1 FROM hubs WHERE hub = $1) OR EXISTS (SELECT 1 FROM alerts WHERE hub = $1) "
        "OR EXISTS (SELECT 1 FROM readings WHERE hub = $1)",
        asked.hub,
    )
    return bool(found[0][0])


async def look(tx: Transaction, asked: Asked, now: datetime) -> File | None:
    """The page's content at this moment; None when nothing is known of such a hub or alert."""
    first = None
    if asked.alert is not None:
        first = await item(tx, asked.hub, asked.alert)
        if first is None:
            return None
    known = await home(tx, asked.hub, first.alert.assignment if first else None, asked.days, now)
    if known is None:
        return None
    told = [a for a in await seen.open_alerts(tx) if a.hub == asked.hub and a.assignment == known.assignment]
    others = [await opened(tx, a) for a in told if a.id != asked.alert]
    alerts = (*([first] if first else []), *others)
    alerts += tuple(await _over(tx, asked, {key_of(one) for one in alerts}))
    silences = [s for s in await unresolved(tx) if s.hub == asked.hub]
    ids = {a.id for a in known.alerts} | {one.alert.id for one in alerts}
    return File(
        asked,
        known,
        alerts,
        Silent(silences[0], known.patient) if silences else None,
        tuple(a for a in await audit.of_hub(tx, asked.hub) if a.alert in ids),
        tuple(_contact(known, await referral_of(tx, known.patient))),
        await deaf_since(tx, now),
    )


async def item(tx: Transaction, hub: str, alert_id: str) -> Open | None:
    """One alert, open or over."""
    alert = await desk.last_of(tx, hub, alert_id)
    return None if alert is None else await opened(tx, alert)


async def _over(tx: Transaction, asked: Asked, still: set[str]) -> list[Open]:
    """What an open page shows and is over meanwhile."""
    if not set(asked.have) - still:
        return []
    found = [await opened(tx, alert) for alert in await newest_alerts(tx, asked.hub)]
    return [one for one in found if key_of(one) in asked.have and key_of(one) not in still]


def _contact(known: Home, referral: Referral | None) -> list[tuple[str, str]]:
    """What the ward's list says, where it knows the patient; else what the alerts do."""
    said = tuple(dict.fromkeys(p for a in known.alerts for p in a.pathways))
    pathways = referral.pathways if referral else said
    devices = tuple(dict.fromkeys(r.device.model for r in known.readings))
    rows = [("Hub", known.hub)]
    if pathways:
        rows.append(("Pathway", sentence(listed([p.replace("-", " ") for p in pathways]))))
    if referral and referral.phone:
        rows.append(("The patient rings", referral.phone))
    if devices:
        rows.append(("Devices", listed(devices)))
    return rows
