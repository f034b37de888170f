"""A small fleet on a broker that it has not started."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path

from wardgate.config import Broker
from wardgate.ward import Ward
from wardgate_sim.fleet.fleet import Fleet, Outage, Plan, Report


async def against(broker: Broker, ward_broker: Broker, directory: Path) -> Report:
    """It lives through an outage, its ward is in this process, and all of it is there once."""
    ward = Ward(ward_broker, directory / "ward.db", name="ward.consumer")
    serving = asyncio.create_task(ward.run())
    try:
        async with asyncio.timeout(30):
            await ward.connected.wait()
        plan = Plan(hubs=6, every_s=0.3, for_s=2.0, outage=Outage(0.5, 0.5), broker=broker)
        report = await Fleet(plan, directory).run()
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    with closing(sqlite3.connect(directory / "ward.db")) as kept:
        rows = kept.execute("SELECT count(*), count(DISTINCT hub || id) FROM readings").fetchone()
    assert rows == (report.made, report.made)
    return report
