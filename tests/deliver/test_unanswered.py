"""The broker lives and the ward is dead: an alert that nobody answers becomes an event, once (hazard H13)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.deliver.conftest import task_of
from tests.support.messages import alert
from tests.support.mosquitto import Mosquitto
from wardgate.clock import SystemClock
from wardgate.contract.messages import Event
from wardgate.deliver import Sender, session
from wardgate.store import Store


async def test_an_alert_that_no_ward_answers_is_told_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "UNANSWERED_ALERT_S", 0.0)
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    told: asyncio.Queue[Event] = asyncio.Queue()

    def tell(event: Event) -> None:
        if event.code == "alert-unanswered":
            told.put_nowait(event)

    sender = Sender(broker.settings(), "hub-1", store, SystemClock(), tell, version="1")
    async with task_of(asyncio.create_task(sender.run())), asyncio.timeout(60):
        for n in (1, 2):
            seq = await store.put_alert(alert(n))
            event = await told.get()
            assert (event.detail["seq"], event.severity) == (seq, "problem")
    broker.stop()
    assert told.empty(), "once for each"
    assert store.outbox_counts().waiting_alerts == 2, "and they are still here"
