"""Messages that were set aside, in a person's hands."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.cli.test_commands import configuration, running, wardgate
from tests.support.messages import event
from wardgate.clock import SystemClock
from wardgate.config import load
from wardgate.store import Lane, Store


async def test_what_was_set_aside_is_shown_and_sent_again(tmp_path: Path) -> None:
    config = configuration(tmp_path, 1)

    async def said(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(wardgate, "parked", *words, "--config", str(config))
        return done.returncode, done.stdout + done.stderr

    store = Store.open(load(config).database, SystemClock())
    seq = await store.put_event(event(1))
    await store.park(seq, "the ward refuses it: too long")
    await store.close()
    async with running(tmp_path, config):
        status, text = await said("list")
        assert status == 0
        assert text.startswith(f"{seq}  event of scale, ")
        assert text.endswith("the ward refuses it: too long\n")
        told = await asyncio.to_thread(wardgate, "status", "--config", str(config))
        assert "1 set aside: wardgate parked list." in told.stdout
        assert (await said("retry"))[0] == 2
        assert await said("retry", str(seq)) == (0, f"Message {seq} is on its way again, under a new number.\n")
        assert (await said("retry", str(seq)))[0] == 1
        assert await said("list") == (0, "No message is set aside.\n")
    assert (await said("list"))[0] == 69
    store = Store.open(load(config).database, SystemClock())
    assert [e.seq > seq for e in store.events(100) if e.id == event(1).id] == [True]
    assert any(b'"id":"event-1"' in row.payload for row in store.next_rows(Lane.EVENT, seq, 100))
    await store.close()
