"""What the patient's screen asks of the hub."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct

from wardgate.config import Config
from wardgate.control.protocol import ControlError
from wardgate.control.server import Handler
from wardgate.indicate.home import Home
from wardgate.indicate.moment import HomeView
from wardgate.indicate.screen_key import screen_key


class ScreenKey(Struct, frozen=True, kw_only=True):
    """The answer to `screen_key`: what has to stand in the screen's address on the home's network."""

    key: str


def home_methods(home: Home, config: Config) -> dict[str, Handler]:
    """The handlers by name. A change is pushed to whoever watches as the room `home`."""

    async def view(_: dict[str, Any]) -> HomeView:
        """What stands large, and the plan of the day."""
        return home.view()

    async def key(_: dict[str, Any]) -> ScreenKey:
        """The screen's key, made when it is first asked for."""
        try:
            return ScreenKey(key=await asyncio.to_thread(screen_key, config.data_dir, config.hub.assignment))
        except OSError as error:
            raise ControlError("not-kept", "The screen's key could not be kept.", str(error)) from error

    return {"home": view, "screen_key": key}
