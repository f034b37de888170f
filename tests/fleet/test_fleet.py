"""A small fleet against a real mosquitto and a real ward: everything made is at the ward, through an outage too."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.support.mosquitto import HOST, Mosquitto
from wardgate_sim.fleet.fleet import Fleet, Outage, Plan
from wardgate_sim.fleet.processes import OwnWard


async def test_an_outage_loses_and_doubles_nothing(tmp_path: Path) -> None:
    report = await Fleet(Plan(hubs=30, every_s=0.5, for_s=4.0, outage=Outage(1.0, 1.0)), tmp_path).run()
    assert report.well
    assert report.at_ward == report.made > 100
    assert report.connects >= 60
    assert report.reconnect_all_s is not None
    assert report.reconnect_half_s is not None
    assert report.reconnect_half_s <= report.reconnect_all_s


async def test_somebody_elses_broker(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    ward = OwnWard(tmp_path, HOST, broker.port)
    await ward.start()
    try:
        plan = Plan(hubs=10, every_s=0.5, for_s=2.0, outage=Outage(0.5, 0.5), broker=(HOST, broker.port))
        report = await Fleet(plan, tmp_path).run()
    finally:
        await ward.stop()
        broker.stop()
    assert report.well
    assert report.at_ward is None
    assert report.connects >= 20


async def test_the_command_ends_with_a_line_of_json_for_each_size() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wardgate_sim", "fleet", "--hubs", "5,10", "--for", "1", "--every", "0.5"),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    reports = [json.loads(line) for line in said.splitlines()]
    assert [report["hubs"] for report in reports] == [5, 10]
    assert all(report["unanswered"] == 0 for report in reports)


async def test_hubs_that_no_ward_answers_are_not_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardgate_sim.fleet.fleet.DRAIN_S", 2.0)
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    try:
        with pytest.raises(TimeoutError):
            await Fleet(Plan(hubs=3, every_s=0.2, for_s=1.0, broker=(HOST, broker.port)), tmp_path).run()
    finally:
        broker.stop()
