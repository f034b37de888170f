"""What the patient's screen asks of the hub."""

from __future__ import annotations

from typing import Any

from wardgate.control.server import Handler
from wardgate.indicate.home import Home
from wardgate.indicate.moment import HomeView


def home_methods(home: Home) -> dict[str, Handler]:
    """The handlers by name. A change is pushed to whoever watches as the room `home`."""

    async def view(_: dict[str, Any]) -> HomeView:
        """What stands large, and the plan of the day."""
        return home.view()

    return {"home": view}
