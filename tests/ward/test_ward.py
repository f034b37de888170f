"""The ward kit: check, commit, acknowledge; on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.messages import BEGIN, alert, event, reading
from wardgate.cli import ward as ward_command
from wardgate.contract.messages import Ack, Alert, Corrected, Event, Reading, Refusal, State
from wardgate.ward import format_line
from wardgate.ward.check import checked
from wardgate.ward.database import DatabaseError, Transaction
from wardgate.ward.received import Received, Refused
from wardgate.ward.store import WardStore


def said(message: Reading | Alert | Event, seq: int, epoch: str = "one") -> Received:
    """A message as it comes from a hub's outbox."""
    numbered = msgspec.structs.replace(message, seq=seq, epoch=epoch)
    return Received(numbered, msgspec.json.encode(numbered))


def ack(cumulative: int, *selective: int, hub: str = "hub-1", epoch: str = "one") -> Ack:
    return Ack(hub=hub, epoch=epoch, cumulative=cumulative, selective=selective)


async def test_the_answer_is_cumulative_without_a_gap_and_selective_beyond(where: Path | str) -> None:
    ward = WardStore(where)
    assert (await ward.commit([said(reading(1), 1), said(reading(2), 2)], [])).acks == [ack(2)]
    assert (await ward.commit([said(alert(1), 9)], [])).acks == [ack(2, 9)]
    assert (await ward.commit([said(reading(3), 4)], [])).acks == [ack(2, 4)]
    assert (await ward.commit([said(reading(4), 3)], [])).acks == [ack(4)]
    await ward.close()
    ward = WardStore(where)
    assert (await ward.commit([said(reading(n), n) for n in (5, 6, 7, 8)], [])).acks == [ack(9)], (
        "it knew 9 after a restart"
    )
    await ward.close()


async def test_what_comes_twice_is_kept_once_and_acknowledged_again(store: WardStore) -> None:
    await store.commit([said(reading(1), 1), said(alert(1), 2), said(event(1), 3)], [])
    again = await store.commit(
        [said(reading(1), 1), said(alert(1), 2), said(event(1), 3), said(alert(1, revision=2), 4)], []
    )

    assert again.duplicates == 3
    assert [type(m) for m in again.new] == [Alert]
    assert again.acks == [ack(4)]
    # A hub with a new database sends all it saved once more, under new numbers.
    other = await store.commit([said(reading(1), 1, "two")], [])
    assert (other.duplicates, other.acks) == (1, [ack(1, epoch="two")])


async def test_hubs_are_counted_each_by_itself(store: WardStore) -> None:
    batch = await store.commit([said(reading(1), 1), said(reading(1, hub="hub-2"), 5)], [])
    assert batch.acks == [ack(1), ack(0, 5, hub="hub-2")]
    assert batch.duplicates == 0


async def test_the_floor_lets_a_new_ward_begin_in_the_middle(store: WardStore) -> None:
    state = State(hub="hub-1", online=True, epoch="one", floor=4000)
    assert (await store.commit([said(reading(1), 4001)], [])).acks == [ack(0, 4001)]
    assert (await store.commit([Received(state, msgspec.json.encode(state))], [])).acks == [ack(4001)]


async def test_a_commit_that_fails_leaves_nothing_and_acknowledges_nothing(store: WardStore) -> None:
    async def without_alerts(tx: Transaction) -> None:
        await tx.change("ALTER TABLE alerts RENAME TO hidden")

    async def with_alerts(tx: Transaction) -> None:
        await tx.change("ALTER TABLE hidden RENAME TO alerts")

    async def count(tx: Transaction) -> int:
        found: int = (await tx.rows("SELECT count(*) FROM readings"))[0][0]
        return found

    await store.commit([said(event(1), 1)], [])
    await store.database.run(without_alerts)
    with pytest.raises(DatabaseError, match="alerts"):
        await store.commit([said(reading(1), 2), said(alert(1), 3)], [])
    assert await store.database.run(count) == 0
    await store.database.run(with_alerts)
    assert (await store.commit([said(alert(1), 3)], [])).acks == [ack(1, 3)]


def test_a_good_message_is_taken() -> None:
    good = said(reading(1), 1)
    assert checked("wardgate/1/hub-1/up/reading", good.payload) == good


def test_a_test_is_taken_on_its_own_topic_and_on_no_other() -> None:
    real, test = (said(msgspec.structs.replace(reading(1), test=test), 1) for test in (False, True))
    assert checked("wardgate/1/hub-1/up/test", test.payload) == test
    for topic, wrong in (("reading", test), ("test", real)):
        refused = checked(f"wardgate/1/hub-1/up/{topic}", wrong.payload)
        assert isinstance(refused, Refused)
        assert "a topic of its own" in refused.reason


async def test_a_test_is_kept_as_one(store: WardStore) -> None:
    test = msgspec.structs.replace(reading(1), test=True)
    assert (await store.commit([said(test, 1)], [])).acks == [ack(1)]
    kept = await store.reading("hub-1", test.id)
    assert kept is not None
    assert kept.test


