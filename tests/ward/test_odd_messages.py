"""What no hub of ours would say, from one that is let in: it is refused by itself, and holds up nobody else's."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.messages import alert, event, reading
from wardgate.contract import topics
from wardgate.contract.messages import Alert, Event, Reading, State
from wardgate.ward.check import checked
from wardgate.ward.database import Transaction
from wardgate.ward.received import Received, Refused
from wardgate.ward.store import WardStore

_DIE = random.Random(5)
LONG = "".join(_DIE.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))
"""A name that nothing makes shorter."""
NO_DATE = "0001-01-01T00:00:00+14:00"
ODD: list[tuple[str, Reading | Alert | Event, dict[str, Any]]] = [
    ("reading", reading(1), {"id": LONG}),
    ("reading", reading(1), {"epoch": LONG}),
    ("alert", alert(1), {"id": LONG}),
    ("event", event(1), {"id": LONG}),
    ("event", event(1), {"at": NO_DATE}),
    ("alert", alert(1), {"changed": "9999-12-31T23:59:59-14:00"}),
    ("alert", alert(1), {"acknowledged_at": NO_DATE}),
    ("reading", reading(1), {"time": msgspec.to_builtins(reading(1).time) | {"taken": NO_DATE}}),
    ("event", event(1), {"severity": LONG}),
]


def _message(what: str, message: Reading | Alert | Event, change: dict[str, Any]) -> Received | Refused | None:
    numbered = msgspec.structs.replace(message, epoch="one", seq=1)
    payload = msgspec.json.encode(msgspec.json.decode(msgspec.json.encode(numbered)) | change)
    return checked(topics.up("hub-1", what), payload)


def _good() -> Received:
    taken = _message("reading", reading(9, hub="hub-1"), {})
    assert isinstance(taken, Received)
    return taken


async def _refused(tx: Transaction) -> int:
    return int((await tx.rows("SELECT count(*) FROM refused"))[0][0])


async def test_each_is_refused_and_the_others_of_the_batch_are_committed(store: WardStore) -> None:
    found = [_message(*odd) for odd in ODD]
    refused = [one for one in found if isinstance(one, Refused)]
    assert len(refused) == len(ODD), [one for one in found if not isinstance(one, Refused)]
    for _ in range(2):  # what comes again is kept once
        (answer,) = (await store.commit([_good()], refused)).acks
        assert answer.cumulative == 1
        assert await store.database.run(_refused) == len(ODD)


def test_a_hub_whose_name_is_longer_than_any_is_none() -> None:
    assert checked(topics.up(LONG, "reading"), b"{}") is None


def test_the_last_day_that_devices_know_is_a_date() -> None:
    """A device's own clock may say anything: it is a text. And what is a date in UTC is one."""
    time = msgspec.to_builtins(reading(1).time) | {"device_time": "9999-12-31T23:59:59"}
    assert isinstance(_message("reading", reading(1), {"time": time}), Received)
    assert isinstance(_message("event", event(1), {"at": "9999-12-31T23:59:59Z"}), Received)


@pytest.mark.parametrize(("every_s", "missed_after_s"), [(1.5, 5.0), (1e308, 4 * 86400.0)])
async def test_a_heartbeat_of_any_length_is_missed_and_stops_no_other_watch(
    where: Path | str, every_s: float, missed_after_s: float
) -> None:
    store = WardStore(where)
    began = datetime(2026, 3, 1, tzinfo=UTC)
    here = State(hub="hub-1", online=True, epoch="one", heartbeat_every_s=every_s)
    await store.look(began, connected=True)
    await store.commit([Received(here, msgspec.json.encode(here))], [], began)
    early = began + timedelta(seconds=3 * min(every_s, 86400.0) - 0.1)
    assert await store.look(early, connected=True, deaf_after_s=1e9) == []
    late = began + timedelta(seconds=missed_after_s)
    (silence,) = await store.look(late, connected=True, deaf_after_s=1e9)
    assert silence.hub == "hub-1"
    await store.close()
