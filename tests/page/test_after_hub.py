"""What the hub tells the pages for afterwards: unsent readings of each device, the audit in pages, the report."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.home import device, status
from tests.support.table import Table
from tests.support.watching import make_reading
from wardgate.cli.support_bundle import write
from wardgate.config import load
from wardgate.contract.messages import DeviceBlock
from wardgate.control.messages import CertificateView, Status
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Audit, Report
from wardgate.hub import Hub
from wardgate.page.delivery import hub_rows
from wardgate_sim.backend import open_hub
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link

SCALE = '[[device]]\nid = "scale"\nmodel = "and-uc-352ble"\naddress = "F0:00:00:00:00:01"\n'


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path, Link(), LeapClock(), more=SCALE)


async def served(table: Table, report: Callable[[Path], None] | None) -> AsyncIterator[Hub]:
    async with open_hub(table.link) as backend:
        hub = Hub(load(table.file), clock=table.clock, backend=backend, report=report)
        await hub.start()
        try:
            yield hub
        finally:
            await hub.stop()


async def test_a_reading_counts_as_unsent_until_the_ward_has_it(table: Table) -> None:
    async def unsent() -> int:
        return (await table.ask("status", Status)).devices[0].unsent

    async with table.running():
        assert await unsent() == 0
        now = table.clock.utc()
        seqs = []
        for minutes in (2, 1):
            reading = make_reading("weight", now - timedelta(minutes=minutes), weight=71.4)
            reading = replace(reading, device=DeviceBlock(id="scale", model="and-uc-352ble"))
            put = await table.hub.store.put_reading(reading, arrival_s=now.timestamp() - 60 * minutes)
            seqs.append(put.seq)
        assert await unsent() == 2
        assert await table.hub.store.park(seqs[0], "the broker refuses it")
        assert await unsent() == 2, "one that was set aside is not at the ward either"
        await table.hub.store.mark_done(seqs[1])
        assert await unsent() == 1


async def test_the_audit_is_told_in_pages(table: Table) -> None:
    async with table.running():
        for n in range(1, 8):
            await table.hub.chronicle._audit.note("x", "page", f"Act {n}.")
        newest = await table.ask("audit", Audit, limit=3)
        older = await table.ask("audit", Audit, limit=3, before=newest.entries[-1].number)
        numbers = [entry.number for entry in (*newest.entries, *older.entries)]
        assert numbers == list(range(numbers[0], numbers[0] - 6, -1))
        assert (await table.ask("audit", Audit, limit=3, before=1)).entries == ()
        with pytest.raises(ControlError, match="cannot be used"):
            await table.ask("audit", Audit, before=0)


async def test_the_report_is_whole_and_leaves_nothing_but_its_line(table: Table) -> None:
    def made(out: Path) -> None:
        write(out, load(table.file), table.file)

    async for _ in served(table, made):
        report = await table.ask("report", Report)
        with zipfile.ZipFile(io.BytesIO(report.data)) as found:
            assert {"about.json", "configuration.json", "status.json"} <= set(found.namelist())
            assert "Copper Heron 93" not in "".join(found.read(name).decode() for name in found.namelist())
        assert report.name.endswith(".zip")
        (line,) = [e for e in (await table.ask("audit", Audit)).entries if e.what == "report-made"]
        assert (line.by, line.detail["bytes"]) == ("page", len(report.data))
        assert [p.name for p in (table.directory / "data").iterdir() if p.name.startswith("report")] == []


async def test_a_hub_that_makes_no_report_says_so(table: Table) -> None:
    async for _ in served(table, None):
        with pytest.raises(ControlError) as caught:
            await table.ask("report", Report)
        assert caught.value.key == "no-report"


@pytest.mark.parametrize(
    ("changes", "value", "note"),
    [
        ({"days_left": 61.4, "renews_itself": True}, "Good", "61 days left, renews itself"),
        ({"days_left": 1.0}, "Good", "1 day left"),
        ({"days_left": None, "renews_itself": True}, "Not known yet", ""),
        ({"days_left": 9.0, "problem": "The ward does not answer."}, "Not renewed yet", "9 days left"),
    ],
)
def test_the_certificate_is_among_the_hubs_rows(changes: dict[str, object], value: str, note: str) -> None:
    certificate = CertificateView(not_after=datetime(2027, 1, 1, tzinfo=UTC), **changes)  # type: ignore[arg-type]
    seen = status(devices=(device("scale"),), hub_certificate=certificate)
    (row,) = [row for row in hub_rows(seen.hub, seen.delivery) if row.label == "Certificate"]
    assert row.value == value
    assert note in row.note
    plain = status()
    assert not any(row.label == "Certificate" for row in hub_rows(plain.hub, plain.delivery))
