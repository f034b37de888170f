"""Brokers that refuse for a reason: each reason in words, nothing lost, and nothing for ever that may change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.deliver.conftest import Running
from tests.faults.conftest import Told
from tests.support.messages import alert, reading
from tests.support.scripted_broker import Script, scripted
from wardgate.contract.messages import Event
from wardgate.store import Store


async def _until(script: Script, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            script.changed.clear()
            await script.changed.wait()


def _is_message(topic: str) -> bool:
    return not topic.endswith("/state")


@pytest.mark.parametrize(
    ("code", "key", "words"),
    [
        (0x87, "publish-not-authorised", "does not let this hub publish"),
        (0x97, "publish-refused-97", "Quota exceeded"),
        (0x80, "publish-refused-80", "refuses messages for now"),
        (0x83, "publish-refused-83", "refuses messages for now"),
        (0x90, "publish-refused-90", "refuses messages for now"),
        (0x99, "publish-refused-99", "refuses messages for now"),
    ],
)
async def test_a_refusal_that_may_pass_keeps_the_message_and_is_told_once(
    code: int, key: str, words: str, store: Store, sending: Running, events: list[Event], told: Told, hurried: None
) -> None:
    await store.put_alert(alert(1))
    await store.put_reading(reading(1), arrival_s=1.0)
    refused = [0]

    def refuse(topic: str, _payload: bytes) -> int:
        refused[0] += _is_message(topic)
        return code if _is_message(topic) else 0

    script = Script(puback=refuse)
    async with scripted(script) as broker, sending(broker) as sender:
        await _until(script, lambda: refused[0] >= 6)
        assert words in sender.view().problem
        assert (sender.view().counts.waiting, sender.view().counts.parked) == (2, 0)
        assert [e.code for e in events] == [key], "once, however often it is refused"
        script.puback = lambda _topic, _payload: 0
        await told.until(lambda: sender.view().problem == "")
        await _until(script, lambda: sum(_is_message(t) for t, _ in script.taken) >= 2)
        assert script.connections == 1
    first = next(topic for topic, _ in script.taken if _is_message(topic))
    assert first.endswith("/alert"), "and when it may, the alert goes first"


@pytest.mark.parametrize("code", [0x90, 0x99])
async def test_a_refusal_of_the_message_itself_sets_that_one_aside(
    code: int, store: Store, sending: Running, events: list[Event], told: Told, hurried: None
) -> None:
    bad = reading(2).id.encode()
    script = Script(puback=lambda _, payload: code if bad in payload else 0)
    for n in (1, 2, 3):
        await store.put_reading(reading(n), arrival_s=1.0)
    async with scripted(script) as broker, sending(broker) as sender:
        await _until(script, lambda: sum(_is_message(t) for t, _ in script.taken) >= 2)
        await told.until(lambda: bool(events))
        assert (sender.view().counts.waiting, sender.view().counts.parked) == (2, 1)
    assert [(e.code, e.detail) for e in events] == [("message-parked", {"seq": 2})]


@pytest.mark.parametrize(
    ("code", "words"), [(0x95, "Packet too large"), (0x97, "Quota exceeded"), (0x8E, "Session taken over")]
)
async def test_a_broker_that_hangs_up_with_a_reason_is_quoted(
    code: int, words: str, store: Store, sending: Running, events: list[Event], told: Told, hurried: None
) -> None:
    script = Script(goodbye=lambda topic, _: code if _is_message(topic) else None)
    await store.put_alert(alert(1))
    async with scripted(script) as broker, sending(broker) as sender:
        await _until(script, lambda: script.connections >= 3)
        assert sender.view().counts.waiting == 1
        script.goodbye = lambda _topic, _payload: None
        await _until(script, lambda: any(_is_message(t) for t, _ in script.taken))
    lost = [e for e in events if e.code == "broker-lost"]
    assert words in lost[0].sentence


async def test_a_broker_that_takes_no_state_is_told_of_once(
    store: Store, sending: Running, events: list[Event], told: Told, hurried: None
) -> None:
    """It greets, and hangs up at the first word, while nothing else waits."""
    script = Script(goodbye=lambda topic, _: 0x95 if topic.endswith("/state") else None)
    async with scripted(script) as broker, sending(broker) as sender:
        await _until(script, lambda: script.connections >= 4)
        assert [e.code for e in events] == ["broker-lost"]
        script.goodbye = lambda _topic, _payload: None
        await told.until(lambda: len(events) > 1)
        assert sender.view().problem == ""
    assert [e.code for e in events] == ["broker-lost", "delivery-restored"]


async def test_a_hub_that_may_not_hear_the_ward_says_so(
    store: Store, sending: Running, events: list[Event], told: Told, hurried: None
) -> None:
    script = Script(suback=0x87)
    async with scripted(script) as broker, sending(broker) as sender:
        await told.until(lambda: "does not let this hub read what the ward answers" in sender.view().problem)
        assert "wardgate/1/hub-1/down/#" in sender.view().what_to_do
