"""The scale itself, simulated."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bumble.device import Connection
from bumble.gatt import Service

from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

SERVICE = "acce0001-0d5f-11e2-8b5e-0002a5d5c51b"
WEIGHT = "acce0002-0d5f-11e2-8b5e-0002a5d5c51b"


class AcmeScale(Peripheral):
    """On the air after somebody stood on it; sends that weight once and hangs up."""

    MODEL = "acme-scale"

    def __init__(self, link: Link, address: str, clock: DeviceClock) -> None:
        self._ready = asyncio.Event()
        super().__init__(link, address, clock, name="Acme", maker="Acme")

    def services(self) -> list[Service]:
        """One characteristic."""
        self._weight = self.characteristic(WEIGHT, Properties.INDICATE)
        self._weight.on(self._weight.EVENT_SUBSCRIPTION, lambda *_: self._ready.set())
        return [self.service(SERVICE, self._weight)]

    def advertising_data(self) -> bytes:
        """Its service."""
        return advertisement(service_uuids=(SERVICE,))

    async def take(self, values: Mapping[str, float]) -> Taken:
        """Somebody stands on it."""
        taken = self.book.take(values, self.clock.now())
        self.wake(30.0)
        return taken

    async def session(self, connection: Connection) -> None:
        """Send what was taken last."""
        self._ready.clear()
        await self.while_linked(self._ready.wait())
        steps = round(self.book.taken[-1].values["weight"] * 10)
        head = bytes([0xAC]) + steps.to_bytes(2, "big")
        await self.indicate(connection, self._weight, head + bytes([sum(head) & 0xFF]))
        self.book.acknowledged.append(self.book.taken[-1])
