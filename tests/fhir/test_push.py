"""Everything the ward has gets to a FHIR server, once, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.fhir_server import FhirServer
from tests.support.messages import BEGIN, alert, event, reading
from tests.support.postgres import Postgres
from wardgate.cli import ward as ward_command
from wardgate.contract.messages import Alert, Event, Reading
from wardgate.ward.database import Transaction
from wardgate.ward.fhir import due, message_of
from wardgate.ward.fhir.push import Push
from wardgate.ward.fhir.server import NotNow, Server
from wardgate.ward.received import Received
from wardgate.ward.store import WardStore

SEED = 20261122


async def came(store: WardStore, *messages: Reading | Alert | Event) -> None:
    numbered = [msgspec.structs.replace(m, epoch="one", seq=n) for n, m in enumerate(messages, start=1)]
    await store.commit([Received(m, msgspec.json.encode(m)) for m in numbered], [])


def push(store: WardStore, server: FhirServer, told: list[str] | None = None) -> Push:
    return Push(store.database, Server(server.url), (told if told is not None else []).append)


async def test_what_was_here_and_what_comes_is_there_once(store: WardStore, server: FhirServer) -> None:
    await came(store, *[reading(n) for n in range(120)], alert(1), event(1))
    one = push(store, server)
    await one.begin()
    await one.run(once=True)
    await came(store, reading(200), alert(1, revision=2))
    await one.run(once=True)
    assert one.sent == 124
    assert len(server.of_kind("Communication")) == 3
    assert len(server.of_kind("Patient")) == 1
    assert len(server.of_kind("Device")) == 2
    seen = [one for one in server.of_kind("Observation") if "valueQuantity" in one]
    assert len(seen) == 121
    assert server.created == len(server.kept)
    back = message_of([seen[0]])
    assert (back.hub, back.id) in {("hub-1", reading(n).id) for n in range(120)}
    first = server.requests[0]["entry"]
    assert any(entry["resource"]["resourceType"] == "Communication" for entry in first), "alerts go first"


async def test_an_answer_that_is_lost_and_every_other_trouble_doubles_nothing(
    store: WardStore, server: FhirServer
) -> None:
    """Each transaction meets something: done and not answered, not done and not answered, status 500, 429, 404."""
    rng = random.Random(SEED)
    await came(store, *[reading(n) for n in range(150)])
    server.mood = lambda _: rng.choice([None, 0, -1, 500, 429, 404])
    one = push(store, server)
    await one.begin()
    troubles = 0
    while True:
        try:
            if await one.step() == 0:
                break
        except NotNow:
            troubles += 1
    assert troubles >= 3
    seen = [one for one in server.of_kind("Observation") if "valueQuantity" in one]
    assert len(seen) == 150
    assert server.created == len(server.kept)
    assert server.updated == 0


async def test_a_process_that_dies_after_sending_sends_again_and_nothing_is_doubled(
    store: WardStore, server: FhirServer
) -> None:
    await came(store, *[reading(n) for n in range(10)])
    first = push(store, server)
    await first.begin()
    sent = asyncio.Event()
    server.mood = lambda _: sent.set()
    step = asyncio.create_task(first.step())
    await sent.wait()
    step.cancel()  # it never notes what the server has
    await asyncio.gather(step, return_exceptions=True)
    second = push(store, server)
    assert await second.step() is None, "the first may still be sending"
    await store.database.run(lambda tx: tx.change("UPDATE fhir_servers SET until_s = 0"))
    await second.run(once=True)
    assert server.created == len(server.kept)
    assert len([one for one in server.of_kind("Observation") if "valueQuantity" in one]) == 10


async def test_one_that_is_refused_is_set_aside_and_holds_nothing_up(store: WardStore, server: FhirServer) -> None:
    await came(store, *[reading(n) for n in range(5)])

    def mood(bundle: dict[str, Any]) -> int | None:
        return 422 if reading(3).id in json.dumps(bundle) else None

    server.mood = mood
    told: list[str] = []
    one = push(store, server, told)
    await one.begin()
    await one.run(once=True)
    assert one.sent == 4
    why = "status 422: not in the mood"
    assert told == [f"The server refuses the reading {reading(3).id} of hub-1 ({why}). It is set aside."]
    problems = await store.database.run(lambda tx: due.problems(tx, server.url))
    assert problems == [(("reading", "hub-1", reading(3).id, 1), why)]
    server.mood = lambda _: None
    assert await store.database.run(lambda tx: due.again(tx, server.url)) == 1
    await one.run(once=True)
    assert one.sent == 5


async def test_a_date_that_fhir_cannot_say_holds_nothing_up(store: WardStore, server: FhirServer) -> None:
    """Such a one is refused at the ward's door. A database of an earlier version may have one."""
    taken = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    odd = msgspec.structs.replace(reading(3), time=msgspec.structs.replace(reading(3).time, taken=taken))
    await came(store, reading(1), odd, reading(5))
    told: list[str] = []
    one = push(store, server, told)
    await one.begin()
    await one.run(once=True)
    assert one.sent == 2
    assert len(told) == 1
    assert "a date that in UTC is none" in told[0]


