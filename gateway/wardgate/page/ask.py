"""What the page asks the hub: status, and the series its charts need."""

from __future__ import annotations

from pathlib import Path

from wardgate.control.client import HubClient, connect
from wardgate.control.messages import Series
from wardgate.page.render import CHANNELS, Snapshot


async def snapshot(socket: Path, days: int) -> Snapshot:
    """Everything a page needs.

    Raises:
        ControlError: the hub does not answer, or cannot; the error has the sentence for a person.
    """
    async with connect(socket) as hub:
        return Snapshot(await hub.status(), await series(hub, days), days)


async def series(hub: HubClient, days: int) -> dict[str, Series]:
    """Every channel's readings of so many days."""
    return {channel: await hub.call("series", channel=channel, days=days) for channel in CHANNELS}