@pytest.mark.parametrize(
    ("topic", "change", "reason"),
    [
        ("wardgate/1/hub-1/up/reading", {"channel": "height"}, "not as the schema says"),
        ("wardgate/1/hub-1/up/alert", {}, "not as the schema says"),
        ("wardgate/1/hub-2/up/reading", {}, "names the hub hub-1 on the topic of hub-2"),
        ("wardgate/1/hub-1/up/reading", {"epoch": ""}, "no epoch"),
        ("wardgate/1/hub-1/up/reading", {"frame": "\0"}, "no database takes"),
    ],
)
def test_a_bad_message_is_refused_with_the_reason(topic: str, change: dict[str, str], reason: str) -> None:
    payload = msgspec.json.encode(msgspec.json.decode(said(reading(1), 6).payload) | change)
    refused = checked(topic, payload)
    assert isinstance(refused, Refused)
    assert reason in refused.reason
    assert refused.seq == 6


@pytest.mark.parametrize("payload", [b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe", b""])
def test_what_cannot_even_be_read_is_refused(payload: bytes) -> None:
    refused = checked("wardgate/1/hub-1/up/reading", payload)
    assert isinstance(refused, Refused)
    assert refused.seq is None


async def test_a_refusal_is_told_to_the_hub_it_can_be_told_to(store: WardStore) -> None:
    torn = checked("wardgate/1/hub-1/up/reading", b'{"schema":"wardgate/rea')
    wrong = checked("wardgate/1/hub-1/up/reading", b'{"epoch":"one","seq":2}')
    assert isinstance(torn, Refused)
    assert isinstance(wrong, Refused)
    (answer,) = (await store.commit([said(reading(1), 1)], [torn, wrong])).acks
    assert (answer.cumulative, answer.selective) == (1, ())
    assert answer.refused == (Refusal(seq=2, reason=wrong.reason),)


@pytest.mark.parametrize("topic", ["wardgate/1/hub-1/down/ack", "wardgate/1/hub-1/up/else", "other"])
def test_what_is_no_message_of_a_hub_is_nothing(topic: str) -> None:
    assert checked(topic, b"{}") is None


def test_a_line_for_a_person() -> None:
    assert format_line(reading(1)) == "hub-1  Weight 78.2 kg, 2026-03-01 08:01Z, patient-1 (from memory)"
    assert format_line(alert(1)) == (
        "hub-1  ALERT raised (high) patient-1: Weight went up 2.3 kg in 3 days (78.2 to 80.5 kg). [esc-weight-gain]"
    )
    assert format_line(event(1)) == "hub-1  attention scale: Low."
    assert format_line(State(hub="hub-1", online=False, epoch="x", at=BEGIN)) == "hub-1  offline"
    nobodys = msgspec.structs.replace(reading(1), patient=None, attribution_reason="user 2", backfill=False)
    assert format_line(nobodys).endswith("unattributed (user 2)")


def dated_anew(message: Reading, revision: int) -> Reading:
    """The same, an hour later for each revision."""
    time = msgspec.structs.replace(message.time, taken=message.time.taken + (revision - 1) * timedelta(hours=1))
    corrected = Corrected(previous=message.time.taken, reason="hub-synchronised", at=BEGIN)
    return msgspec.structs.replace(message, time=time, revision=revision, corrected=corrected)


async def test_every_revision_of_a_reading_is_kept_and_the_newest_holds(store: WardStore) -> None:
    first = reading(1)
    second, third = dated_anew(first, 2), dated_anew(first, 3)
    assert len((await store.commit([said(first, 1), said(third, 3)], [])).new) == 2
    batch = await store.commit([said(second, 2), said(third, 3), said(first, 1)], [])
    assert (len(batch.new), batch.duplicates, batch.acks) == (1, 2, [ack(3)])
    newest = await store.reading("hub-1", first.id)
    assert newest is not None
    assert (newest.revision, newest.time.taken) == (3, third.time.taken)

    async def count(tx: Transaction) -> int:
        found: int = (await tx.rows("SELECT count(*) FROM readings"))[0][0]
        return found

    assert await store.database.run(count) == 3


async def test_readings_of_before_there_were_revisions_are_their_first(tmp_path: Path) -> None:
    path, old = tmp_path / "ward.db", reading(1)
    with closing(sqlite3.connect(path)) as made:
        made.executescript(
            "CREATE TABLE readings (hub TEXT NOT NULL, id TEXT NOT NULL, channel TEXT NOT NULL, "
            "taken_s DOUBLE PRECISION NOT NULL, payload BLOB NOT NULL, UNIQUE (hub, id));"
        )
        row = (old.hub, old.id, old.channel, old.time.taken.timestamp(), said(old, 1).payload)
        made.execute("INSERT INTO readings VALUES (?, ?, ?, ?, ?)", row)
        made.commit()
    ward = WardStore(path)
    assert (await ward.commit([said(old, 1), said(dated_anew(old, 2), 2)], [])).duplicates == 1
    newest = await ward.reading(old.hub, old.id)
    assert newest is not None
    assert newest.revision == 2
    await ward.close()


def test_postgresql_without_its_extra_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wardgate.ward.postgres", None)
    where = ["--database", "postgresql://ward@db.example/ward"]
    assert ward_command.main(["--host", "broker.example", *where]) == 1
    assert ward_command.main(["alerts", *where]) == 1
    assert capsys.readouterr().err.count("pip install 'wardgate[ward]'") == 2
