"""Somebody deletes the database of a hub that runs: it starts anew by itself, and the next life tells of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.hub.conftest import a_config, bench
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link


async def test_a_hub_starts_anew_and_says_what_happened(tmp_path: Path, link: Link, clock: LeapClock) -> None:
    settings = a_config(tmp_path)
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        home.hub.journal.tell("remark", "attention", "It is on the disk.")
        await home.until(lambda: home.events("remark") == [None])
        settings.database.unlink()
        async with asyncio.timeout(60):
            await home.hub.anew.wait()
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await home.until(lambda: home.events("database-moved") == [None])
        assert home.events("remark") == [None], "what was stored before is there"
        (told,) = [e for e in home.hub.store.events(100) if e.code == "database-moved"]
        assert "wardgate.db was deleted while the hub ran" in told.sentence
        assert "in place again" in told.what_to_do
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await home.until(lambda: home.events("database-moved") == [None])
        assert not home.hub.store.is_copy


async def test_a_hub_whose_database_is_gone_at_the_start_says_so(tmp_path: Path, link: Link, clock: LeapClock) -> None:
    settings = a_config(tmp_path)
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        assert not home.events("database-gone")
    for suffix in ("", "-wal", "-shm"):
        settings.database.with_name(settings.database.name + suffix).unlink(missing_ok=True)
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        await home.until(lambda: home.events("database-gone") == [None])
        assert not home.events("database-older"), "it is no copy"
    async with bench(settings, link, clock, tmp_path / "keys.json") as home:
        assert home.events("database-gone") == [None], "told once"
