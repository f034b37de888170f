"""The report for support, made on the hub and handed to whoever looks after it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wardgate.control.desk import ActParams, checked, told
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Report
from wardgate.control.server import Handler
from wardgate.control.view import View
from wardgate.store.audit import Audit


class Reporting:
    """One report at a time.

    Args:
        write: writes a report into a file, in a thread; None where there is no such program.
    """

    def __init__(self, view: View, write: Callable[[Path], None] | None) -> None:
        self._view = view
        self._write = write
        self._audit = Audit(view.store, view.clock)
        self._one_at_a_time = asyncio.Lock()

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {"report": told(self.report)}

    async def report(self, params: dict[str, Any]) -> Report:
        """Make one. It leaves nothing on the disk but its line in the audit."""
        asked = checked(params, ActParams)
        if self._write is None:
            raise ControlError(
                "no-report", "This hub has no program that makes a report.", "Run on it: wardgate support-bundle"
            )
        async with self._one_at_a_time:
            with tempfile.TemporaryDirectory(dir=self._view.config.data_dir, prefix="report-") as directory:
                out = Path(directory) / "report.zip"
                await asyncio.to_thread(self._write, out)
                data = await asyncio.to_thread(out.read_bytes)
            await self._audit.note("report-made", asked.by, "A report for support was made.", bytes=len(data))
        now = self._view.clock.utc()
        return Report(name=f"wardgate-support-{now:%Y%m%d-%H%M%S}.zip", data=data)
