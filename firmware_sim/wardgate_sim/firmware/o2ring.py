"""Viatom/Wellue O2Ring: answers requests while it is worn and for a while after; its replies span notifications.

It serves one host at a time and speaks only when it is asked. Each time that it is worn it makes a recording, which is
there once it was taken off and stays. A recording begins with its first values: how long it takes to find them, and how
large the pieces of a file are, is not published.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import oximeters, viatom_nights
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.finger_oximeter import PERFUSION_PCT, SEARCHING_SECONDS, cut
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

SERVICE: Final = "14839ac4-7d7e-415c-9a42-167340cf2339"
REPLIES: Final = "0734594a-a8e7-4b1a-a6b1-cd5243059a57"
REQUESTS: Final = "8b00ace7-eb0b-49b0-bbe9-9aee0a26e1a3"
UNKNOWN_COMMAND: Final = 0xE0
NOTIFICATION: Final = 20
PIECE: Final = 400
"""Of a file, in one reply."""
STEP_S: Final = 4
"""From one sample of a recording to the next."""
NO_SUCH_FILE: Final = 0xE1


class Command(IntEnum):
    """What it answers to."""

    FILE_OPEN = 0x03
    FILE_READ = 0x04
    FILE_CLOSE = 0x05
    INFO = 0x14
    READ_VALUES = 0x17


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
        self._since_s = self._on_until_s = 0.0
        self.recordings: dict[str, bytes] = {}
        """By name, oldest first. Reading takes nothing away."""
        self.commands: list[int] = []
        """All that it was ever asked."""
        self.deaf_to: set[int] = set()
        """Commands that it does not answer."""
        self._open: bytes | None = None
        self._written = b""
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
        requests = self.characteristic(REQUESTS, Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE, write=self._hear)
        return [self.service(SERVICE, self._replies, requests)]

    def advertising_data(self) -> bytes:
        """Its service, which cuffs of the same maker have as well; the name is in the scan response."""
        return advertisement(service_uuids=(SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Put it on for `worn_s`."""
        self._finish_recording()
        self._worn = self.book.take(values, at or self.clock.now())
        self._since_s = asyncio.get_running_loop().time()
        self.stay_on(self.worn_s + self.off_s)
        return self._worn

    def stay_on(self, on_s: float) -> None:
        """Be on the air for so long, worn or not, also again after a lost link."""
        self._on_until_s = asyncio.get_running_loop().time() + on_s
        self.wake(on_s)

    def store(self, values: Mapping[str, float], at: Civil | None = None, *, worn_s: float = 60.0) -> Taken:
        """It was worn while no hub was near."""
        taken = self.book.take(values, at or self.clock.now())
        sample = (round(values["spo2"]), round(values["pulse"]))
        self.record(taken.device_time, [sample] * int(worn_s / STEP_S))
        return taken

    def record(self, start: Civil, samples: Sequence[viatom_nights.Sample]) -> None:
        """Keep a recording; of less than a sample there is none."""
        if samples:
            self.recordings[viatom_nights.name(start)] = viatom_nights.recording(start, samples, STEP_S)

    def _finish_recording(self) -> None:
        """Once it was taken off."""
        if self._worn is not None and asyncio.get_running_loop().time() - self._since_s >= self.worn_s:
            values = self._worn.values
            sample = (round(values["spo2"]), round(values["pulse"]))
            self.record(self._worn.device_time, [sample] * int(self.worn_s / STEP_S))
            self._worn = None

    async def session(self, connection: Connection) -> None:
        """Answer until it turns itself off. A lost host may come again meanwhile."""
        self._written, self._open = b"", None
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

    async def _next_request(self, within_s: float) -> bytes | None:
        try:
            async with asyncio.timeout(within_s):
                return await self._requests.get()
        except TimeoutError:
            return None

    def _hear(self, value: bytes) -> None:
        """A piece of a request."""
        self._written += value
        while len(self._written) >= 8:
            size = 8 + int.from_bytes(self._written[5:7], "little")
            if len(self._written) < size:
                break
            self._requests.put_nowait(self._written[:size])
            self._written = self._written[size:]

    def _answer(self, request: bytes) -> bytes:
        if not oximeters.is_viatom_request(request):
            return oximeters.viatom_reply(b"", status=UNKNOWN_COMMAND)
        command, block = request[1], int.from_bytes(request[3:5], "little")
        self.commands.append(command)
        self._finish_recording()
        match command:
            case _ if command in self.deaf_to:
                return b""
            case Command.READ_VALUES:
                return oximeters.viatom_reply(self._live())
            case Command.INFO:
                told = viatom_nights.info(self.clock.now(), self.book.device, self.battery_percent, [*self.recordings])
                return oximeters.viatom_reply(told)
            case Command.FILE_OPEN:
                self._open = self.recordings.get(request[7:-1].rstrip(b"\0").decode("ascii"))
                if self._open is None:
                    return oximeters.viatom_reply(b"", status=NO_SUCH_FILE)
                return oximeters.viatom_reply(len(self._open).to_bytes(4, "little"))
            case Command.FILE_READ if self._open is not None:
                return oximeters.viatom_reply(self._open[block * PIECE :][:PIECE])
            case Command.FILE_CLOSE:
                self._open = None
                return oximeters.viatom_reply(b"")
            case _:
                return oximeters.viatom_reply(b"", status=UNKNOWN_COMMAND)

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
