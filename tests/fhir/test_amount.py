"""Servers take as much at once as they like, and undo what meets another's: nothing is set aside for that."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.support.fhir_server import FhirServer
from tests.support.messages import alert, reading
from tests.support.ward_page import said
from wardgate.contract.codes import QUANTITY
from wardgate.contract.messages import Alert, Quantity, Reading
from wardgate.ward.fhir import due, message_of
from wardgate.ward.fhir.push import Push
from wardgate.ward.fhir.server import NotNow, Server
from wardgate.ward.store import WardStore

FEW = 8


async def owed(store: WardStore, server: FhirServer, *messages: Reading | Alert) -> Push:
    await store.commit([said(m, n) for n, m in enumerate(messages, 1)], [])
    push = Push(store.database, Server(server.url), lambda _: None)
    await push.begin()
    return push


def body(n: int) -> Reading:
    """What a body analyser says: more values than some servers take resources at once."""
    known = [(name, code) for (channel, name), code in QUANTITY.items() if channel == "body_composition"]
    quantities = tuple(
        Quantity(name=name, value=1.5, unit=code.ucum, original_value=1.5, original_unit=code.ucum)
        for name, code in known
    )
    assert len(quantities) > FEW
    return msgspec.structs.replace(reading(n), channel="body_composition", quantities=quantities)


def takes_few(bundle: dict[str, Any]) -> int | None:
    return 400 if len(bundle["entry"]) > FEW else None


def too_many(server: FhirServer) -> int:
    return sum(takes_few(bundle) is not None for bundle in server.requests)


async def test_a_server_that_takes_few_at_once_gets_all_and_is_asked_for_more_no_longer(
    store: WardStore, server: FhirServer
) -> None:
    server.mood = takes_few
    messages: list[Reading | Alert] = [*[reading(n) for n in range(15)], body(40), alert(1)]
    push = await owed(store, server, *messages)
    await push.run(once=True)
    assert push.sent == len(messages)
    assert server.created == len(server.kept)
    seen = [one for one in server.of_kind("Observation") if reading(40).id in one["identifier"][0]["value"]]
    back = message_of(seen)
    assert isinstance(back, Reading)
    assert back.quantities == body(40).quantities
    found_out = too_many(server)
    assert found_out <= 8, "each time with half as many"
    await store.commit([said(reading(n), n) for n in range(100, 110)], [])
    await push.run(once=True)
    assert push.sent == len(messages) + 10
    assert too_many(server) == found_out


async def test_what_is_refused_whatever_its_size_is_set_aside_alone(store: WardStore, server: FhirServer) -> None:
    server.mood = lambda bundle: 400 if reading(7).id in json.dumps(bundle) else takes_few(bundle)
    push = await owed(store, server, *[reading(n) for n in range(20)])
    await push.run(once=True)
    assert push.sent == 19
    problems = await store.database.run(lambda tx: due.problems(tx, server.url))
    assert [id_ for (_, _, id_, _), _ in problems] == [reading(7).id]


async def test_after_one_that_is_refused_whatever_its_size_as_many_go_at_once_as_before(
    store: WardStore, server: FhirServer
) -> None:
    server.mood = lambda bundle: 400 if reading(1).id in json.dumps(bundle) else None
    push = await owed(store, server, *[reading(n) for n in range(4)])
    await push.run(once=True)
    before = len(server.requests)
    await store.commit([said(reading(n), n) for n in range(10, 14)], [])
    await push.run(once=True)
    assert push.sent == 7
    assert len(server.requests) == before + 1


async def test_a_transaction_that_meets_anothers_is_tried_again(store: WardStore, server: FhirServer) -> None:
    push = await owed(store, server, reading(1), reading(2))
    server.mood = lambda bundle: 409
    with pytest.raises(NotNow, match="409"):
        await push.step()
    server.mood = lambda _: None
    assert await push.step() == 2
    assert push.sent == 2


async def test_a_conflict_without_end_holds_the_others_up_no_longer(store: WardStore, server: FhirServer) -> None:
    server.mood = lambda bundle: 409 if reading(1).id in json.dumps(bundle) else None
    push = await owed(store, server, reading(1), reading(2))
    conflicts = 0
    for _ in range(8):
        try:
            await push.step()
        except NotNow:
            conflicts += 1
    assert conflicts == 5
    problems = await store.database.run(lambda tx: due.problems(tx, server.url))
    assert [id_ for (_, _, id_, _), _ in problems] == [reading(1).id]


async def test_trouble_told_of_each_resource_is_no_refusal(store: WardStore, server: FhirServer) -> None:
    push = await owed(store, server, reading(1))
    server.each = "429 Too Many Requests"
    with pytest.raises(NotNow, match="429"):
        await push.step()
    server.each = None
    assert await push.step() == 1
    assert push.sent == 1
