"""What devices of the Bluetooth SIG's measurement profiles have in common, and the makers' ways in which they differ.

Awake after a measurement, they wait for a host to subscribe (an encrypted one first has to pair, where it wants that),
send one indication after the other and hang up. Some forget what was confirmed; others send all they remember, every
time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode.civil import Civil, current_time, read_date_time
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import LinkLost, Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

PAIRING_S: Final = 60.0
"""So long it waits for a code to be typed."""


class StandardDevice(Peripheral):
    """A device with one measurement characteristic. Time stamps come from its own clock."""

    NAME: ClassVar[str]
    MAKER: ClassVar[str]
    SERVICE: ClassVar[int]
    MEASUREMENT: ClassVar[int]
    PROPERTIES: ClassVar[Characteristic.Properties] = Properties.INDICATE
    HAS_CLOCK: ClassVar[bool] = False
    """Whether it has the Current Time Service."""
    FORGETS: ClassVar[bool] = False
    """Whether it forgets what a host has confirmed; else it sends its whole memory each time."""
    DEAF_S: ClassVar[float] = 0.0
    """A subscription that comes sooner after the connection is lost."""

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = 30.0,
        grace_s: float = 30.0,
        memory_size: int = 60,
        battery_percent: int = 100,
        wants_code: bool | None = None,
    ) -> None:
        self.air_s = air_s
        self.grace_s = grace_s
        self.memory_size = memory_size
        if wants_code is not None:
            self.encrypted = self.shows_passkey = wants_code
        self.memory: Final[list[Taken]] = []
        """Oldest first; of those that forget, only what no host has confirmed."""
        self.lose_link_after: int | None = None
        """Walk out of range while this many indications of the next session are confirmed. Wears off."""
        self._subscribed = asyncio.Event()
        self._time_given = asyncio.Event()
        self._listens_at_s = 0.0
        super().__init__(
            link, address, clock, name=self.NAME, maker=self.MAKER, serial="0000042", battery_percent=battery_percent
        )

    def services(self) -> list[Service]:
        """The standard service, and Current Time where it has a clock that can be set."""
        self._measurement: Characteristic[bytes] = self.characteristic(
            self.MEASUREMENT, self.PROPERTIES, read=self._last
        )
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        services = [self.service(self.SERVICE, self._measurement)]
        if self.HAS_CLOCK:
            time = self.characteristic(
                0x2A2B,
                Properties.READ | Properties.WRITE,
                read=lambda: current_time(self.clock.now()),
                write=lambda value: self._set_clock(read_date_time(value[:7])),
            )
            services.append(self.service(0x1805, time))
        return services

    def advertising_data(self) -> bytes:
        """The standard service; the name tells the model."""
        return advertisement(service_uuids=(self.SERVICE,))

    def may_pair(self) -> bool:
        """Whenever it is awake: who holds it in the hand can read the code."""
        return True

    def encode(self, taken: Taken) -> bytes:
        """One measurement as it is sent."""
        raise NotImplementedError

    # What a person does with it.

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure, and come on the air."""
        taken = self.keep(values, at)
        self.wake(self.air_s)
        return taken

    def keep(self, values: Mapping[str, float], at: Civil | None) -> Taken:
        """Into the memory, of which the oldest goes when it is full."""
        taken = self.book.take(values, at or self.clock.now())
        self.memory.append(taken)
        del self.memory[: -self.memory_size]
        return taken

    # What the firmware does with a host.

    async def session(self, connection: Connection) -> None:
        """Be paired where it wants that, wait for the host, send, hang up.

        A host that is lost before it has everything may come again as long as the device stays awake.
        """
        self._subscribed.clear()
        self._time_given.clear()
        self._listens_at_s = asyncio.get_running_loop().time() + self.DEAF_S
        try:
            if self.encrypted and not connection.is_encrypted:
                async with asyncio.timeout(PAIRING_S):
                    await self.while_linked(_encrypted(connection))
            async with asyncio.timeout(self.grace_s):
                await self.while_linked(self.host_is_ready())
            await self.send(connection)
        except TimeoutError:
            self.book.errors.append("host")
        except LinkLost:
            left_s = self._air_until_s - asyncio.get_running_loop().time()
            if left_s > 0 and any(taken not in self.book.acknowledged for taken in self.memory):
                self.wake(left_s)
            raise

    async def host_is_ready(self) -> None:
        """What the host has to do before anything is sent: subscribe."""
        await self._subscribed.wait()

    async def send(self, connection: Connection) -> None:
        """All that is to be sent, one confirmed after the other."""
        for sent, taken in enumerate(self.queue()):
            if sent == self.lose_link_after:
                self.lose_link_after = None
                asyncio.get_running_loop().call_soon(self.lose_link)
            await self.send_one(connection, taken)
            if taken not in self.book.acknowledged:
                self.book.acknowledged.append(taken)
            if self.FORGETS:
                self.memory.remove(taken)

    async def send_one(self, connection: Connection, taken: Taken) -> None:
        """One record and its confirmation."""
        await self.indicate(connection, self._measurement, self.encode(taken))

    def queue(self) -> list[Taken]:
        """What is to be sent now."""
        return list(self.memory)

    def _last(self) -> bytes:
        return self.encode(self.memory[-1]) if self.memory else b""

    def _set_clock(self, to: Civil) -> None:
        self.clock.set(to)
        self._time_given.set()

    def _on_subscription(self, _bearer: object, notify: bool, indicate: bool) -> None:
        if asyncio.get_running_loop().time() < self._listens_at_s:
            return
        (self._subscribed.set if notify or indicate else self._subscribed.clear)()


class RememberingDevice(StandardDevice):
    """One that keeps what nobody has fetched."""

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement made while no hub was near."""
        return self.keep(values, at)


async def _encrypted(connection: Connection) -> None:
    encrypted = asyncio.Event()
    connection.on(Connection.EVENT_CONNECTION_ENCRYPTION_CHANGE, encrypted.set)
    if not connection.is_encrypted:
        await encrypted.wait()
