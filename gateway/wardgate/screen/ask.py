"""What the screen asks the hub."""

from __future__ import annotations

from pathlib import Path

from wardgate.control.client import HubAway, HubClient, connect
from wardgate.control.messages import ScreenKey
from wardgate.control.protocol import ControlError
from wardgate.indicate.moment import HomeView
from wardgate.screen.said import Seen


async def seen(hub: HubClient) -> Seen:
    """How it stands at home.

    Raises:
        HubAway: the hub has stopped answering.
    """
    try:
        return await hub.ask("home", HomeView)
    except HubAway:
        raise
    except ControlError:  # a hub without a patient has no home
        return "new"


async def seen_once(socket: Path) -> Seen:
    """The same for whoever asks once."""
    try:
        async with connect(socket) as hub:
            return await seen(hub)
    except HubAway:
        return "away"


async def screen_key(socket: Path) -> str | None:
    """The key that has to stand in the address; None while the hub does not tell it."""
    try:
        async with connect(socket) as hub:
            return (await hub.ask("screen_key", ScreenKey)).key
    except ControlError:
        return None
