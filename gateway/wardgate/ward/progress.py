"""How far a hub's numbering is committed. It lives in the database alone: any process may serve any hub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wardgate.ward.database import Transaction

_PAGE: Final = 500


async def advance(tx: Transaction, hub: str, epoch: str, seqs: Iterable[int], floor: int) -> int:
    """Count numbers as committed, and all up to `floor` as done. The cumulative number, which never falls.

    The hub has to be held (`tables.hold`).
    """
    found = await tx.rows("SELECT cumulative FROM committed WHERE hub = $1 AND epoch = $2", hub, epoch)
    before = found[0][0] if found else 0
    cumulative = max(before, floor)
    new = {seq for seq in seqs if seq > cumulative}
    while True:
        held = [
            seq
            for (seq,) in await tx.rows(
                "SELECT seq FROM beyond WHERE hub = $1 AND epoch = $2 AND seq > $3 ORDER BY seq LIMIT $4",
                hub,
                epoch,
                cumulative,
                _PAGE,
            )
        ]
        have = new.union(held)
        while cumulative + 1 in have:
            cumulative += 1
        if len(held) < _PAGE or cumulative < held[-1]:
            break
    await tx.each(
        "INSERT INTO beyond VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [(hub, epoch, seq) for seq in sorted(new) if seq > cumulative],
    )
    if cumulative > before or not found:
        await tx.change(
            "INSERT INTO committed VALUES ($1, $2, $3) "
            "ON CONFLICT (hub, epoch) DO UPDATE SET cumulative = excluded.cumulative",
            hub,
            epoch,
            cumulative,
        )
        await tx.change("DELETE FROM beyond WHERE hub = $1 AND epoch = $2 AND seq <= $3", hub, epoch, cumulative)
    return int(cumulative)
