"""The ward's list in the ward's database, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from tests.support.authority import Ward
from tests.support.messages import alert
from tests.support.programs import LOOK_S, PATIENCE_S, Program
from wardgate.cli import ward_alerts
from wardgate.contract.assigning import Ask
from wardgate.contract.pseudonym import Pseudonym
from wardgate.ward import referred
from wardgate.ward.database import Database, DatabaseError, Transaction
from wardgate.ward.received import Received
from wardgate.ward.referrals import Referral, Referrals
from wardgate.ward.referred import Assignment, Copies, assignments_of, referral_of
from wardgate.ward.register import Register
from wardgate.ward.store import WardStore

HERON = Pseudonym("copper", "heron")
T = TypeVar("T")


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    opened = Register(tmp_path / "register.db")
    yield opened
    opened.close()


class SometimesAway:
    """A ward's database that refuses until it is told not to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = True

    async def run(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        if self.away:
            raise DatabaseError("it is away")
        return await self._database.run(work)

    def close(self) -> Awaitable[None]:
        return self._database.close()


async def read(store: WardStore) -> tuple[Referral | None, list[Assignment]]:
    async def work(tx: Transaction) -> tuple[Referral | None, list[Assignment]]:
        return await referral_of(tx, HERON.slug), await assignments_of(tx, HERON.slug)

    return await store.database.run(work)


def refer(referrals: Referrals) -> None:
    referrals.add(HERON, pathways=["heart-failure"], kinds=["scale"], phone="0116 000 0000")


async def test_who_was_whose_patient_when(store: WardStore, register: Register) -> None:
    referrals, copies = Referrals(register), Copies(register, store.database, print)
    assert await copies.look()
    assert not await copies.look()
    assert await read(store) == (None, [])
    refer(referrals)
    assert await copies.look()
    one, served = await read(store)
    assert one is not None
    assert (one.words, one.pathways, one.kinds, one.phone, one.state) == (
        "Copper Heron", ("heart-failure",), ("scale",), "0116 000 0000", "waiting",
    )  # fmt: skip
    assert served == []

    ask = Ask(words="Copper Heron", digits="93")
    first = referrals.assign("hub-17", ask)
    await copies.look()
    assert (await read(store))[1][0].ended is None
    referrals.end("hub-17", first.assignment)
    refer(referrals)
    second = referrals.assign("hub-18", ask)
    await copies.look()
    one, served = await read(store)
    assert one == referrals.of(HERON.slug)
    assert [(a.hub, a.assignment, a.ended is None) for a in served] == [
        ("hub-17", first.assignment, False),
        ("hub-18", second.assignment, True),
    ]


async def test_a_database_that_is_away_gets_the_list_when_it_is_back(
    tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referred, "LOOK_S", 0.01)
    store, told = WardStore(tmp_path / "ward.db"), asyncio.Queue[str]()
    database = SometimesAway(store.database)
    copies = Copies(register, database, told.put_nowait)
    refer(Referrals(register))
    task = asyncio.create_task(copies.run())
    assert "does not take the list of patients: it is away" in await told.get()
    database.away = False
    assert await told.get() == "The ward's database has the list of patients again."
    assert (await read(store))[0] is not None
    task.cancel()
    await asyncio.wait([task])
    assert told.empty()
    await store.close()


async def test_the_endpoint_fills_the_wards_database_and_the_alerts_say_who_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list is changed on another connection while the endpoint runs, as the command line does."""
    ward, store = Ward(tmp_path), WardStore(tmp_path / "ward.db")
    told = msgspec.structs.replace(alert(1), patient=HERON.slug, seq=1, epoch="one")
    await store.commit([Received(told, msgspec.json.encode(told))], [])
    endpoint = Program(
        tmp_path / "log", "ward", "enrol", "--directory", str(tmp_path / "ca"), "--host", "127.0.0.1", "--port", "0",
        "--cert-file", str(ward.server), "--key-file", str(ward.server_key), "--database", str(tmp_path / "ward.db"),
    )  # fmt: skip
    await endpoint.start()
    try:
        await endpoint.says("Hubs enrol at")
        refer(Referrals(ward.authority.register))
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if (await read(store))[0] is not None:
                    break
                await asyncio.sleep(LOOK_S)
    finally:
        status = await endpoint.stop()
    assert status == 0, endpoint.said()
    await asyncio.to_thread(ward_alerts.show, ["--database", str(tmp_path / "ward.db")])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("alert-1 ")
    assert second == "    Copper Heron; heart-failure; scale; 0116 000 0000"
    await store.close()


async def test_an_endpoint_that_cannot_have_its_port_says_so(tmp_path: Path) -> None:
    ward = Ward(tmp_path)
    async with ward.endpoint() as port:
        words = ["--directory", str(tmp_path / "ca"), "--host", "127.0.0.1", "--port", str(port)]
        words += ["--cert-file", str(ward.server), "--key-file", str(ward.server_key)]
        words += ["--database", str(tmp_path / "ward.db")]
        second = Program(tmp_path / "log", "ward", "enrol", *words)
        await second.start()
        assert await second.ended() == 1
    assert "address already in use" in second.said()
