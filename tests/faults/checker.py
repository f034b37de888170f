"""What the hubs promised against what the ward has: the whole contract of docs/ward.md, for one street.

- What a device was told is stored is at the ward once; every revision of every alert too.
- The ward has nothing that was not measured, and every byte of a message as the hub stored it; but the epoch is that in
  which it was sent, which a ward that answers for numbers never given makes the hub change.
- The hub took nothing for done that the ward had not committed at that moment.
- Nobody was shown anything twice.
- Order: within one lane messages leave in the order of their numbers, and what was sent once arrives in it. What was
  sent again may come at any time.
- Every outbox is empty, and nothing was set aside.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.faults.hub import LightHub
from tests.faults.street import Street

_FEW: Final = 5
_EPOCHS: Final = "SELECT value FROM meta WHERE key IN ('epoch', 'former_epochs')"
_WAITING: Final = "SELECT seq FROM outbox JOIN messages USING (seq) WHERE kind IN (1, 2)"
"""Events come at any time, the last one of all about the end of the connection."""


def verdict(street: Street) -> list[str]:
    """A sentence for each promise that was broken."""
    found = []
    ward = _rows(street.ward_db, "SELECT hub, id, payload FROM readings")
    alerts = _rows(street.ward_db, "SELECT hub, id, revision, payload FROM alerts")
    twice = [key for key, n in street.handed_on.items() if n > 1]
    if twice:
        found.append(f"shown twice at the ward: {_some(twice)}")
    for hub in street.hubs:
        here = {id_: payload for name, id_, payload in ward if name == hub.name}
        seen = {(id_, revision): payload for name, id_, revision, payload in alerts if name == hub.name}
        book = hub.book
        broken: dict[str, set[Any]] = {
            "acknowledged to a device and not at the ward": set(book.acknowledged) - here.keys(),
            "at the ward and never measured": here.keys() - book.offered.keys(),
            "taken for done before the ward had it": set(hub.too_early),
            "kept by a device for ever": set(book.kept),
            "alerts that are not at the ward": book.alerts_promised - seen.keys(),
            "alerts that were never raised": seen.keys() - book.alerts_offered,
            "at the ward not as the hub stored it": _altered(hub, [*here.values(), *seen.values()]),
            "out of order": set(_out_of_order(hub, street)),
            "left in the outbox": {row for (row,) in _rows(hub.database, _WAITING)},
            "set aside": {row for (row,) in _rows(hub.database, "SELECT seq FROM parked")},
        }
        found += [f"{hub.name}: {what}: {_some(which)}" for what, which in broken.items() if which]
    return found


def _altered(hub: LightHub, payloads: Iterable[bytes]) -> set[int]:
    stored: dict[int, bytes] = dict(_rows(hub.database, "SELECT seq, payload FROM messages"))
    epochs = {epoch for (said,) in _rows(hub.database, _EPOCHS) for epoch in said.split()}
    wrong = set()
    for payload in payloads:
        said = msgspec.json.decode(payload)
        seq = int(said["seq"])
        if said["epoch"] not in epochs or _but_epoch(stored.get(seq, b"")) != _but_epoch(payload):
            wrong.add(seq)
    return wrong


def _but_epoch(payload: bytes) -> bytes:
    return re.sub(rb'"epoch":"[^"]*"', b"", payload, count=1)


def _out_of_order(hub: LightHub, street: Street) -> list[tuple[int, int]]:
    lanes: dict[int, int] = dict(_rows(hub.database, "SELECT seq, lane FROM messages"))
    last: dict[int, int] = {}
    wrong, met = [], set()
    for topic, payload in street.mischief.arrivals:
        if f"/{hub.name}/up/" not in topic or topic.endswith("/state"):
            continue
        seq = int(msgspec.json.decode(payload)["seq"])
        if street.eye.sent[hub.name, seq] != 1 or seq in met:
            continue
        met.add(seq)
        lane = lanes[seq]
        if seq < last.get(lane, 0):
            wrong.append((last[lane], seq))
        last[lane] = max(seq, last.get(lane, 0))
    return wrong


def _rows(database: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def _some(which: Iterable[object]) -> str:
    ordered = sorted(map(str, which))
    return ", ".join(ordered[:_FEW]) + (f" and {len(ordered) - _FEW} more" if len(ordered) > _FEW else "")