async def test_a_reading_dated_anew_takes_the_place_of_the_first(store: WardStore, server: FhirServer) -> None:
    first = reading(1)
    later = msgspec.structs.replace(first, revision=2, time=msgspec.structs.replace(first.time, taken=BEGIN))
    one = push(store, server)
    await one.begin()
    await came(store, first)
    await one.run(once=True)
    await came(store, later)
    await one.run(once=True)
    (seen,) = [found for found in server.of_kind("Observation") if "valueQuantity" in found]
    back = message_of([seen])
    assert isinstance(back, Reading)
    assert (back.time.taken, back.revision) == (BEGIN, 2)


async def test_a_message_that_is_being_written_while_a_server_is_made_known_is_not_forgotten(
    postgres: Postgres, server: FhirServer
) -> None:
    """PostgreSQL writes both at once; SQLite one after the other."""
    store = WardStore(postgres.database("fhir"))
    await came(store, reading(1))
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Transaction) -> None:
        await tx.change("INSERT INTO readings SELECT hub, 'late', 1, channel, taken_s, payload FROM readings")
        await due.remember(tx, [("reading", "hub-1", "late", 1)])
        inside.set()
        await go_on.wait()

    async def waiting(tx: Transaction) -> int:
        found: int = (await tx.rows("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))[0][0]
        return found

    slow = asyncio.create_task(store.database.run(slowly))
    await inside.wait()
    begun = asyncio.create_task(push(store, server).begin())
    while not begun.done() and not await store.database.run(waiting):
        pass
    go_on.set()
    await asyncio.gather(slow, begun)
    owed = await store.database.run(lambda tx: tx.rows("SELECT id FROM fhir_due ORDER BY id"))
    assert [id_ for (id_,) in owed] == [reading(1).id, "late"]
    await store.close()


async def test_an_answer_that_is_no_fhir_servers_is_no_success(store: WardStore, server: FhirServer) -> None:
    await came(store, reading(1))
    one = push(store, server)
    await one.begin()
    server.mood = lambda _: 204
    with pytest.raises(NotNow, match="as a FHIR server"):
        await one.step()
    server.mood = lambda _: None
    assert await one.step() == 1


async def test_the_command(
    store: WardStore, server: FhirServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await came(store, reading(1), alert(1))
    token = tmp_path / "token"
    token.write_text("of-the-test\n", encoding="utf-8")

    async def command(*words: str) -> int:
        return await asyncio.to_thread(
            ward_command.main, ["fhir", "--once", "--database", str(tmp_path / "ward.db"), *words]
        )

    assert await command("--to", server.url, "--token-file", str(token)) == 0
    assert capsys.readouterr().out == "2 messages handed on, 0 refused.\n"
    assert server.tokens == ["Bearer of-the-test"]
    assert await command("--to", "http://ward.example/fhir") == 1
    assert "https" in capsys.readouterr().err
    assert await command("--to", "ward.example") == 1
