"""A hub that is not heard is an alert at the ward: silence must not look like health.

All of it is in the database, so that a restart forgets nothing and several wards tell it once. Only the time in which
somebody listened counts: a ward that was away, or cut off from its broker, does not call every home silent when it is
back. That it was away is an alert of its own, with no hub.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Final, Literal

from msgspec import Struct

from wardgate.ward.database import Transaction

HEARTBEATS: Final = 3.0
"""So many heartbeats unheard are silence."""
DEAF_AFTER_S: Final = 10.0
"""So long without a connection to the broker, and the ward says that it hears nobody."""
EVERY_S: Final = 60.0
"""The heartbeat of a hub that has not said its own."""
LONGEST_EVERY_S: Final = 86400.0
"""Whatever a hub says: one that is silent is missed."""
_STEP_BACK_S: Final = 5.0


class Silence(Struct, frozen=True, kw_only=True):
    """One silence, as it began or as it ended."""

    id: str
    hub: str
    """Empty when it is the ward itself that hears nobody."""
    state: Literal["raised", "resolved"]
    why: Literal["unheard", "gone", "deaf"]
    """`gone`: its goodbye or its last will has come. `unheard`: nothing has."""
    since: datetime
    raised: datetime
    resolved: datetime | None = None

    @property
    def sentence(self) -> str:
        """For a person."""
        since = f"since {self.since:%Y-%m-%d %H:%M:%S}Z"
        if self.state == "resolved":
            return f"{self.hub} is heard again." if self.hub else "This ward hears its broker again."
        if not self.hub:
            return f"This ward hears nobody {since}: no connection to its broker. No hub's silence would be noticed."
        what = "has left the broker" if self.why == "gone" else "has not been heard"
        return f"{self.hub} {what} {since}. Nobody knows how it is there: ring the home."


async def look(
    tx: Transaction, now: datetime, *, connected: bool, heartbeats: float, deaf_after_s: float
) -> list[Silence]:
    """Note that somebody listens, or does not, and say which silences have begun or ended by it."""
    now_s = now.timestamp()
    since_s, until_s = await _listening(tx, now_s, deaf_after_s, connected=connected)
    if not connected:
        if now_s - until_s < deaf_after_s:
            return []
        return await _raise(tx, now_s, [("", until_s, "deaf")])
    ended = await _resolve(tx, now_s)
    found = await tx.rows(
        "SELECT hub, CASE WHEN heard_s > 0 THEN heard_s ELSE $2 END, "
        "CASE WHEN gone_s IS NULL THEN 'unheard' ELSE 'gone' END FROM "
        "(SELECT hub, heard_s, gone_s, CASE WHEN every_s > 0 THEN every_s ELSE $4 END AS every_s FROM hubs) AS h "
        "WHERE (gone_s >= heard_s AND every_s <= $1 - gone_s AND every_s <= $1 - $2) "
        "OR ($3 * every_s <= $1 - heard_s AND $3 * every_s <= $1 - $2) ORDER BY hub",
        now_s,
        since_s,
        heartbeats,
        EVERY_S,
    )
    return ended + await _raise(tx, now_s, [(hub, heard_s, why) for hub, heard_s, why in found])


async def _listening(tx: Transaction, now_s: float, gap_s: float, *, connected: bool) -> tuple[float, float]:
    """Since when somebody has listened without a gap, and until when. One process at a time goes on from here."""
    sql = "INSERT INTO listening VALUES (1, $1, $1) ON CONFLICT (one) DO UPDATE SET one = 1 RETURNING since_s, until_s"
    ((since_s, until_s),) = await tx.each(sql, [(now_s,)])
    if until_s > now_s + _STEP_BACK_S:  # this machine's clock was set back: nothing was heard in the future
        await tx.change("UPDATE hubs SET heard_s = $1 WHERE heard_s > $1", now_s)
        since_s = until_s = now_s
    if connected:
        since_s = now_s if now_s - until_s >= gap_s else since_s
        until_s = max(now_s, until_s)
    await tx.change("UPDATE listening SET since_s = $1, until_s = $2", since_s, until_s)
    return since_s, until_s


async def _raise(tx: Transaction, now_s: float, found: list[tuple[str, float, str]]) -> list[Silence]:
    began = await tx.each(
        "INSERT INTO silences VALUES ($1, $2, $3, $4, $5, NULL) ON CONFLICT DO NOTHING "
        "RETURNING id, hub, why, since_s, raised_s, resolved_s",
        [(uuid.uuid4().hex, hub, why, since_s, now_s) for hub, since_s, why in found],
    )
    return [_silence(*row) for row in began]


async def _resolve(tx: Transaction, now_s: float) -> list[Silence]:
    ended = await tx.rows(
        "UPDATE silences SET resolved_s = $1 WHERE resolved_s IS NULL AND (hub = '' OR EXISTS (SELECT 1 FROM hubs "
        "WHERE hubs.hub = silences.hub AND heard_s >= raised_s AND (gone_s IS NULL OR heard_s > gone_s))) "
        "RETURNING id, hub, why, since_s, raised_s, resolved_s",
        now_s,
    )
    return [_silence(*row) for row in ended]


async def unresolved(tx: Transaction) -> list[Silence]:
    """What is silent now, the ward itself first, then by hub."""
    rows = await tx.rows(
        "SELECT id, hub, why, since_s, raised_s, resolved_s FROM silences WHERE resolved_s IS NULL ORDER BY hub"
    )
    return [_silence(*row) for row in rows]


async def listened_until(tx: Transaction) -> datetime | None:
    """When a ward last was connected and looked; None when none ever has."""
    rows = await tx.rows("SELECT until_s FROM listening")
    return datetime.fromtimestamp(rows[0][0], UTC) if rows else None


async def forget(tx: Transaction, hub: str) -> bool:
    """A hub is out of service: it is not missed until it is heard again. Whether it was known."""
    await tx.change("UPDATE silences SET resolved_s = raised_s WHERE hub = $1 AND resolved_s IS NULL", hub)
    return bool(await tx.change("DELETE FROM hubs WHERE hub = $1", hub))


def _silence(
    id_: str,
    hub: str,
    why: Literal["unheard", "gone", "deaf"],
    since_s: float,
    raised_s: float,
    resolved_s: float | None,
) -> Silence:
    return Silence(
        id=id_,
        hub=hub,
        state="raised" if resolved_s is None else "resolved",
        why=why,
        since=datetime.fromtimestamp(since_s, UTC),
        raised=datetime.fromtimestamp(raised_s, UTC),
        resolved=None if resolved_s is None else datetime.fromtimestamp(resolved_s, UTC),
    )
