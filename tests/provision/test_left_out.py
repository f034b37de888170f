"""A device that nobody can try out is left out with a reason; of one device at least the ward has a test reading."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.table import Table
from wardgate.cli.provision import main
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import LEFT_OUT, Audit
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link

DEVICES = """
[[device]]
id = "scale"
model = "and-uc-352ble"
address = "F0:00:00:00:00:01"
[[device]]
id = "cuff"
model = "and-ua-651ble"
address = "F0:00:00:00:00:02"
"""


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path, Link(), LeapClock(), more=DEVICES)


async def missing(table: Table) -> list[str]:
    return [gap.key for gap in (await table.installation()).missing]


async def refused(table: Table, **params: object) -> str:
    with pytest.raises(ControlError) as error:
        await table.do("leave_out", **params)
    return error.value.key


async def test_it_is_kept_with_its_reason_and_told_once(table: Table) -> None:
    async with table.running():
        assert await missing(table) == ["test-scale", "test-cuff", "limits"]
        revision = table.record.revision
        for _ in range(2):
            await table.do("leave_out", device="cuff", reason="nobody-can", revision=revision)
        assert await missing(table) == ["test-scale", "limits"]
        told = [e.sentence for e in (await table.ask("audit", Audit, limit=50)).entries if e.what == "test-left-out"]
        assert told == ["The cuff was not tried out. Nobody here can use it today."]
    async with table.running():
        assert (await table.device("cuff")).left_out == LEFT_OUT["nobody-can"]
        assert await missing(table) == ["test-scale", "limits"]


async def test_one_at_least_is_tried_out(table: Table) -> None:
    async with table.running():
        for device in ("scale", "cuff"):
            await table.do("leave_out", device=device, reason="not-ready")
        assert await missing(table) == ["test", "limits"]
    table.expect(tested={"scale": table.clock.utc()})
    async with table.running():
        assert await missing(table) == ["limits"]


async def test_what_cannot_be_left_out(table: Table) -> None:
    async with table.running():
        assert await refused(table, device="cuff", reason="Mrs Smith is asleep") == "bad-request"
        assert await refused(table, device="belt", reason="not-ready") == "no-such-device"
        assert await refused(table, device="cuff", reason="not-ready", revision=99) == "stale"
        assert table.record.left_out == {}
    table.expect(stage="locked")
    async with table.running():
        assert await refused(table, device="cuff", reason="not-ready") == "locked"


async def test_by_command_line(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    async with table.running():
        words = ["leave-out", "cuff", "nobody-can", "--config", str(table.file)]
        assert await asyncio.to_thread(main, words) == 0
        assert capsys.readouterr().out == "The cuff is left out. Nobody here can use it today.\n"
        assert (await table.device("cuff")).left_out == LEFT_OUT["nobody-can"]
        assert await asyncio.to_thread(main, ["status", "--config", str(table.file)]) == 0
        assert "Device cuff: UA-651BLE; left out. Nobody here can use it today." in capsys.readouterr().out
