"""What must not be done: each is refused with its reason, an event says so, and nothing has changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.downlink.conftest import Home, Voice, events, retained, until
from wardgate.config import Ward
from wardgate.contract import topics
from wardgate.contract.commands import MAX_BYTES, Command, Measure, TakeNote
from wardgate.contract.signing import PrivateKey
from wardgate.ward.commands import new_nonce

NOTE = TakeNote(note="diuretic_up")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _tampered(envelope: bytes) -> bytes:
    """The same signature under another note."""
    said = json.loads(envelope)
    signed = base64.b64decode(said["signed"]).replace(b"diuretic_up", b"antibiotics")
    return json.dumps({**said, "signed": base64.b64encode(signed).decode()}).encode()


def _resigned(home: Home, command: Command, **changes: Any) -> bytes:
    """Signed rightly, but with something in it that no ward of this version would say."""
    return home.key.envelope(json.dumps(json.loads(msgspec.json.encode(command)) | changes).encode())


BAD: dict[str, Callable[[Home, Command], bytes]] = {
    "forged": lambda home, command: PrivateKey.new("ward-1").envelope(command),
    "forged (tampered)": lambda home, command: _tampered(home.key.envelope(command)),
    "forged (nested)": lambda home, command: PrivateKey.new("ward-1").envelope(
        b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    ),
    "not-understood (nested)": lambda home, command: home.key.envelope(b"[" * 20_000 + b"]" * 20_000),
    "unknown-key": lambda home, command: PrivateKey.new("ward-2").envelope(command),
    "expired": lambda home, c: home.key.envelope(
        msgspec.structs.replace(c, issued=c.issued - 2 * HOUR, expires=c.issued - HOUR)
    ),
    "not-yet-valid": lambda home, c: home.key.envelope(
        msgspec.structs.replace(c, issued=c.issued + HOUR, expires=c.issued + 2 * HOUR)
    ),
    "bad-validity": lambda home, c: home.key.envelope(msgspec.structs.replace(c, expires=c.issued + 8 * DAY)),
    "bad-validity (backwards)": lambda home, c: home.key.envelope(
        msgspec.structs.replace(c, issued=c.expires, expires=c.issued)
    ),
    "other-hub": lambda home, c: home.key.envelope(msgspec.structs.replace(c, hub="hub-2")),
    "other-assignment": lambda home, c: home.key.envelope(msgspec.structs.replace(c, assignment="a-0")),
    "unknown-kind": lambda home, c: _resigned(home, c, do={"kind": "open-the-door"}),
    "not-understood": lambda home, c: _resigned(home, c, do={"kind": "note", "note": 7}),
    "not-understood (more)": lambda home, c: _resigned(home, c, also="this"),
    "not-understood (nonce)": lambda home, c: _resigned(home, c, nonce="../../etc"),
    "not-understood (a configuration)": lambda home, c: home.key.envelope(home.configuration(1, pathways=[])),
    "not-understood (naive time)": lambda home, c: _resigned(home, c, issued="2026-11-22T03:00:00"),
    "not-understood (no JSON)": lambda home, c: home.key.envelope(b"\xff\x00{"),
    "unreadable": lambda home, c: b"\xff\xfe garbage",
    "unreadable (bare command)": lambda home, c: msgspec.json.encode(c),
    "unreadable (short signature)": lambda home, c: json.dumps(
        {**json.loads(home.key.envelope(c)), "signature": "AAAA"}
    ).encode(),
    "too-large": lambda home, c: home.key.envelope(c) + b" " * MAX_BYTES,
}


@pytest.mark.parametrize("name", BAD)
async def test_it_is_refused_and_told(home: Home, voice: Voice, name: str) -> None:
    reason = name.partition(" ")[0]
    async with home.hub() as hub:
        voice.say("command", BAD[name](home, home.command(NOTE)))
        answer = await voice.answer()
        assert (answer.result, answer.reason, answer.repeated) == ("refused", reason, False)
        await until(hub, lambda: bool(events(hub, "command-refused")))
        assert [event.detail["reason"] for event in events(hub, "command-refused")] == [reason]
        assert hub.watcher.therapy.notes == []
        assert hub.commands.rows() == []
        # The hub goes on, and what is right is done.
        assert (await voice.ask(home.command(NOTE), home.key)).result == "done"


async def test_a_command_is_done_once_however_often_it_comes(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        command = home.command(NOTE)
        assert not (await voice.ask(command, home.key)).repeated
        again = await voice.ask(command, home.key)
        assert (again.result, again.repeated) == ("done", True)
        await until(hub, lambda: bool(events(hub, "command-refused")))
        assert [event.detail["reason"] for event in events(hub, "command-refused")] == ["replayed"]
        assert len(events(hub, "therapy-note")) == 1
    async with home.hub() as hub:
        again = await voice.ask(command, home.key)
        assert (again.result, again.repeated) == ("done", True)
        assert len(events(hub, "therapy-note")) == len(events(hub, "command-done")) == 1


async def test_the_same_nonce_in_another_command_is_not_done(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        first = home.command(NOTE)
        await voice.ask(first, home.key)
        other = await voice.ask(home.command(TakeNote(note="antibiotics"), nonce=first.nonce), home.key)
        assert other.repeated
        assert [note for _, note in hub.watcher.therapy.notes] == ["diuretic_up"]


async def test_what_is_forgotten_stays_expired_when_the_clock_goes_back(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        old = home.command(NOTE)
        await voice.ask(old, home.key)
        home.clock.by = 3 * DAY
        later = home.clock.utc()
        fresh = home.command(Measure(device="scale"), issued=later, expires=later + HOUR)
        assert (await voice.ask(fresh, home.key)).result == "done"
        assert [row.nonce for row in hub.commands.rows()] == [fresh.nonce]
    home.clock.by, home.clock.boot = timedelta(0), 2
    async with home.hub() as hub:
        assert hub.clock.utc() < old.expires
        assert (await voice.ask(old, home.key)).reason == "expired"
        assert len(events(hub, "therapy-note")) == 1


async def test_a_hub_without_memory_does_nothing_that_is_older_than_it(home: Home, voice: Voice) -> None:
    """A new database knows no nonces: what an earlier one has done could come again."""
    async with home.hub():
        old = home.command(NOTE)
        await voice.ask(old, home.key)
    for file in home.file().data_dir.iterdir():
        file.unlink()
    async with home.hub() as hub:
        assert (await voice.ask(old, home.key)).reason == "before-memory"
        assert hub.watcher.therapy.notes == []


async def test_without_the_time_only_what_does_no_harm_is_done(home: Home, voice: Voice) -> None:
    home.clock.known = False
    home.clock.by = -400 * DAY
    async with home.hub() as hub:
        note = home.command(NOTE)
        assert (await voice.ask(note, home.key)).reason == "clock-unknown"
        assert (await voice.ask(home.configuration(1, pathways=["copd"]), home.key)).reason == "clock-unknown"
        assert (await voice.ask(home.command(Measure(device="scale")), home.key)).result == "done"
        assert hub.watcher.therapy.notes == []


async def test_a_retained_command_is_not_done(home: Home, voice: Voice) -> None:
    async with home.hub():  # it begins to remember, and the broker to keep what comes while it is away
        assert (await voice.ask(home.command(NOTE), PrivateKey.new("ward-1"))).reason == "forged"
    command = home.key.envelope(home.command(NOTE))
    async with retained(home.broker, topics.down("hub-1", "command"), command), home.hub() as hub:
        for _ in range(2):  # what was kept for it, and what is retained
            assert (await voice.answer()).reason == "retained"
        assert hub.watcher.therapy.notes == []


async def test_a_hub_without_keys_obeys_nobody(home: Home, voice: Voice) -> None:
    async with home.hub(ward=Ward()):
        assert (await voice.ask(home.command(NOTE), home.key)).reason == "no-keys"


async def test_a_flood_fills_no_disk(home: Home, voice: Voice) -> None:
    async with home.hub() as hub:
        for n in range(60):
            voice.say("command", b"%d" % n)
        for _ in range(60):
            assert (await voice.answer()).reason == "unreadable"
        await until(hub, lambda: len(events(hub, "command-refused")) >= 20)
        await hub.store.write(lambda _: None)
        assert len(events(hub, "command-refused")) == 20
        assert hub.commands.rows() == []


@pytest.mark.parametrize("response", ["wardgate/1/hub-2/up/alert", "wardgate/1/hub-1/down/command", "$SYS/x"])
async def test_answers_go_where_answers_belong(home: Home, voice: Voice, response: str) -> None:
    """The response topic is signed by nobody."""
    async with home.hub():
        voice.say("command", home.key.envelope(home.command(NOTE)), response=response)
        assert (await voice.answer()).result == "done"


async def test_the_response_topic_and_the_correlation_are_kept_to(home: Home, voice: Voice) -> None:
    async with home.hub():
        topic = f"wardgate/1/hub-1/up/answer/{new_nonce()}"
        voice.link.route(topic, voice.came)
        voice.link.subscribe(topic)
        voice.say("command", home.key.envelope(home.command(NOTE)), response=topic)
        await voice.heard.wait()
        (request, answer) = voice.answers[0]
        assert (request.topic, request.correlation, answer.result) == (topic, b"tag-0", "done")
