"""What people did at the ward's pages: append-only, each line chained to the one before by its hash.

The same shape as the authority's book (`register`), in the ward's own database. Who changes or takes away a line breaks
the chain from there on, and `broken_at` says where.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from wardgate.ward.database import Row, Transaction

_MOST: Final = 200


class Act(Struct, frozen=True, kw_only=True):
    """One line."""

    number: int
    at: datetime
    what: str
    """A stable key: signed-in, refused, seen, rang, closed, account-added, letter-enabled, ..."""
    account: str
    hub: str
    alert: str
    detail: dict[str, str | int | float | bool | None]


async def note(
    tx: Transaction,
    what: str,
    account: str,
    at: datetime,
    *,
    hub: str = "",
    alert: str = "",
    **detail: str | int | float | bool | None,
) -> None:
    """Add a line, in the transaction of what it tells. Nobody else adds one until that ends."""
    await tx.alone("acts")
    last = await tx.rows("SELECT number, chain FROM acts ORDER BY number DESC LIMIT 1")
    number, before = last[0] if last else (0, "")
    stamp, said = at.astimezone(UTC).isoformat(), json.dumps(detail, sort_keys=True)
    line = (number + 1, stamp, what, account, hub, alert, said)
    await tx.change("INSERT INTO acts VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", *line, _chained(before, line))


async def of_alert(tx: Transaction, hub: str, alert: str) -> list[Act]:
    """What was done about one alert, the oldest first."""
    return _acts(
        await tx.rows(
            "SELECT number, at, what, account, hub, alert, detail FROM acts "
            "WHERE hub = $1 AND alert = $2 ORDER BY number",
            hub,
            alert,
        )
    )


async def of_hub(tx: Transaction, hub: str) -> list[Act]:
    """What was done about the patient of a hub, the newest first; not more than a page holds."""
    return _acts(
        await tx.rows(
            "SELECT number, at, what, account, hub, alert, detail FROM acts "
            "WHERE hub = $1 ORDER BY number DESC LIMIT $2",
            hub,
            _MOST,
        )
    )


async def newest(tx: Transaction) -> list[Act]:
    """What was done last, the newest first."""
    sql = "SELECT number, at, what, account, hub, alert, detail FROM acts ORDER BY number DESC LIMIT $1"
    return _acts(await tx.rows(sql, _MOST))


async def broken_at(tx: Transaction) -> int | None:
    """The number of the first line that was changed or follows a missing one; None when all are whole."""
    before, expected = "", 1
    for *line, chain in await tx.rows(
        "SELECT number, at, what, account, hub, alert, detail, chain FROM acts ORDER BY number"
    ):
        if line[0] != expected or chain != _chained(before, tuple(line)):
            return int(line[0])
        before, expected = chain, expected + 1
    return None


def _acts(rows: Sequence[Row]) -> list[Act]:
    return [
        Act(
            number=number,
            at=datetime.fromisoformat(at),
            what=what,
            account=account,
            hub=hub,
            alert=alert,
            detail=json.loads(detail),
        )
        for number, at, what, account, hub, alert, detail in rows
    ]


def _chained(before: str, line: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps([before, *line]).encode()).hexdigest()
