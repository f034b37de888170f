"""Yonker YK-IBPA1: tells its result to a host that connects and subscribes after the measurement.

Sometimes an older result comes first; when, nobody knows. Its clock cannot be set. How long it stays on the air, and
that it keeps only its last two results for a host, is guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import yonker
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link


class YonkerCuff(Peripheral):
    """A cuff for the upper arm."""

    MODEL = "yonker-yk-ibpa1"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = 30.0,
        linger_s: float = 3.0,
        older_first: bool = False,
        battery_percent: int = 100,
    ) -> None:
        self.air_s = air_s
        self.linger_s = linger_s
        """After its results it stays for so long."""
        self.older_first = older_first
        self._last: Taken | None = None
        self._older: Taken | None = None
        self._subscribed = asyncio.Event()
        super().__init__(link, address, clock, name="YK-IBPA1", maker="Yonker", battery_percent=battery_percent)

    def services(self) -> list[Service]:
        """Its own service."""
        self._result: Characteristic[bytes] = self.characteristic(yonker.RESULT, Properties.NOTIFY)
        self._result.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        return [self.service(yonker.SERVICE, self._result)]

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(yonker.SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure: the cuff comes on the air with the result."""
        taken = self.store(values, at)
        self.wake(self.air_s)
        return taken

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement that no host came for."""
        self._older, self._last = self._last, self.book.take(values, at or self.clock.now())
        return self._last

    async def session(self, connection: Connection) -> None:
        """The result, once a host has subscribed. One that was lost may come again while the cuff is on."""
        try:
            await self._tell(connection)
        except LinkLost:
            left_s = self._air_until_s - asyncio.get_running_loop().time()
            if left_s > 0 and not self.hung_up_on:
                self.wake(left_s)
            raise

    async def _tell(self, connection: Connection) -> None:
        self._subscribed.clear()
        async with asyncio.timeout(self.air_s):
            await self.while_linked(self._subscribed.wait())
        for taken in (self._older if self.older_first else None, self._last):
            if taken is not None:
                await self.notify(connection, self._result, yonker.result(taken.values, taken.device_time))
        await self.while_linked(asyncio.sleep(self.linger_s))

    def _on_subscription(self, _bearer: object, notify: bool, _indicate: bool) -> None:
        (self._subscribed.set if notify else self._subscribed.clear)()
