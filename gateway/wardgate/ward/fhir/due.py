"""What a FHIR server has not got yet: an outbox in the ward's database, filled by the same commit as the message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from wardgate.contract.messages import Alert, Event, Reading
from wardgate.ward.database import Transaction

Key = tuple[str, str, str, int]
"""Kind, hub, id, revision; an event has revision 0."""
_TABLE: Final = {"reading": "readings", "alert": "alerts", "event": "events"}
_TYPE: Final[dict[str, type[Reading] | type[Alert] | type[Event]]] = {
    "reading": Reading,
    "alert": Alert,
    "event": Event,
}


async def register(tx: Transaction, server: str) -> bool:
    """From now on this server gets everything, first of all what is here already. Whether it is a new one."""
    # Who is writing messages now may not know the server yet: wait until its messages are there to be seen.
    await tx.alone(*_TABLE.values())
    if not await tx.change("INSERT INTO fhir_servers VALUES ($1, '', 0) ON CONFLICT DO NOTHING", server):
        return False
    for kind, revision in (("reading", "revision"), ("alert", "revision"), ("event", "0")):
        await tx.change(
            f"INSERT INTO fhir_due SELECT $1, '{kind}', hub, id, {revision}, NULL FROM {_TABLE[kind]}",  # noqa: S608 - ours
            server,
        )
    return True


async def remember(tx: Transaction, keys: Iterable[Key]) -> None:
    """New messages are due at every server. Called after they were inserted, in the same transaction."""
    servers = await tx.rows("SELECT server FROM fhir_servers")
    if servers:
        await tx.each(
            "INSERT INTO fhir_due VALUES ($1, $2, $3, $4, $5, NULL) ON CONFLICT DO NOTHING",
            [(server, *key) for (server,) in servers for key in sorted(keys)],
        )


async def lease(tx: Transaction, server: str, holder: str, now_s: float, until_s: float) -> bool:
    """Only one process sends to a server at a time: two at once could make a careless server create a thing twice."""
    sql = "UPDATE fhir_servers SET holder = $1, until_s = $2 WHERE server = $3 AND (holder = $1 OR until_s < $4)"
    return bool(await tx.change(sql, holder, until_s, server, now_s))


async def due(tx: Transaction, server: str, many: int) -> dict[Key, Reading | Alert | Event]:
    """What is to be sent next: alerts first, then readings, then events."""
    found = await tx.rows(
        "SELECT kind, hub, id, revision FROM fhir_due WHERE server = $1 AND problem IS NULL "
        "ORDER BY CASE kind WHEN 'alert' THEN 0 WHEN 'reading' THEN 1 ELSE 2 END, hub, id, revision LIMIT $2",
        server,
        many,
    )
    keys: list[Key] = [(kind, hub, id_, revision) for kind, hub, id_, revision in found]
    return {key: await _message(tx, key) for key in keys}


async def _message(tx: Transaction, key: Key) -> Reading | Alert | Event:
    kind, hub, id_, revision = key
    sql = f"SELECT payload FROM {_TABLE[kind]} WHERE hub = $1 AND id = $2"  # noqa: S608 - a table of ours
    if kind == "event":
        found = await tx.rows(sql, hub, id_)
    else:
        found = await tx.rows(f"{sql} AND revision = $3", hub, id_, revision)
    message: Reading | Alert | Event = msgspec.json.decode(found[0][0], type=_TYPE[kind])
    return message


async def sent(tx: Transaction, server: str, keys: Iterable[Key]) -> None:
    """The server has them."""
    await tx.each(
        "DELETE FROM fhir_due WHERE server = $1 AND kind = $2 AND hub = $3 AND id = $4 AND revision = $5",
        [(server, *key) for key in keys],
    )


async def refused(tx: Transaction, server: str, key: Key, problem: str) -> None:
    """The server will not have it: it is set aside with the reason, and holds nothing up."""
    sql = "UPDATE fhir_due SET problem = $1 WHERE server = $2 AND kind = $3 AND hub = $4 AND id = $5 AND revision = $6"
    await tx.change(sql, problem[:500].replace("\0", " ") or "no reason given", server, *key)


async def problems(tx: Transaction, server: str) -> list[tuple[Key, str]]:
    """What was set aside."""
    rows = await tx.rows(
        "SELECT kind, hub, id, revision, problem FROM fhir_due WHERE server = $1 AND problem IS NOT NULL "
        "ORDER BY kind, hub, id, revision",
        server,
    )
    return [((kind, hub, id_, revision), why) for kind, hub, id_, revision, why in rows]


async def again(tx: Transaction, server: str) -> int:
    """Try once more what was set aside. How many that are."""
    return await tx.change("UPDATE fhir_due SET problem = NULL WHERE server = $1 AND problem IS NOT NULL", server)
