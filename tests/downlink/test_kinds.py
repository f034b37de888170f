"""Every kind of command, over a real broker, done by a whole hub."""

from __future__ import annotations

import asyncio

from tests.downlink.conftest import PATIENCE_S, Home, Voice, events, until
from tests.support.messages import alert as an_alert
from tests.support.peer import peer
from wardgate.contract import topics
from wardgate.contract.commands import Acknowledge, Measure, Pair, Restart, SendAgain, SupportBundle, TakeNote
from wardgate.contract.messages import AlertAck


async def test_a_note_reaches_the_detectors_and_the_ward(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        answer = await voice.ask(home.command(TakeNote(note="diuretic_up")), home.key)
        assert (answer.result, answer.kind, answer.reason) == ("done", "note", "")
        assert [note for _, note in hub.watcher.therapy.notes] == ["diuretic_up"]
        (told,) = events(hub, "command-done")
        assert told.detail["nonce"] == answer.nonce
        assert events(hub, "therapy-note")


async def test_a_note_that_is_none_is_refused(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        answer = await voice.ask(home.command(TakeNote(note="diuretic")), home.key)
        assert (answer.result, answer.reason) == ("refused", "no-such-note")
        assert "diuretic_up" in answer.sentence
        assert hub.watcher.therapy.notes == []


async def test_the_home_is_asked_to_measure(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        assert (await voice.ask(home.command(Measure(device="scale")), home.key)).result == "done"
        (told,) = events(hub, "measurement-asked")
        assert (told.device, told.what_to_do) == ("scale", "Step on it."), "and not how it is paired"
        answer = await voice.ask(home.command(Measure(device="cuff")), home.key)
        assert (answer.result, answer.reason) == ("refused", "no-such-device")


async def test_pairing_is_opened_for_a_device_of_this_home(home: Home, voice: Voice) -> None:
    """Whether it pairs is the radio's matter; here it is off, and the pairing's own words come back."""
    async with home.hub() as hub:
        asked: list[str] = []

        async def pair(device: str, *, afresh: bool = True) -> None:
            asked.append(device if afresh else "")

        hub.capture.pair = pair  # type: ignore[method-assign]  # the radio has its own tests
        assert (await voice.ask(home.command(Pair(device="scale")), home.key)).result == "done"
        answer = await voice.ask(home.command(Pair(device="cuff")), home.key)
        assert (answer.result, answer.reason, asked) == ("refused", "no-such-device", ["scale"])


async def test_messages_are_sent_again_although_they_are_done(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        for n in range(30):
            hub.journal.tell("trial", "info", f"Event {n}.")
        await until(hub, lambda: len(events(hub, "trial")) == 30)
        first = hub.store.events(1000)[-1].seq
        await hub.store.mark_done(hub.store.last_seq)
        epoch, last = hub.store.epoch, hub.store.last_seq
        async with peer(home.broker, topics.up("hub-1", "event")) as ear:
            answer = await voice.ask(home.command(SendAgain(epoch=epoch, from_seq=first + 5, to_seq=last)), home.key)
            assert (answer.result, answer.detail["sent"]) == ("done", last - first - 4)
            await ear.until(lambda: last in ear.seqs("event"))
            assert [seq for seq in ear.seqs("event") if seq <= last] == list(range(first + 5, last + 1))
        other = await voice.ask(home.command(SendAgain(epoch="0" * 16, from_seq=1)), home.key)
        assert (other.reason, other.detail["epoch"]) == ("other-epoch", epoch)


async def test_a_restart_is_answered_first_and_comes_once(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        command = home.command(Restart())
        assert (await voice.ask(command, home.key)).result == "done"
        async with asyncio.timeout(PATIENCE_S):
            await hub.anew.wait()
    async with home.hub() as hub:
        answer = await voice.ask(command, home.key)
        assert (answer.result, answer.repeated) == ("done", True)
        assert not hub.anew.is_set()
        await until(hub, lambda: bool(events(hub, "command-refused")))
        assert [event.detail["reason"] for event in events(hub, "command-refused")] == ["replayed"]


async def test_a_support_bundle_is_not_promised_where_there_is_no_such_program(home: Home, voice: Voice) -> None:
    async with home.hub():
        answer = await voice.ask(home.command(SupportBundle()), home.key)
        assert (answer.result, answer.reason) == ("refused", "not-supported")


async def test_an_alert_is_acknowledged(home: Home, voice: Voice) -> None:
    """What the hub says of it comes as with `down/ack`: here there is no such alert."""
    async with home.hub() as hub:
        seen = AlertAck(id=an_alert(1).id, revision=1, by="nurse", at=home.clock.utc())
        assert (await voice.ask(home.command(Acknowledge(alerts=(seen,))), home.key)).result == "done"
        await until(hub, lambda: bool(events(hub, "acknowledgement-not-used")))
        assert events(hub, "acknowledgement-not-used")[0].detail["why"] == "unknown"
