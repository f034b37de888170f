"""Homes with cables, codes and a change of the hour; and that no model is left out of the home-weeks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wardgate_sim.home import FIRMWARE
from wardgate_sim.interference import Interference
from wardgate_sim.line import KEPT, Cable
from wardgate_sim.virtual_time import run
from wardgate_sim.weeks import Week, live
from wardgate_sim.weeks_kinds import KINDS, Kind
from wardgate_sim.weeks_plan import Plan, plan
from wardgate_sim.weeks_score import score

SOME_LOSS = Interference(0.1, 0.1, 0.1, 0.1)


def home_of(words: tuple[str, ...], seed: int, days: int, began: datetime | None = None) -> Plan:
    """A home with these devices, whose batteries hold and whose clocks nobody moves."""
    kinds: list[Kind] = [next(k for k in KINDS if k.word == word) for word in words]
    made = plan(seed, days=days, interference=SOME_LOSS, devices=kinds)
    return replace(made, flat=(), jumps=(), began=began or made.began)


def test_every_model_with_firmware_stands_in_some_home() -> None:
    assert {kind.model for kind in KINDS} == FIRMWARE


def is_all_right(week: Week) -> None:
    outcome = score(week)
    assert outcome.kept.measured + outcome.unkept.measured > 0
    assert outcome.causes.total() == 0
    assert not outcome.wrong
    assert not outcome.duplicates
    assert not outcome.neighbours
    assert not outcome.false_alarms.keys() - {"radio-stuck"}


def test_cables_codes_and_memories_without_seconds(tmp_path: Path) -> None:
    words = ("tanita-scale-serial", "nonin-9560-serial", "beurer-bm85", "microlife-bp-a6-bt")
    week = run(live(home_of(words, seed=7, days=1), tmp_path))
    assert {r.device.model for r in week.readings} == set(words)
    assert "passkey-needed" in {e.code for e in week.events}
    is_all_right(week)


@pytest.mark.parametrize("began", [datetime(2026, 10, 24, 2, tzinfo=UTC), datetime(2026, 3, 28, 3, tzinfo=UTC)])
def test_the_hour_changes(began: datetime, tmp_path: Path) -> None:
    words = ("and-uc-352ble", "yonker-yk-ibpa1")
    # The day after the change is one of the two that follow.
    week = run(live(home_of(words, seed=3, days=1, began=began), tmp_path))
    assert {r.time.taken.astimezone(UTC).day for r in week.readings} >= {began.day, began.day + 1}
    is_all_right(week)


async def test_a_cable_hands_bytes_on_at_once() -> None:
    cable = Cable()
    with pytest.raises(FileNotFoundError):
        Cable.open("cable-of-nobody")
    assert not cable.write(b"nobody listens")
    first = Cable.open(cable.port)
    assert cable.write(b"1")
    assert first.recv(10) == b"1"
    second = Cable.open(cable.port)
    assert first.recv(10) == b""  # the newer one has it now
    second.send(b"start")
    await asyncio.wait_for(cable.activity(60.0), 30.0)
    assert (cable.read(), cable.read()) == (b"start", b"")
    cable.powered = False
    second.send(b"x" * KEPT)
    await asyncio.wait_for(cable.activity(60.0), 30.0)
    assert not cable.host_present()
    assert (cable.read(), cable.write(b"2")) == (b"", False)
    cable.powered = True
    second.close()
    await asyncio.wait_for(cable.activity(60.0), 30.0)
    assert not cable.host_present()
    first.close()
    cable.close()
    with pytest.raises(FileNotFoundError):
        Cable.open(cable.port)
