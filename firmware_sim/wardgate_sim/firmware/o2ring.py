"""Viatom/Wellue O2Ring: answers requests while it is worn and for a while after; its replies span notifications.

It serves one host at a time and speaks only when it is asked. Night files are not simulated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import oximeters
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.finger_oximeter import PERFUSION_PCT, SEARCHING_SECONDS, cut
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

SERVICE: Final = "14839ac4-7d7e-415c-9a42-167340cf2339"
REPLIES: Final = "0734594a-a8e7-4b1a-a6b1-cd5243059a57"
REQUESTS: Final = "8b00ace7-eb0b-49b0-bbe9-9aee0a26e1a3"
READ_VALUES: Final = 0x17
UNKNOWN_COMMAND: Final = 0xE0
NOTIFICATION: Final = 20


class O2Ring(Peripheral):
    """A ring."""

    MODEL = "viatom-o2ring"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        worn_s: float = 60.0,
        off_s: float = 20.0,
        serial: str = "2106",
        battery_percent: int = 80,
    ) -> None:
        self.worn_s = worn_s
        self.off_s = off_s
        """How long it stays on after it was taken off."""
        self._worn: Taken | None = None
        self._since_s = 0.0
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()
        super().__init__(
            link,
            address,
            clock,
            name=f"O2Ring {serial}",
            maker="Viatom",
            serial=serial,
            battery_percent=battery_percent,
        )

    def services(self) -> list[Service]:
        """Requests in, replies out."""
        self._replies: Characteristic[bytes] = self.characteristic(REPLIES, Properties.NOTIFY)
        requests = self.characteristic(
            REQUESTS, Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE, write=self._requests.put_nowait
        )
        return [self.service(SERVICE, self._replies, requests)]

    def advertising_data(self) -> bytes:
        """Its service, which cuffs of the same maker have as well; the name is in the scan response."""
        return advertisement(service_uuids=(SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Put it on for `worn_s`."""
        self._worn = self.book.take(values, at or self.clock.now())
        self._since_s = asyncio.get_running_loop().time()
        self.wake(self.worn_s + self.off_s)
        return self._worn

    async def session(self, connection: Connection) -> None:
        """Answer until it turns itself off. A lost host may come again meanwhile."""
        try:
            while (left_s := self._on_until_s - asyncio.get_running_loop().time()) > 0:
                request = await self.while_linked(self._next_request(left_s))
                if request is not None:
                    for piece in cut(self._answer(request), NOTIFICATION):
                        await self.notify(connection, self._replies, piece)
        except LinkLost:
            left_s = self._on_until_s - asyncio.get_running_loop().time()
            if left_s > 0:
                self.wake(left_s)
            raise

    @property
    def _on_until_s(self) -> float:
        return self._since_s + self.worn_s + self.off_s

    async def _next_request(self, within_s: float) -> bytes | None:
        try:
            async with asyncio.timeout(within_s):
                return await self._requests.get()
        except TimeoutError:
            return None

    def _answer(self, request: bytes) -> bytes:
        if not oximeters.is_viatom_request(request) or request[1] != READ_VALUES:
            return oximeters.viatom_reply(b"", status=UNKNOWN_COMMAND)
        return oximeters.viatom_reply(self._live())

    def _live(self) -> bytes:
        worn_for_s = asyncio.get_running_loop().time() - self._since_s
        worn = self._worn is not None and worn_for_s < self.worn_s
        if self._worn is None or not worn or worn_for_s < SEARCHING_SECONDS * self.worn_s / 60:
            return oximeters.viatom_live(0, 0, battery=self.battery_percent, perfusion_pct=0, worn=worn)
        values = self._worn.values
        return oximeters.viatom_live(
            round(values["spo2"]),
            round(values["pulse"]),
            battery=self.battery_percent,
            perfusion_pct=PERFUSION_PCT,
            worn=True,
        )
