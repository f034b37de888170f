"""A small fleet against a real mosquitto and a real ward: everything made is at the ward, through an outage too."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.support.certificates import Certificates
from tests.support.mosquitto import HOST, Mosquitto
from tests.support.somebodys_fleet import against
from wardgate_sim.cli import fleet as command
from wardgate_sim.fleet.fleet import Fleet, Outage, Plan
from wardgate_sim.fleet.light_hub import names
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
        plan = Plan(hubs=10, every_s=0.5, for_s=2.0, outage=Outage(0.5, 0.5), broker=broker.settings())
        report = await Fleet(plan, tmp_path).run()
    finally:
        await ward.stop()
        broker.stop()
    assert report.well
    assert report.at_ward is None
    assert report.connects >= 20


async def test_over_tls_with_a_certificate_for_each_hub(tmp_path: Path) -> None:
    """As at a ward: the broker knows each hub by its certificate, and keeps it in its own topics."""
    authority = Certificates(tmp_path / "authority")
    for name in [*names(6), "ward.consumer"]:
        authority.issue(name)
    acl = (
        "pattern write wardgate/1/%u/up/+\npattern read wardgate/1/%u/down/+\n"
        "user ward.consumer\ntopic read wardgate/1/+/up/+\ntopic write wardgate/1/+/down/ack\n"
    )
    broker = Mosquitto(tmp_path / "broker", certificates=authority, client_certificates=True, acl=acl)
    broker.start()
    own = {
        "cert_file": str(tmp_path / "authority" / "{hub}.pem"),
        "key_file": str(tmp_path / "authority" / "{hub}.key"),
    }
    consumer = {key: path.replace("{hub}", "ward.consumer") for key, path in own.items()}
    try:
        report = await against(broker.settings(**own), broker.settings(**consumer), tmp_path)
    finally:
        broker.stop()
    assert report.well
    assert report.connects >= 12


async def test_a_broker_that_lets_no_hub_in_is_told_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command's own settings file; the broker's authority is not the one that it names."""
    monkeypatch.setattr("wardgate_sim.fleet.fleet.DRAIN_S", 1.0)
    other = Certificates(tmp_path / "other")
    broker = Mosquitto(tmp_path / "broker", certificates=Certificates(tmp_path / "authority"))
    broker.start()
    file = tmp_path / "fleet.toml"
    file.write_text(f'[broker]\nhost = "localhost"\nport = {broker.port}\nca_file = "{other.ca}"\n', encoding="utf-8")
    try:
        status = await asyncio.to_thread(command.main, ["--hubs", "2", "--for", "1", "--settings", str(file)])
    finally:
        broker.stop()
    said = capsys.readouterr().err
    assert status == 1
    assert "0 of 2 hubs are connected" in said
    assert "is not to be trusted" in said


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
            await Fleet(Plan(hubs=3, every_s=0.2, for_s=1.0, broker=broker.settings()), tmp_path).run()
    finally:
        broker.stop()
