"""A disk that fills (hazard H22): a warning first, then nothing is kept that needs nobody's attention."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.test_commands import configuration
from wardgate.capture.journal import Journal
from wardgate.clock import SystemClock, steady
from wardgate.config import load
from wardgate.contract.messages import Event
from wardgate.housekeeping import Housekeeping
from wardgate.store.store import Store


async def test_what_needs_nobodys_attention_is_dropped_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []

    def put(event: Event) -> asyncio.Future[int]:
        kept.append(event.code)
        return asyncio.get_running_loop().create_future()

    config, clock = load(configuration(tmp_path, 1)), steady(SystemClock())
    journal = Journal("hub-1", clock, put, lambda _: None)
    store = Store.open(tmp_path / "wardgate.db", clock)
    house = Housekeeping(config, store, clock, journal)

    def told_at(percent: int) -> list[str]:
        kept.clear()
        usage = SimpleNamespace(total=100, used=percent, free=100 - percent)
        monkeypatch.setattr("wardgate.housekeeping.shutil.disk_usage", lambda _: usage)
        house.check_disk()
        journal.tell("remark", "info", "A remark.")
        journal.tell("trouble", "problem", "A problem.")
        return list(kept)

    assert told_at(50) == ["remark", "trouble"]
    assert told_at(85) == ["disk-filling", "remark", "trouble"], "a person is told long before anything is dropped"
    assert told_at(96) == ["trouble"]
    assert told_at(50) == ["disk-filling-over", "remark", "trouble"]
    await store.close()
