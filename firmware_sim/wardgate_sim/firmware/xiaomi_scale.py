"""Xiaomi's scales: broadcast only. The number still moves, stands, repeats for seconds, then the load is taken off."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping
from typing import Final

from bumble.device import Connection
from bumble.gatt import Service

from wardgate_sim.encode import xiaomi
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Peripheral, advertisement
from wardgate_sim.radio import Link

MOVING_SHARES: Final = (0.55, 0.93)
"""How much of the weight shows while the person is stepping on."""


class XiaomiScale(Peripheral):
    """Mi Scale (`generation` 1) or Mi Body Composition Scale (2)."""

    MODEL = "xiaomi-scale"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        generation: int = 2,
        unit: xiaomi.Unit = xiaomi.Unit.KG,
        repeat_s: float = 5.0,
        moving_s: float = 0.5,
    ) -> None:
        self.generation = generation
        self.unit = unit
        self.repeat_s = repeat_s
        self.moving_s = moving_s
        self._service_data = b""
        self._sequence: asyncio.Task[None] | None = None
        name = "MI_SCALE" if generation == 1 else "MIBFS"
        super().__init__(link, address, clock, name=name, maker="Xiaomi")

    def services(self) -> list[Service]:
        """None that matters: nobody connects."""
        return []

    def advertising_data(self) -> bytes:
        """The weight itself, as service data."""
        uuid = 0x181D if self.generation == 1 else 0x181B
        return advertisement(service_uuids=(uuid,), service_data=(uuid, self._service_data))

    async def session(self, connection: Connection) -> None:
        """Whoever connects is sent away."""

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Step on: `weight` in kg, whatever the scale is set to; with `impedance` (ohm) where it has that."""
        taken = self.book.take(values, at or self.clock.now())
        await self.asleep()
        self._sequence = asyncio.create_task(self._broadcast(taken), name=f"{self.name} broadcast")
        return taken

    async def asleep(self) -> None:
        """Done when the display is dark again."""
        if self._sequence is not None:
            await asyncio.shield(self._sequence)

    async def stop(self) -> None:
        """Take the batteries out."""
        if self._sequence is not None:
            self._sequence.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sequence
        await super().stop()

    async def _broadcast(self, taken: Taken) -> None:
        moving = zip(MOVING_SHARES, itertools.repeat((False, False)), itertools.repeat(self.moving_s), strict=False)
        settled = ((1.0, (True, False), self.repeat_s), (1.0, (True, True), self.moving_s))
        try:
            for share, (stabilised, removed), period_s in itertools.chain(moving, settled):
                self._service_data = self._encode(taken, share, stabilised=stabilised, removed=removed)
                await self.advertise()
                await asyncio.sleep(period_s)
        finally:
            await self.gatt.stop_advertising()

    def _encode(self, taken: Taken, share: float, *, stabilised: bool, removed: bool) -> bytes:
        per_kg = {xiaomi.Unit.KG: 1.0, xiaomi.Unit.LB: 1 / 0.45359237, xiaomi.Unit.JIN: 2.0}[self.unit]
        weight = taken.values["weight"] * share * per_kg
        at = taken.device_time
        if self.generation == 1:
            return xiaomi.scale_v1(weight, at, unit=self.unit, stabilised=stabilised, removed=removed)
        ohm = taken.values.get("impedance") if stabilised else None
        return xiaomi.scale_v2(
            weight,
            at,
            unit=self.unit,
            stabilised=stabilised,
            removed=removed,
            impedance_ohm=None if ohm is None else round(ohm),
        )
