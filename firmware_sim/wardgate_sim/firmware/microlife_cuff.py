"""Microlife BP A6 BT: on the air on its Bluetooth key, tells its whole memory, keeps it.

What it does with a host that says nothing is not published; here it hangs up after a while.
"""

from __future__ import annotations

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import microlife
from wardgate_sim.firmware.answering import AnsweringCuff
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.peripheral import Properties, advertisement
from wardgate_sim.radio import Link

SERVICE, REPLIES, COMMANDS = 0xFFF0, 0xFFF1, 0xFFF2


class MicrolifeCuff(AnsweringCuff):
    """A cuff for the upper arm. `take` stands for a measurement and the key that is pressed after it."""

    MODEL = "microlife-bp-a6-bt"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = 30.0,
        idle_s: float = 10.0,
        battery_percent: int = 100,
    ) -> None:
        super().__init__(
            link,
            address,
            clock,
            air_s=air_s,
            idle_s=idle_s,
            name="BP A6 BT",
            maker="Microlife",
            battery_percent=battery_percent,
        )

    def services(self) -> list[Service]:
        """Its own service."""
        self._replies: Characteristic[bytes] = self.characteristic(REPLIES, Properties.NOTIFY)
        commands = self.characteristic(COMMANDS, Properties.WRITE, write=self.hear)
        return [self.service(SERVICE, self._replies, commands)]

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(SERVICE,))

    async def answer(self, connection: Connection, command: bytes) -> bool:
        """Memory, clock, good-bye. To what it does not understand it says nothing."""
        payload = command[4:-1]
        if not payload or command != microlife.frame(microlife.TO_DEVICE, payload):
            return True
        match payload[0]:
            case microlife.GET:
                records = (microlife.record(taken.values, taken.device_time) for taken in self.memory)
                await self._reply(connection, microlife.memory(records))
            case microlife.SET_TIME:
                self.clock.set(microlife.read_time(payload))
                await self._reply(connection, microlife.ACK)
            case microlife.DISCONNECT:
                return False
        return True

    async def _reply(self, connection: Connection, payload: bytes) -> None:
        await self.say(connection, self._replies, microlife.frame(microlife.FROM_DEVICE, payload))
