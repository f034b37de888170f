"""What the patient's screen asks of the hub."""

from __future__ import annotations

import asyncio
from typing import Any

from wardgate.config import Config
from wardgate.control.messages import ScreenKey
from wardgate.control.protocol import ControlError
from wardgate.control.server import Handler
from wardgate.indicate.home import Home
from wardgate.indicate.moment import HomeView
from wardgate.indicate.screen_address import address
from wardgate.indicate.screen_key import screen_key


def home_methods(home: Home, config: Config) -> dict[str, Handler]:
    """The handlers by name. A change is pushed to whoever watches as the room `home`."""

    async def view(_: dict[str, Any]) -> HomeView:
        """What stands large, and the plan of the day."""
        return home.view()

    async def key(_: dict[str, Any]) -> ScreenKey:
        """The screen's key, made when it is first asked for."""
        try:
            return await asyncio.to_thread(_key, config)
        except OSError as error:
            raise ControlError("not-kept", "The screen's key could not be kept.", str(error)) from error

    return {"home": view, "screen_key": key}


def _key(config: Config) -> ScreenKey:
    key, screen = screen_key(config.data_dir, config.hub.assignment), config.screen
    return ScreenKey(key=key, address=address(screen, screen.port, key) if screen.listen and screen.port else "")
