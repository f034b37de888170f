"""Nonin 3230: its radio is on while a finger is in, one frame a second, no memory, no bond needed.

The "complete" command from the host shows a tick and turns the radio off. How long it goes on advertising after the
finger has left is not published; here it stops at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import nonin
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

SERVICE: Final = "46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"
OXIMETRY: Final = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"
CONTROL_POINT: Final = "1447af80-0d60-11e2-88b6-0002a5d5c51b"
COMPLETE: Final = b"\x62NMI"
SEARCHING_FRAMES: Final = 2
SETTLING_FRAMES: Final = 3
"""Frames with values that the device does not yet call good."""


class Nonin3230(Peripheral):
    """A finger-tip oximeter."""

    MODEL = "nonin-3230"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        finger_s: float = 40.0,
        frame_period_s: float = 1.0,
        serial: str = "502000001",
        battery_percent: int = 100,
    ) -> None:
        self.finger_s = finger_s
        self.frame_period_s = frame_period_s
        self._finger: Taken | None = None
        self._finger_out_s = 0.0
        self._counter = 0
        self._subscribed = asyncio.Event()
        self._complete = asyncio.Event()
        super().__init__(
            link,
            address,
            clock,
            name=f"Nonin3230_{serial}",
            maker="Nonin Medical, Inc.",
            serial=serial,
            battery_percent=battery_percent,
        )

    def services(self) -> list[Service]:
        """Nonin's oximetry service."""
        self._oximetry: Characteristic[bytes] = self.characteristic(OXIMETRY, Properties.NOTIFY)
        self._oximetry.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        control = self.characteristic(CONTROL_POINT, Properties.WRITE | Properties.INDICATE, write=self._on_command)
        return [self.service(SERVICE, self._oximetry, control)]

    def advertising_data(self) -> bytes:
        """Nonin's service; the name is in the scan response."""
        return advertisement(service_uuids=(SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Put a finger in for `finger_s`."""
        self._finger = self.book.take(values, at or self.clock.now())
        self._finger_out_s = asyncio.get_running_loop().time() + self.finger_s
        self._counter = 0
        self._complete.clear()
        self.wake(self.finger_s)
        return self._finger

    async def session(self, connection: Connection) -> None:
        """A frame each period until the host says "complete" or the finger is out. A host that is lost may come again
        as long as the finger is in."""
        self._subscribed.clear()
        try:
            while self._finger_left_s > 0:
                await self.while_linked(self._pause())
                if self._complete.is_set():
                    return
                self._counter += 1
                if self._subscribed.is_set():
                    await self.notify(connection, self._oximetry, self._frame(self._counter))
            await self.notify(connection, self._oximetry, self._no_finger(self._counter + 1))
        except LinkLost:
            if self._finger_left_s > 0:
                self.wake(self._finger_left_s)
            raise

    @property
    def _finger_left_s(self) -> float:
        return self._finger_out_s - asyncio.get_running_loop().time()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self.frame_period_s):
                await self._complete.wait()
        except TimeoutError:
            pass

    def _frame(self, counter: int) -> bytes:
        taken = self._finger
        if taken is None or counter <= SEARCHING_FRAMES:
            return self._no_values(counter, nonin.Status19.SEARCHING | nonin.Status19.FINGER_SEATED)
        good = counter > SEARCHING_FRAMES + SETTLING_FRAMES
        status = nonin.Status19.FINGER_SEATED | (nonin.Status19.SMARTPOINT if good else nonin.Status19(0))
        return nonin.format_19(
            status,
            battery_v=self._battery_v,
            amplitude_pct=taken.values.get("perfusion", 4.0),
            counter=counter,
            spo2=round(taken.values["spo2"]),
            pulse=round(taken.values["pulse"]),
        )

    def _no_finger(self, counter: int) -> bytes:
        return self._no_values(counter, nonin.Status19(0))

    def _no_values(self, counter: int, status: nonin.Status19) -> bytes:
        return nonin.format_19(
            status, battery_v=self._battery_v, amplitude_pct=0, counter=counter, spo2=None, pulse=None
        )

    @property
    def _battery_v(self) -> float:
        return 2.0 + self.battery_percent / 100

    def _on_subscription(self, _bearer: object, notify: bool, _indicate: bool) -> None:
        (self._subscribed.set if notify else self._subscribed.clear)()

    def _on_command(self, value: bytes) -> None:
        if value == COMPLETE and self._finger is not None:
            self.book.acknowledged.append(self._finger)
            self._finger = None
            self._complete.set()
