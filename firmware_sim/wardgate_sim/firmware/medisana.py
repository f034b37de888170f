"""Medisana BS444 and BS430: on the air while somebody stands on it, sends once it has been given the time.

What could not be sent is kept and goes out with the next one. How long it waits for a host, and that it hangs up by
itself after sending, is guessed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import medisana
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

SERVICE: Final = 0x78B2
WEIGHT: Final = 0x8A21
BODY: Final = 0x8A22
COMMAND: Final = 0x8A81


class MedisanaScale(Peripheral):
    """BS440 and BS444, which count from 2010."""

    MODEL = "medisana-bs444"
    PREFIX = "013197"
    EPOCH_S = medisana.EPOCH_2010_S

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        user: int = 1,
        air_s: float = 20.0,
        grace_s: float = 10.0,
        socks: bool = False,
        battery_percent: int = 100,
    ) -> None:
        self.user = user
        self.air_s = air_s
        self.grace_s = grace_s
        self.socks = socks
        self.unsent: Final[deque[Taken]] = deque()
        self.pounds = False
        """Somebody set it to pounds: how it divides them is not known."""
        self._subscribed = {WEIGHT: asyncio.Event(), BODY: asyncio.Event()}
        self._time_given = asyncio.Event()
        name = f"{self.PREFIX}{address.replace(':', '')[-6:]}"
        super().__init__(link, address, clock, name=name, maker="Transtek", battery_percent=battery_percent)

    def services(self) -> list[Service]:
        """Two that indicate, one that is written."""
        self._weight: Characteristic[bytes] = self._indicating(WEIGHT)
        self._body: Characteristic[bytes] = self._indicating(BODY)
        command = self.characteristic(COMMAND, Properties.WRITE, write=self._on_command)
        return [self.service(SERVICE, self._weight, self._body, command)]

    def _indicating(self, uuid: int) -> Characteristic[bytes]:
        made: Characteristic[bytes] = self.characteristic(uuid, Properties.INDICATE)
        on = self._subscribed[uuid]

        def changed(_bearer: object, _notify: bool, indicate: bool) -> None:
            (on.set if indicate else on.clear)()

        made.on(Characteristic.EVENT_SUBSCRIPTION, changed)
        return made

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Step on."""
        taken = self.store(values, at)
        self.wake(self.air_s)
        return taken

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A weighing that no hub came for."""
        taken = self.book.take(values, at or self.clock.now())
        self.unsent.append(taken)
        return taken

    async def session(self, connection: Connection) -> None:
        """Wait for the host's subscriptions and its time, send, hang up."""
        for event in (*self._subscribed.values(), self._time_given):
            event.clear()
        try:
            async with asyncio.timeout(self.grace_s):
                await self.while_linked(self._ready())
        except TimeoutError:
            self.book.errors.append("time")
            return
        for taken in list(self.unsent):
            await self.indicate(connection, self._weight, self.encode(taken))
            self.unsent.remove(taken)
            self.book.acknowledged.append(taken)
            if not self.socks:
                await self.indicate(connection, self._body, self._composition(taken))

    async def _ready(self) -> None:
        for event in (*self._subscribed.values(), self._time_given):
            await event.wait()

    def encode(self, taken: Taken) -> bytes:
        """The weight."""
        return medisana.weight(
            taken.values["weight"],
            taken.device_time,
            user=self.user,
            epoch_s=self.EPOCH_S,
            unit=int(self.pounds),
        )

    def _composition(self, taken: Taken) -> bytes:
        return medisana.body(
            taken.device_time,
            user=self.user,
            kcal=2000,
            fat_pct=24.5,
            water_pct=55.0,
            muscle_pct=40.1,
            bone_kg=3.1,
            epoch_s=self.EPOCH_S,
        )

    def _on_command(self, value: bytes) -> None:
        self.clock.set(medisana.read_clock(value, self.EPOCH_S))
        self._time_given.set()


class MedisanaBs430(MedisanaScale):
    """BS430, which counts from 1970."""

    MODEL = "medisana-bs430"
    PREFIX = "0203B1"
    EPOCH_S = medisana.EPOCH_1970_S
