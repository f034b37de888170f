"""`/setup/status`: the status of the hub behind the technician's sign-in, kept live."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wardgate.control.client import connect
from wardgate.control.messages import Status
from wardgate.faces.assets import Assets
from wardgate.page.after.pages import has_patient
from wardgate.page.ask import series
from wardgate.page.render import DEFAULT_DAYS, SPANS, Renderer, Snapshot
from wardgate.page.setup.step import NoSuchPage, Shown, Visit
from wardgate.page.verdict import verdict

PAGES: Final = "/setup/device"
_CHARTS_S: Final = 60.0
"""The time axis of the charts moves this often, when no message moves it sooner."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Charts, and what they were drawn from."""

    parts: Mapping[str, str]
    stored: int
    at_s: float


class StatusPage:
    """Charts are drawn when something was stored, and once a minute; the rest whenever the page is looked at."""

    number: Final = 0
    name: Final = "status"
    title: Final = "Status"

    def __init__(self) -> None:
        self._renderer = Renderer(Assets("wardgate.page"))
        self._drawn: dict[tuple[str, int], _Drawn] = {}

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        if visit.path or not has_patient(visit.seen):
            raise NoSuchPage
        days = _days(visit.query)
        status = await visit.ask("status", Status)
        parts = await asyncio.to_thread(self._renderer.state, status, visit.times, PAGES)
        charts = await self._charts(visit, status, days)
        first = verdict(status)
        return Shown(
            template="after/status.html",
            title=first.headline,
            said=first.said,
            context={"days": days, "spans": SPANS},
            drawn={**parts, **charts},
            query=f"days={days}",
        )

    async def act(self, visit: Visit, act: str) -> str:
        """There is nothing to be done on this page."""
        raise NoSuchPage

    async def _charts(self, visit: Visit, status: Status, days: int) -> Mapping[str, str]:
        key = (visit.seen.patient or "", days)
        known, now_s = self._drawn.get(key), time.monotonic()
        if known is not None and known.stored == status.delivery.stored and now_s - known.at_s < _CHARTS_S:
            return known.parts
        async with connect(visit.hub.socket) as hub:
            snapshot = Snapshot(status, await series(hub, days), days)
        drawn = _Drawn(await asyncio.to_thread(self._renderer.charts, snapshot), status.delivery.stored, now_s)
        self._drawn = {k: v for k, v in self._drawn.items() if k[0] == key[0]} | {key: drawn}
        return drawn.parts


def _days(query: Mapping[str, str]) -> int:
    """One of the spans; anything else is the usual one, since an address is nobody's fault."""
    asked = query.get("days", "")
    return int(asked) if asked in map(str, SPANS) else DEFAULT_DAYS
