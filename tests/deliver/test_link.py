"""The connection itself: what goes in comes out, however the network cuts it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import Certificates
from tests.support.messages import reading
from tests.support.mosquitto import Iotcore, Mosquitto
from tests.support.peer import peer
from wardgate.clock import SystemClock
from wardgate.deliver.window import PAGE, Window
from wardgate.mqtt import Link
from wardgate.store import Lane, Store

SIZES = (0, 1, 2, 60, 127, 128, 129, 16_383, 16_384, 65_535, 65_536, 65_537, 200_000, 700_000)
"""Around the steps of MQTT's length, of the read buffer and of a TLS record."""


@pytest.fixture(params=["mosquitto", "mosquitto-tls", "iotcore"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto | Iotcore]:
    one: Mosquitto | Iotcore
    if request.param == "iotcore":
        one = Iotcore(tmp_path / "broker")
    elif request.param == "mosquitto":
        one = Mosquitto(tmp_path / "broker")
    else:
        one = Mosquitto(tmp_path / "broker", certificates=Certificates(tmp_path / "authority"))
    one.start()
    yield one
    one.stop()


async def test_messages_of_every_size_come_out_as_they_went_in(broker: Mosquitto | Iotcore) -> None:
    sent = [bytes([n % 251]) * size for n, size in enumerate(SIZES)] + [b"%d" % n for n in range(300)]
    async with peer(broker.settings(), "sizes", name="ear") as ear, peer(broker.settings(), name="mouth") as mouth:
        for payload in sent:
            mouth.publish("sizes", payload)
        await ear.until(lambda: len(ear.messages) == len(sent))
    assert ear.messages == [("sizes", payload) for payload in sent]


async def test_every_message_is_acknowledged_once(broker: Mosquitto | Iotcore) -> None:
    answers: list[tuple[int, int]] = []
    finished = asyncio.Event()

    def take(mid: int, code: int) -> None:
        answers.append((mid, code))
        if len(answers) == 500:
            finished.set()

    link = Link(broker.settings(), "counting", on_message=lambda _topic, _payload: None, on_puback=take)
    await link.open()
    link.subscribe("count")
    mids = [link.publish("count", b"%d" % n) for n in range(500)]
    async with asyncio.timeout(60):
        await finished.wait()
    link.close()
    assert sorted(mid for mid, _ in answers) == sorted(mid for mid in mids if mid is not None)
    assert {code for _, code in answers} <= {0x00, 0x10}
    assert link.closed.done()


async def test_a_large_backlog_is_held_a_page_at_a_time(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "wardgate.db", SystemClock())
    await asyncio.gather(*[store.put_reading(reading(n), arrival_s=1.0) for n in range(2000)])
    window = Window(store, 65_535)
    mid = 0
    while row := window.next(0.0):
        mid += 1
        window.sent(row, mid, 0.0)
        window.taken(mid)
        held = sum(len(page) for page in window._pages.values())
        assert held < PAGE
    assert window.unconfirmed == 1000
    window.confirmed_through(600, ())
    assert [row.seq for row in store.next_rows(Lane.BACKFILL, 1000, 1)] == [1001]
    row = window.next(0.0)
    assert row is not None
    assert row.seq == 1001
    await store.close()


async def test_a_message_that_nobody_answers_for_months_is_sent_every_hour(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "wardgate.db", SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    window, now_s = Window(store, 65_535), 0.0
    for mid in range(1, 3000):
        row = window.next(now_s)
        assert row is not None
        window.sent(row, mid, now_s)
        window.taken(mid)
        now_s += 3600.0
        assert window.look_for_due(now_s)
    assert window.postpone(1, now_s, 5.0) == 3600.0
    await store.close()
