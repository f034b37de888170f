"""A&D's connected cuff UA-651BLE and scale UC-352BLE.

Behaviour after A&D's own documents for these models: on the air only just after a measurement (data mode) or while
the pairing mode is on (then with the limited-discoverable flag); one host, Just Works; the host has to enable
indications and to give the time within 5 s of every connection, else the device shows an error and keeps everything;
what is unsent goes out one indication after the other, each forgotten once its confirmation is there; then the device
hangs up by itself. The pairing connection carries no measurements.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import and_custom, blood_pressure, weight
from wardgate_sim.encode.civil import Civil, date_time, read_date_time
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

GRACE_S: Final = 5.0
"""Within this the host has to have enabled indications and given the time."""
PAIRING_AIR_S: Final = 60.0
LARGE_BUFFER: Final = 200
MAKER: Final = "A&D Medical"


@dataclass(slots=True)
class Faults:
    """What goes wrong on request. Each wears off once it has happened."""

    lose_link_after: int | None = None
    """Walk out of range while this many indications of a session have been confirmed and the next is under way."""
    resend_all: bool = False
    """Send the whole memory, what was acknowledged before included."""


class AndDevice(Peripheral):
    """What the cuff and the scale have in common."""

    encrypted = True
    SERVICE: ClassVar[int]
    MEASUREMENT: ClassVar[int]
    FEATURE: ClassVar[int]
    FEATURE_VALUE: ClassVar[bytes]
    PRODUCT: ClassVar[str]

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = 30.0,
        grace_s: float = GRACE_S,
        memory_size: int = 90,
        buffer_size_code: int = 1,
        battery_percent: int = 100,
    ) -> None:
        self.air_s = air_s
        self.grace_s = grace_s
        self.memory_size = memory_size
        self.unsent: Final[deque[Taken]] = deque()
        self.faults: Final = Faults()
        self.buffer_size_code = buffer_size_code
        """0: of what it could not send only the last measurement is kept. 2 is the UA-656BLE's larger buffer."""
        self._indications_on = asyncio.Event()
        self._time_given = asyncio.Event()
        super().__init__(
            link,
            address,
            clock,
            name=f"A&D_{self.PRODUCT}_{address.replace(':', '')[-6:]}",
            maker=MAKER,
            serial=address.replace(":", "")[-10:],
            battery_percent=battery_percent,
        )

    def services(self) -> list[Service]:
        """The standard service with Date Time in it, and A&D's own."""
        self._measurement: Characteristic[bytes] = self.characteristic(self.MEASUREMENT, Properties.INDICATE)
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        feature = self.characteristic(self.FEATURE, Properties.READ, read=lambda: self.FEATURE_VALUE)
        time = self.characteristic(
            0x2A08,
            Properties.READ | Properties.WRITE,
            read=lambda: date_time(self.clock.now()),
            write=lambda value: self._set_clock(read_date_time(value)),
        )
        custom = self.characteristic(
            and_custom.CHARACTERISTIC, Properties.READ | Properties.WRITE | Properties.NOTIFY, write=self._on_command
        )
        return [
            self.service(self.SERVICE, self._measurement, feature, time),
            self.service(and_custom.SERVICE, custom),
        ]

    def advertising_data(self) -> bytes:
        """The limited-discoverable flag tells pairing mode from data mode."""
        return advertisement(limited=self.pairing_open, service_uuids=(self.SERVICE,))

    def encode(self, taken: Taken) -> bytes:
        """One measurement as it is indicated."""
        raise NotImplementedError

    # What a person does with it.

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure: the result is kept, and the device comes on the air with all that is unsent."""
        taken = self.store(values, at)
        self.wake(self.air_s)
        return taken

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement made while no hub was near: it is kept, the oldest is dropped when the memory is full."""
        taken = self.book.take(values, at or self.clock.now())
        self.unsent.append(taken)
        while len(self.unsent) > self._room():
            self.unsent.popleft()
        return taken

    def _room(self) -> int:
        return {0: 1, 2: LARGE_BUFFER}.get(self.buffer_size_code, self.memory_size)

    async def press_pairing_key(self) -> None:
        """Hold the key until "Pr": the device can be paired for a minute."""
        self.pairing_open = True
        self.wake(PAIRING_AIR_S)

    # What the firmware does with a host.

    async def session(self, connection: Connection) -> None:
        """Pair, or send what is unsent."""
        self._indications_on.clear()
        self._time_given.clear()
        if self.pairing_open:
            await self._be_paired(connection)
            return
        if str(connection.peer_address).partition("/")[0] not in await self.bonded_hosts():
            # Pairing is refused and nothing opens without a bond; it waits for a host it knows no longer than usual.
            self.book.errors.append("host")
            with contextlib.suppress(LinkLost):
                await self._host_is_ready()
            return
        if not await self._host_is_ready():
            self.book.errors.append("time")
            return
        await self._send_unsent(connection)

    async def _be_paired(self, connection: Connection) -> None:
        """One host only: the bond of an earlier one goes. The host hangs up; if not, the device does."""
        await self.forget_bonds()
        bonded = asyncio.Event()
        connection.once(Connection.EVENT_PAIRING, lambda _keys: bonded.set())
        try:
            async with asyncio.timeout(self.grace_s):
                await self.while_linked(_wait(bonded))
        except (TimeoutError, LinkLost):
            self.book.errors.append("host")
            return
        finally:
            self.pairing_open = False
        with contextlib.suppress(LinkLost):
            await self._host_is_ready()

    async def _host_is_ready(self) -> bool:
        try:
            async with asyncio.timeout(self.grace_s):
                await self.while_linked(_wait(self._indications_on, self._time_given))
        except TimeoutError:
            return False
        return True

    async def _send_unsent(self, connection: Connection) -> None:
        queue = list(self.unsent)
        if self.faults.resend_all:
            self.faults.resend_all = False
            queue = list(self.book.taken)
        for sent, taken in enumerate(queue):
            if sent == self.faults.lose_link_after:
                self.faults.lose_link_after = None
                asyncio.get_running_loop().call_soon(self.lose_link)
            await self.indicate(connection, self._measurement, self.encode(taken))
            if taken in self.unsent:
                self.unsent.remove(taken)
                self.book.acknowledged.append(taken)

    def _on_subscription(self, _bearer: object, _notify: bool, indicate: bool) -> None:
        (self._indications_on.set if indicate else self._indications_on.clear)()

    def _set_clock(self, to: Civil) -> None:
        self.clock.set(to)
        self._time_given.set()

    def _on_command(self, value: bytes) -> None:
        if len(value) < 3 or value[1] != and_custom.Kind.WRITE:
            return
        match value[2]:
            case and_custom.Command.SET_TIME:
                self._set_clock(and_custom.read_time_value(value[3:9]))
            case and_custom.Command.SET_BUFFER_SIZE:
                self.buffer_size_code = value[3]
            case _:
                pass


