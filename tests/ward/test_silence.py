"""A hub that is not heard is an alert, once, and over when it is heard; whatever is restarted meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.messages import reading
from tests.support.mosquitto import Mosquitto
from tests.support.programs import Program
from wardgate.cli import ward as ward_command
from wardgate.contract.messages import State
from wardgate.ward.received import Received
from wardgate.ward.silence import Silence
from wardgate.ward.store import WardStore

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Listening:
    """A ward that looks every five seconds, on a clock of the test's."""

    def __init__(self, store: WardStore) -> None:
        self.store = store
        self.now = BEGIN
        self.beats = 0
        self.connected = True

    async def state(self, *, online: bool = True, hub: str = "hub-1", every_s: float = 60.0, new: bool = True) -> None:
        self.beats += new
        said = State(hub=hub, online=online, epoch="one", heartbeat=self.beats, heartbeat_every_s=every_s)
        await self.store.commit([Received(said, msgspec.json.encode(said))], [], self.now)

    async def listen(self, seconds: float) -> list[tuple[str, str, str]]:
        """What is told in the next seconds."""
        told: list[Silence] = []
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now += timedelta(seconds=5)
            told += await self.store.look(self.now, connected=self.connected)
        return [(s.hub, s.state, s.why) for s in told]


@pytest.fixture
async def ward(store: WardStore) -> Listening:
    one = Listening(store)
    await one.listen(5)
    await one.state()
    return one


async def test_three_heartbeats_unheard_and_heard_again(ward: Listening) -> None:
    assert await ward.listen(175) == []
    assert await ward.listen(5) == [("hub-1", "raised", "unheard")]
    (silence,) = await ward.store.silences()
    assert silence.since == BEGIN + timedelta(seconds=5)
    assert silence.sentence.startswith("hub-1 has not been heard since 2026-03-01 08:00:05Z.")
    assert await ward.listen(300) == [], "once"
    await ward.state()
    assert await ward.listen(5) == [("hub-1", "resolved", "unheard")]
    assert await ward.store.silences() == []
    assert await ward.listen(180) == [("hub-1", "raised", "unheard")], "and again"


async def test_the_hub_says_how_often_it_beats_and_anything_it_says_is_life(ward: Listening) -> None:
    await ward.state(every_s=10)
    assert await ward.listen(25) == []
    told = msgspec.structs.replace(reading(1), epoch="one", seq=1)
    await ward.store.commit([Received(told, msgspec.json.encode(told))], [], ward.now)
    assert await ward.listen(25) == []
    assert await ward.listen(5) == [("hub-1", "raised", "unheard")]


async def test_a_last_will_counts_after_one_heartbeat(ward: Listening) -> None:
    await ward.listen(30)
    await ward.state(online=False)
    assert await ward.listen(55) == []
    await ward.state()
    assert await ward.listen(60) == [], "it was back in time"
    await ward.state(online=False)
    assert await ward.listen(60) == [("hub-1", "raised", "gone")]
    await ward.state()
    assert await ward.listen(5) == [("hub-1", "resolved", "gone")]


async def test_a_retained_state_that_comes_again_is_no_sign_of_life(ward: Listening) -> None:
    await ward.listen(120)
    await ward.state(new=False)
    assert await ward.listen(60) == [("hub-1", "raised", "unheard")]
    await ward.state(new=False)
    assert await ward.listen(60) == []


async def test_only_time_in_which_somebody_listened_counts(ward: Listening, where: Path | str) -> None:
    ward.now += timedelta(hours=2)  # no ward was running
    assert await ward.listen(180) == []
    assert await ward.listen(5) == [("hub-1", "raised", "unheard")]
    ward.now += timedelta(hours=2)
    again = Listening(WardStore(where))
    again.now = ward.now
    assert await again.listen(200) == [], "still silent: neither over nor told anew"
    assert [s.hub for s in await again.store.silences()] == ["hub-1"]
    await again.store.close()


async def test_a_ward_without_a_broker_says_so_and_calls_no_home_silent(ward: Listening) -> None:
    ward.connected = False
    assert await ward.listen(5) == []
    assert await ward.listen(100) == [("", "raised", "deaf")]
    assert (await ward.store.silences())[0].sentence.startswith("This ward hears nobody since 2026-03-01 08:00:05Z")
    ward.connected = True
    assert await ward.listen(120) == [("", "resolved", "deaf")]
    assert await ward.listen(65) == [("hub-1", "raised", "unheard")]


async def test_another_ward_that_listens_is_enough(ward: Listening, where: Path | str) -> None:
    cut_off = Listening(WardStore(where))
    cut_off.connected = False
    for _ in range(6):
        assert await ward.listen(5) == []
        cut_off.now = ward.now - timedelta(seconds=5)
        assert await cut_off.listen(5) == []
    await cut_off.store.close()


async def test_two_wards_tell_it_once(ward: Listening, where: Path | str) -> None:
    await ward.listen(175)
    other = WardStore(where)
    late = ward.now + timedelta(seconds=5)
    both = await asyncio.gather(*[s.look(late, connected=True) for s in (ward.store, other)])
    assert sorted(len(told) for told in both) == [0, 1]
    await other.close()


async def test_a_clock_that_is_set_back_hides_no_silence(ward: Listening) -> None:
    ward.now -= timedelta(days=1)
    assert await ward.listen(180) == []
    assert await ward.listen(5) == [("hub-1", "raised", "unheard")]


async def test_a_hub_out_of_service_is_not_missed(ward: Listening) -> None:
    await ward.listen(180)
    assert await ward.store.forget("hub-1")
    assert await ward.store.silences() == []
    assert await ward.listen(200) == []
    assert not await ward.store.forget("hub-1")


async def test_hub_broker_and_monitor_killed_in_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """H14, with processes that are killed."""
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    database = tmp_path / "ward.db"
    where = ("--host", "127.0.0.1", "--port", str(broker.port), "--no-tls", "--database", str(database))
    patience = ("--silent-after", "20", "--deaf-after", "2")
    ward = Program(tmp_path / "ward.log", "ward", *where, *patience)
    again = Program(tmp_path / "again.log", "ward", *where, *patience)
    hub = Program(
        tmp_path / "hub.log", str(broker.port), "hub-1", str(tmp_path / "hub.db"), module="tests.support.light_hub"
    )

    async def silent() -> int:
        return await asyncio.to_thread(ward_command.main, ["silent", "--database", str(database), "--deaf-after", "2"])

    try:
        await ward.start()
        await hub.start()
        await ward.says("hub-1  online")
        assert await silent() == 0

        await hub.kill()
        await ward.says("SILENCE raised: hub-1 has left the broker")
        assert await silent() == 1
        await hub.start()
        await ward.says("SILENCE resolved: hub-1 is heard again.")

        broker.kill()
        await ward.says("SILENCE raised: This ward hears nobody")
        before = len(ward.said())
        broker.start()
        await ward.says("SILENCE resolved: This ward hears its broker again.")
        await ward.says("hub-1  online", after=before)  # a hub that is not back yet would leave no last will

        await ward.kill()
        await hub.kill()
        while await silent() != 1:
            pass
        assert "Nobody is listening: the last ward listened at" in capsys.readouterr().err
        await again.start()
        await again.says("SILENCE raised: hub-1 has left the broker")
    finally:
        for program in (ward, again, hub):
            await program.kill()
        broker.stop()
