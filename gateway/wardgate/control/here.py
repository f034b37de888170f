"""The devices of this home, those that were added a moment ago with them."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.capture.devices import Known
from wardgate.config import Device
from wardgate.control.desk import Desk
from wardgate.control.protocol import ControlError
from wardgate.control.view import View

SOON_S: Final = 4.0
"""A hub starts anew sooner, unless it is talking to a device just then."""


class NoParams(Struct, forbid_unknown_fields=True):
    """A question needs no more than its name."""


class Here:
    """Between an act and the hub's start with it, what is set up and what is listened to differ."""

    def __init__(self, desk: Desk, view: View) -> None:
        self._desk = desk
        self._view = view
        added = {kept.id for kept in desk.record.device}
        self._by_file: Final = tuple(d for d in view.config.device if d.id not in added)

    def devices(self) -> tuple[Device, ...]:
        """What is set up: the devices of the hub's own file, then those that were added."""
        kept = [msgspec.convert(msgspec.to_builtins(device), Device) for device in self._desk.record.device]
        return (*self._by_file, *kept)

    def known(self, device: str) -> Known | None:
        """A device that the hub listens to now."""
        places = {d.id: (d.address, d.port) for d in self.devices()}
        return next(
            (
                known
                for known in self._view.devices.known
                if known.id == device and places.get(device) == (known.device.address, known.device.port)
            ),
            None,
        )

    async def heard_soon(self, device: str) -> Known:
        """As `listened_to`. One that was added a moment ago is waited for: the hub that hears it is about to start.

        Whoever asked loses this connection then, and asks again.
        """
        if self.known(device) is None and device in {d.id for d in self.devices()}:
            await asyncio.sleep(SOON_S)
        return self.listened_to(device)

    def listened_to(self, device: str) -> Known:
        """A device that the hub listens to now.

        Raises:
            ControlError: there is none of this name, or not yet.
        """
        known = self.known(device)
        if known is not None:
            return known
        ids = [d.id for d in self.devices()]
        if device in ids:
            raise ControlError("not-yet", f"The hub does not hear the {device} yet.", "Try again in a few seconds.")
        names = ", ".join(ids) or "none"
        raise ControlError("no-such-device", "This home has no such device.", f"These are here: {names}.")