class AndCuff(AndDevice):
    """UA-651BLE, a cuff for the upper arm."""

    MODEL = "and-ua-651ble"
    PRODUCT = "UA-651BLE"
    SERVICE = 0x1810
    MEASUREMENT = 0x2A35
    FEATURE = 0x2A49
    FEATURE_VALUE = blood_pressure.feature(
        blood_pressure.Feature.BODY_MOVEMENT | blood_pressure.Feature.CUFF_FIT | blood_pressure.Feature.IRREGULAR_PULSE
    )

    def encode(self, taken: Taken) -> bytes:
        """mmHg with time, pulse and status. Without a mean the cuff's own estimate; irregular pulse on request."""
        v = taken.values
        mean = v.get("mean", v["diastolic"] + (v["systolic"] - v["diastolic"]) / 3)
        irregular = blood_pressure.Status.IRREGULAR_PULSE if v.get("irregular") else blood_pressure.Status(0)
        return blood_pressure.measurement(
            v["systolic"], v["diastolic"], mean, at=taken.device_time, pulse=v["pulse"], status=irregular
        )


class AndScale(AndDevice):
    """UC-352BLE, a bathroom scale."""

    MODEL = "and-uc-352ble"
    PRODUCT = "UC-352BLE"
    SERVICE = 0x181D
    MEASUREMENT = 0x2A9D
    FEATURE = 0x2A9E
    FEATURE_VALUE = weight.feature(weight.Feature.TIME_STAMP, weight_precision=4)

    def encode(self, taken: Taken) -> bytes:
        """Kilograms with time, in the scale's steps of 50 g."""
        return weight.measurement(round(taken.values["weight"] / 0.05) * 0.05, at=taken.device_time)


async def _wait(*events: asyncio.Event) -> None:
    for event in events:
        await event.wait()
