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
from wardgate.ward.database import Received, WardDatabase

PATIENCE_S = 20.0


def said(message: Alert | Event, seq: int) -> Received:
    numbered = msgspec.structs.replace(message, seq=seq, epoch="one")
    return Received(numbered, msgspec.json.encode(numbered))


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[WardDatabase]:
    database = WardDatabase(tmp_path / "ward.db")
    database.commit([said(alert(1), 1), said(alert(2), 2)], [])
    yield database
    database.close()


def see(ward: WardDatabase, alert_id: str = "alert-1", revision: int | None = None, by: str = "nurse") -> AlertAck:
    return ward.see("hub-1", alert_id, by=by, at=BEGIN, note="Mr Smith was rung", revision=revision)


def test_what_is_committed_is_not_yet_seen(ward: WardDatabase) -> None:
    assert ward.unanswered() == {}
    assert [a.id for a in ward.open_alerts()] == ["alert-1", "alert-2"]


def test_it_is_told_until_the_hub_answers_and_without_the_note(ward: WardDatabase, tmp_path: Path) -> None:
    see(ward)
    ward.close()
    again = WardDatabase(tmp_path / "ward.db")
    expected = AlertAck(id="alert-1", revision=1, by="nurse", at=BEGIN)
    assert again.unanswered() == {"hub-1": Ack(hub="hub-1", epoch="one", cumulative=2, alerts=(expected,))}
    assert b"Smith" not in msgspec.json.encode(again.unanswered()["hub-1"])
    answer = msgspec.structs.replace(alert(1, revision=2), state="acknowledged", acknowledged_revision=1)
    again.commit([said(answer, 3)], [])
    assert again.unanswered() == {}
    (seen,) = again.history("hub-1", "alert-1")
    assert (seen.role, seen.note, seen.answer) == ("nurse", "Mr Smith was rung", "acknowledged")
    again.close()


def test_the_hubs_no_settles_it_with_the_reason(ward: WardDatabase) -> None:
    see(ward)
    no = msgspec.structs.replace(
        event(1),
        code="acknowledgement-not-used",
        detail={"alert": "alert-1", "revision": 1, "why": "worse-since"},
    )
    ward.commit([said(alert(1, revision=2), 3), said(no, 4)], [])
    assert ward.unanswered() == {}
    assert [s.answer for s in ward.history("hub-1", "alert-1")] == ["worse-since"]
    see(ward)
    assert [(s.revision, s.answer) for s in ward.history("hub-1", "alert-1")] == [(1, "worse-since"), (2, None)]


def test_a_second_nurse_is_not_told_for_ever(ward: WardDatabase) -> None:
    see(ward)
    answer = msgspec.structs.replace(alert(1, revision=2), state="acknowledged", acknowledged_revision=1)
    ward.commit([said(answer, 3)], [])
    see(ward, by="doctor")
    assert ward.unanswered() == {}
    assert [s.role for s in ward.history("hub-1", "alert-1")] == ["nurse", "doctor"]


def test_what_is_over_needs_no_answer(ward: WardDatabase) -> None:
    see(ward)
    ward.commit([said(alert(1, revision=2, state="resolved"), 3)], [])
    assert ward.unanswered() == {}
    with pytest.raises(SeenError, match="over"):
        see(ward)


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
def test_what_cannot_be_seen_is_refused(
    ward: WardDatabase, alert_id: str, revision: int | None, by: str, says: str
) -> None:
    with pytest.raises(SeenError, match=says):
        see(ward, alert_id, revision, by)
    assert ward.unanswered() == {}


def test_the_command_lists_and_acknowledges(
    ward: WardDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--database", str(tmp_path / "ward.db")]
    assert ward_command.main(["alerts", *where]) == 0
    assert capsys.readouterr().out.startswith("alert-1  hub-1  ALERT raised (high) patient-1: Weight went up")
    assert ward_command.main(["acknowledge", "alert-2", "--by", "nurse", "--note", "rung", *where]) == 0
    assert "stays open" in capsys.readouterr().out
    assert [a.id for a in ward.unanswered()["hub-1"].alerts] == ["alert-2"]
    assert ward_command.main(["acknowledge", "alert", "--by", "nurse", *where]) == 1
    assert "More than one" in capsys.readouterr().err
    assert ward_command.main(["acknowledge", "alert-1", "--by", "Jane Smith", *where]) == 1
    assert "role" in capsys.readouterr().err
    assert ward_command.main(["alerts", "--database", str(tmp_path / "none.db")]) == 1
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
