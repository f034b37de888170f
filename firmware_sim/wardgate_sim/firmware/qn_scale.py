"""A scale of the QN family: tells about itself, waits for the host's unit, then sends what it weighs and hangs up.

No memory. The pauses and the order of greeting and answer are guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import qn_scale
from wardgate_sim.encode.civil import Civil
from wardgate_sim.encode.qn_scale import State
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

RISING: Final = (0.4, 0.9, 1.03)
STABLE_FRAMES: Final = 4


class QnScale(Peripheral):
    """ES-30M and its relatives, on 0xFFE0 (`generation` 1) or 0xFFF0 (2)."""

    MODEL = "qn-scale"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        generation: int = 1,
        divisor: int = 100,
        air_s: float = 20.0,
        grace_s: float = 5.0,
        frame_period_s: float = 0.2,
        battery_percent: int = 100,
    ) -> None:
        self.generation = generation
        self.divisor = divisor
        self.air_s = air_s
        self.grace_s = grace_s
        self.frame_period_s = frame_period_s
        self.info_comes_late = False
        """It tells how its weights are divided only after the first stable one."""
        self.info_never_comes = False
        self._standing: Taken | None = None
        self._subscribed = asyncio.Event()
        self._greeted = asyncio.Event()
        name = "QN-Scale" if generation == 1 else "Renpho-Scale"
        super().__init__(link, address, clock, name=name, maker="QN", battery_percent=battery_percent)

    def services(self) -> list[Service]:
        """The characteristics of either generation."""
        first = self.generation == 1
        self._notify: Characteristic[bytes] = self.characteristic(0xFFE1 if first else 0xFFF1, Properties.NOTIFY)
        self._notify.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        if not first:
            shared = self.characteristic(0xFFF2, Properties.WRITE, write=self._on_command)
            return [self.service(0xFFF0, self._notify, shared)]
        misc: Characteristic[bytes] = self.characteristic(0xFFE2, Properties.INDICATE)
        unit = self.characteristic(0xFFE3, Properties.WRITE, write=self._on_command)
        time = self.characteristic(0xFFE4, Properties.WRITE, write=self._on_command)
        return [self.service(0xFFE0, self._notify, misc, unit, time)]

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(0xFFE0 if self.generation == 1 else 0xFFF0,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Step on. With nobody near, nothing is kept."""
        self._standing = self.book.take(values, at or self.clock.now())
        self.wake(self.air_s)
        return self._standing

    async def session(self, connection: Connection) -> None:
        """Tell about itself, be answered, weigh, hang up."""
        self._subscribed.clear()
        try:
            async with asyncio.timeout(self.grace_s):
                await self.while_linked(self._until_subscribed())
                self._greeted.clear()
                if not (self.info_comes_late or self.info_never_comes):
                    await self.notify(connection, self._notify, qn_scale.info(divisor=self.divisor))
                await self.while_linked(self._until_greeted())
        except TimeoutError:
            self.book.errors.append("host")
            return
        for frame in self._frames():
            await self.while_linked(asyncio.sleep(self.frame_period_s))
            await self.notify(connection, self._notify, frame)
        await self.while_linked(asyncio.sleep(self.frame_period_s))

    async def _until_subscribed(self) -> None:
        await self._subscribed.wait()

    async def _until_greeted(self) -> None:
        await self._greeted.wait()

    def _frames(self) -> Iterator[bytes]:
        if self._standing is None:
            return
        weight_kg = self._standing.values["weight"]
        for share in RISING:
            yield qn_scale.weight(weight_kg * share, State.MEASURING, divisor=self.divisor)
        yield qn_scale.weight(weight_kg * 0.98, State.SETTLING, divisor=self.divisor, resistances_ohm=(500, 501))
        stable = qn_scale.weight(weight_kg, State.STABLE, divisor=self.divisor, resistances_ohm=(509, 507))
        yield from [stable] * STABLE_FRAMES
        if self.info_comes_late:
            yield qn_scale.info(divisor=self.divisor)
        self._standing = None

    def _on_subscription(self, _bearer: object, notify: bool, _indicate: bool) -> None:
        (self._subscribed.set if notify else self._subscribed.clear)()

    def _on_command(self, value: bytes) -> None:
        if qn_scale.is_unit(value):
            self._greeted.set()
        elif len(value) == 5 and value[0] == 0x02:
            self.clock.set(Civil.from_s(Civil(2000, 1, 1, 0, 0, 0).civil_s + int.from_bytes(value[1:], "little")))
        else:
            raise ValueError(f"unknown command {value.hex()}")
