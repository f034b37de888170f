"""What people have seen: kept in the ward's database, told to the hub until it answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.living import LivingHome
from tests.support.messages import BEGIN, alert, event
from tests.support.mosquitto import Mosquitto
from wardgate.cli import ward as ward_command
from wardgate.contract.messages import Ack, Alert, AlertAck, Event
from wardgate.deliver import Sender
from wardgate.ward import SeenError, Ward, format_line
from wardgate.ward.received import Received
from wardgate.ward.store import WardStore

PATIENCE_S = 60.0


def said(message: Alert | Event, seq: int) -> Received:
    numbered = msgspec.structs.replace(message, seq=seq, epoch="one")
    return Received(numbered, msgspec.json.encode(numbered))


@pytest.fixture
async def ward(store: WardStore) -> WardStore:
    await store.commit([said(alert(1), 1), said(alert(2), 2)], [])
    return store


async def see(ward: WardStore, alert_id: str = "alert-1", revision: int | None = None, by: str = "nurse") -> AlertAck:
    return await ward.see("hub-1", alert_id, by=by, at=BEGIN, note="Mr Smith was rung", revision=revision)


async def test_what_is_committed_is_not_yet_seen(ward: WardStore) -> None:
    assert await ward.unanswered() == {}
    assert [a.id for a in await ward.open_alerts()] == ["alert-1", "alert-2"]


async def test_it_is_told_until_the_hub_answers_and_without_the_note(ward: WardStore, where: Path | str) -> None:
    await see(ward)
    again = WardStore(where)
    expected = AlertAck(id="alert-1", revision=1, by="nurse", at=BEGIN)
    assert await again.unanswered() == {"hub-1": Ack(hub="hub-1", epoch="one", cumulative=2, alerts=(expected,))}
    assert b"Smith" not in msgspec.json.encode((await again.unanswered())["hub-1"])
    answer = msgspec.structs.replace(alert(1, revision=2), state="acknowledged", acknowledged_revision=1)
    await again.commit([said(answer, 3)], [])
    assert await again.unanswered() == {}
    (seen,) = await again.history("hub-1", "alert-1")
    assert (seen.role, seen.note, seen.answer) == ("nurse", "Mr Smith was rung", "acknowledged")
    await again.close()


async def test_the_hubs_no_settles_it_with_the_reason(ward: WardStore) -> None:
    await see(ward)
    no = msgspec.structs.replace(
        event(1),
        code="acknowledgement-not-used",
        detail={"alert": "alert-1", "revision": 1, "why": "worse-since"},
    )
    await ward.commit([said(alert(1, revision=2), 3), said(no, 4)], [])
    assert await ward.unanswered() == {}
    assert [s.answer for s in await ward.history("hub-1", "alert-1")] == ["worse-since"]
    await see(ward)
    assert [(s.revision, s.answer) for s in await ward.history("hub-1", "alert-1")] == [(1, "worse-since"), (2, None)]


async def test_a_second_nurse_is_not_told_for_ever(ward: WardStore) -> None:
    await see(ward)
    answer = msgspec.structs.replace(alert(1, revision=2), state="acknowledged", acknowledged_revision=1)
    await ward.commit([said(answer, 3)], [])
    await see(ward, by="doctor")
    assert await ward.unanswered() == {}
    assert [s.role for s in await ward.history("hub-1", "alert-1")] == ["nurse", "doctor"]


async def test_what_is_over_needs_no_answer(ward: WardStore) -> None:
    await see(ward)
    await ward.commit([said(alert(1, revision=2, state="resolved"), 3)], [])
    assert await ward.unanswered() == {}
    with pytest.raises(SeenError, match="over"):
        await see(ward)


@pytest.mark.parametrize(
    ("alert_id", "revision", "by", "says"),
    [
        ("alert-9", None, "nurse", "no alert"),
        ("alert-1", 2, "nurse", "no revision 2"),
        ("alert-1", 0, "nurse", "no revision 0"),
        ("alert-1", None, "Jane Smith", "no role"),
        ("alert-1", None, "", "no role"),
    ],
)
async def test_what_cannot_be_seen_is_refused(
    ward: WardStore, alert_id: str, revision: int | None, by: str, says: str
) -> None:
    with pytest.raises(SeenError, match=says):
        await see(ward, alert_id, revision, by)
    assert await ward.unanswered() == {}


async def test_the_command_lists_and_acknowledges(
    ward: WardStore, where: Path | str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def command(*words: str, database: Path | str = where) -> int:
        return await asyncio.to_thread(ward_command.main, [*words, "--database", str(database)])

    assert await command("alerts") == 0
    assert capsys.readouterr().out.startswith("alert-1  hub-1  ALERT raised (high) patient-1: Weight went up")
    assert await command("acknowledge", "alert-2", "--by", "nurse", "--note", "rung") == 0
    assert "stays open" in capsys.readouterr().out
    assert [a.id for a in (await ward.unanswered())["hub-1"].alerts] == ["alert-2"]
    assert await command("acknowledge", "alert", "--by", "nurse") == 1
    assert "More than one" in capsys.readouterr().err
    assert await command("acknowledge", "alert-1", "--by", "Jane Smith") == 1
    assert "role" in capsys.readouterr().err
    assert await command("alerts", database=tmp_path / "none.db") == 1
    assert not (tmp_path / "none.db").exists()


def test_a_line_says_how_often_and_by_whom() -> None:
    second = msgspec.structs.replace(alert(1), raised_count=2, quiet_until=BEGIN + timedelta(hours=1))
    assert "ALERT raised (high, time 2, may wait until 09:00Z) patient-1" in format_line(second)
    seen = msgspec.structs.replace(alert(1), state="acknowledged", acknowledged_by="nurse", raised_count=2)
    assert "ALERT acknowledged (high, seen by nurse) patient-1" in format_line(seen)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


@contextlib.asynccontextmanager
async def running(*tasks: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_from_the_nurse_to_the_hub_and_back(broker: Mosquitto, tmp_path: Path) -> None:
    """Store, sender, broker and ward are real: the ward has the alert, a nurse sees it, the hub says so."""
    home = LivingHome(tmp_path / "hub.db")
    await home.watcher.start()
    arrived: asyncio.Queue[Alert] = asyncio.Queue()
    ward = Ward(broker.settings(), tmp_path / "ward.db", lambda m: arrived.put_nowait(m) if isinstance(m, Alert) else 0)
    sender = Sender(
        broker.settings(),
        "hub-1",
        home.store,
        home.clock,
        lambda _: None,
        version="1",
        on_seen=home.life.acknowledge,
    )
    tasks = [asyncio.create_task(work) for work in (ward.run(), sender.run(), home.life.run())]
    async with running(*tasks), asyncio.timeout(PATIENCE_S):
        await home.take_low(90)
        raised = await arrived.get()
        await sender.wait_drained()
        assert home.store.open_alerts()[0].state == "raised", "the ward's commit is delivery, not acknowledgement"
        await ward.acknowledge("hub-1", raised.id, by="nurse", note="rung")
        seen = await arrived.get()
        assert (seen.state, seen.acknowledged_by, seen.acknowledged_revision) == ("acknowledged", "nurse", 1)
        assert (await ward.open_alerts())[0].state == "acknowledged"
    await home.store.close()
