"""An oximeter of the Bluetooth SIG's Pulse Oximeter profile: a spot-checker with a memory, or a streamer.

The spot-checker indicates what was just measured as soon as a host subscribes; what no host has confirmed stays in its
memory until it is deleted through the Record Access Control Point ("all" is the only operator of this profile).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Final

from bumble.att import ATT_Error, ErrorCode
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import plx
from wardgate_sim.encode.civil import Civil, current_time, read_date_time
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

EARLY_FRAMES: Final = 3
_CCCD_IMPROPERLY_CONFIGURED: Final = 0xFD
_PROCEDURE_IN_PROGRESS: Final = 0xFE


class PlxOximeter(Peripheral):
    """A standard oximeter. `streams` makes it one that only sends continuous measurements."""

    MODEL = "plx-oximeter"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        streams: bool = False,
        air_s: float = 30.0,
        idle_s: float = 3.0,
        frame_period_s: float = 1.0,
        clock_never_set: bool = False,
        battery_percent: int = 100,
    ) -> None:
        self.streams = streams
        self.air_s = air_s
        self.idle_s = idle_s
        self.frame_period_s = frame_period_s
        self.clock_never_set = clock_never_set
        self.stored: Final[list[Taken]] = []
        self._live: Taken | None = None
        self._finger_out_s = 0.0
        self._subscribed = asyncio.Event()
        self._racp_subscribed = False
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()
        self._busy = False
        self._abort = False
        super().__init__(
            link,
            address,
            clock,
            name="Oximeter",
            maker="Wardgate simulation",
            battery_percent=battery_percent,
        )

    def services(self) -> list[Service]:
        """Pulse Oximeter, and Current Time."""
        kind = (0x2A5F, Properties.NOTIFY) if self.streams else (0x2A5E, Properties.INDICATE)
        self._measurement: Characteristic[bytes] = self.characteristic(*kind)
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        supported = plx.Feature.MEASUREMENT_STATUS | (plx.Feature(0) if self.streams else plx.Feature.STORAGE)
        statuses = plx.MeasurementStatus.ONGOING | plx.MeasurementStatus.FULLY_QUALIFIED
        features = plx.features(supported, measurement=statuses | plx.MeasurementStatus.FROM_STORAGE)
        characteristics = [self._measurement, self.characteristic(0x2A60, Properties.READ, read=lambda: features)]
        if not self.streams:
            self._racp: Characteristic[bytes] = self.characteristic(
                0x2A52, Properties.WRITE | Properties.INDICATE, write=self._on_request
            )
            self._racp.on(Characteristic.EVENT_SUBSCRIPTION, self._on_racp_subscription)
            characteristics.append(self._racp)
        time = self.characteristic(
            0x2A2B,
            Properties.READ | Properties.WRITE,
            read=lambda: current_time(self.clock.now()),
            write=lambda value: self.clock.set(read_date_time(value[:7])),
        )
        return [self.service(0x1822, *characteristics), self.service(0x1805, time)]

    def advertising_data(self) -> bytes:
        """The standard service."""
        return advertisement(service_uuids=(0x1822,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure, and come on the air."""
        self._keep_live()
        self._live = self.book.take(values, at or self.clock.now())
        self._finger_out_s = asyncio.get_running_loop().time() + self.air_s
        self.wake(self.air_s)
        return self._live

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement made while no hub was near."""
        taken = self.book.take(values, at or self.clock.now())
        self.stored.append(taken)
        return taken

    def _keep_live(self) -> None:
        if self._live is not None and not self.streams:
            self.stored.append(self._live)
        self._live = None

    async def session(self, connection: Connection) -> None:
        """Send, and answer requests, until the host is quiet."""
        self._subscribed.clear()
        self._racp_subscribed = False
        self._requests = asyncio.Queue()
        try:
            async with asyncio.timeout(self.air_s):
                await self.while_linked(_wait(self._subscribed))
            if self.streams:
                await self._stream(connection)
            else:
                await self._send_live(connection)
                await self._answer_requests(connection)
        except TimeoutError:
            return
        except LinkLost:
            if self.streams and self._finger_left_s > 0:
                self.wake(self._finger_left_s)  # the finger is in yet, and another host may come
            raise
        finally:
            if not self.streams or self._finger_left_s <= 0:
                self._keep_live()

    @property
    def _finger_left_s(self) -> float:
        return self._finger_out_s - asyncio.get_running_loop().time()

    async def _send_live(self, connection: Connection) -> None:
        if taken := self._live:
            await self.indicate(connection, self._measurement, self.encode(taken, stored=False))
            self.book.acknowledged.append(taken)
            if self._live is taken:
                self._live = None
            else:  # another finger came meanwhile, and this one went into the memory
                self.stored[:] = [kept for kept in self.stored if kept is not taken]

    async def _stream(self, connection: Connection) -> None:
        taken = self._live
        if taken is None:
            return
        for number in itertools.count():
            if self._finger_left_s <= 0:
                return
            quality = plx.MeasurementStatus.EARLY_ESTIMATE
            if number >= EARLY_FRAMES:
                quality = plx.MeasurementStatus.FULLY_QUALIFIED
            status = plx.MeasurementStatus.ONGOING | quality
            v = taken.values
            frame = plx.continuous(v["spo2"], v["pulse"], measurement=status)
            await self.notify(connection, self._measurement, frame)
            await self.while_linked(asyncio.sleep(self.frame_period_s))

    def encode(self, taken: Taken, *, stored: bool) -> bytes:
        """A spot-check with its time and where it comes from."""
        status = plx.MeasurementStatus.FROM_STORAGE if stored else plx.MeasurementStatus.FULLY_QUALIFIED
        return plx.spot_check(
            taken.values["spo2"],
            taken.values["pulse"],
            at=taken.device_time,
            measurement=status,
            clock_not_set=self.clock_never_set,
        )

    async def _answer_requests(self, connection: Connection) -> None:
        while True:
            async with asyncio.timeout(self.idle_s):
                request = await self.while_linked(self._requests.get())
            try:
                answer = await self._do(connection, request)
            finally:
                self._busy = False
            await self.indicate(connection, self._racp, answer)

    async def _do(self, connection: Connection, request: bytes) -> bytes:
        opcode = request[0] if request else 0
        if opcode == plx.Opcode.ABORT:
            return plx.racp_response(opcode, plx.Result.SUCCESS)
        if opcode not in (plx.Opcode.REPORT, plx.Opcode.DELETE, plx.Opcode.COUNT):
            return plx.racp_response(opcode, plx.Result.OPCODE_NOT_SUPPORTED)
        if request[1:] != bytes([plx.Operator.ALL]):
            return plx.racp_response(opcode, plx.Result.OPERATOR_NOT_SUPPORTED)
        if opcode == plx.Opcode.COUNT:
            return plx.racp_count(len(self.stored))
        if not self.stored:
            return plx.racp_response(opcode, plx.Result.NO_RECORDS_FOUND)
        if opcode == plx.Opcode.DELETE:
            self.book.acknowledged.extend(self.stored)
            self.stored.clear()
            return plx.racp_response(opcode, plx.Result.SUCCESS)
        return await self._report(connection)

    async def _report(self, connection: Connection) -> bytes:
        self._abort = False
        for taken in list(self.stored):
            if self._abort:
                return plx.racp_response(plx.Opcode.ABORT, plx.Result.SUCCESS)
            await self.indicate(connection, self._measurement, self.encode(taken, stored=True))
        return plx.racp_response(plx.Opcode.REPORT, plx.Result.SUCCESS)

    def _on_request(self, value: bytes) -> None:
        if not self._racp_subscribed:
            raise ATT_Error(ErrorCode(_CCCD_IMPROPERLY_CONFIGURED))
        if self._busy:
            if value[:1] != bytes([plx.Opcode.ABORT]):
                raise ATT_Error(ErrorCode(_PROCEDURE_IN_PROGRESS))
            self._abort = True
            return
        self._busy = True
        self._requests.put_nowait(value)

    def _on_subscription(self, _bearer: object, notify: bool, indicate: bool) -> None:
        (self._subscribed.set if notify or indicate else self._subscribed.clear)()

    def _on_racp_subscription(self, _bearer: object, _notify: bool, indicate: bool) -> None:
        self._racp_subscribed = indicate


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
