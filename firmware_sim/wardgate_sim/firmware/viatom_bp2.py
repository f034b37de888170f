"""Wellue/Viatom BP2W: tells its state, its details and its file of results; takes the time.

A command that inflates the cuff or resets the device does so here as well, and the book says it: `inflated`, `reset`.
How long it stays on the air is not published.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import lepu
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.answering import AnsweringCuff
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Properties, advertisement
from wardgate_sim.radio import Link

FILE = b"bp2nibp.list"
CHUNK_SIZE = 200


class ViatomBp2(AnsweringCuff):
    """A cuff with a file system."""

    MODEL = "viatom-bp2"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = 30.0,
        idle_s: float = 10.0,
        user: int = 218071,
        measures_s: float = 0.0,
        battery_percent: int = 100,
    ) -> None:
        self.user = user
        """The account it is switched to."""
        self.measures_s = measures_s
        """How long the cuff is busy after `take`, already on the air. The result is in its file when that is over."""
        self.state = lepu.IDLE
        self.commands: list[int] = []
        """All that it was ever told to do."""
        self._users: dict[int, int] = {}
        self._file: bytes | None = None
        self._serial = address.replace(":", "")[-10:]
        super().__init__(
            link,
            address,
            clock,
            air_s=air_s,
            idle_s=idle_s,
            name="BP2 " + address.replace(":", "")[-4:],
            maker="Viatom",
            serial=self._serial,
            battery_percent=battery_percent,
        )

    def services(self) -> list[Service]:
        """Its own service."""
        self._replies: Characteristic[bytes] = self.characteristic(lepu.REPLIES, Properties.NOTIFY)
        commands = self.characteristic(
            lepu.COMMANDS, Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE, write=self.hear
        )
        return [self.service(lepu.SERVICE, self._replies, commands)]

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(lepu.SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Measure. The cuff is on the air from the start; the result is there when it has done."""
        if not self.measures_s:
            self.state = lepu.RESULT
            return await super().take(values, at)
        self.state = lepu.MEASURING
        self.wake(self.air_s)
        await asyncio.sleep(self.measures_s)
        self.state = lepu.RESULT
        return self.store(values, at)

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement of whom it is switched to."""
        taken = super().store(values, at)
        self._users[taken.number] = self.user
        return taken

    def begin(self, connection: Connection) -> None:
        """No file is open."""
        self._file = None

    async def answer(self, connection: Connection, command: bytes) -> bool:
        """What is asked, unless it measures and a file is asked for."""
        code, sequence, data = lepu.read_request(command)
        self.commands.append(code)
        if code in lepu.INFLATING | lepu.RESETTING:
            self.book.errors.append("inflated" if code in lepu.INFLATING else "reset")
            return False
        reply = self._reply(code, data)
        if reply is not None:
            await self.say(connection, self._replies, lepu.frame(code, sequence, reply))
        return True

    def _reply(self, code: int, data: bytes) -> bytes | None:
        match code:
            case lepu.STATE:
                return lepu.state(self.state)
            case lepu.INFO:
                return lepu.info(self.clock.now(), self._serial)
            case lepu.SET_TIME:
                self.clock.set(lepu.read_time(data))
                return b""
            case lepu.FILE_OPEN if self.state != lepu.MEASURING and data.rstrip(b"\0") == FILE:
                self._file = lepu.results_file(self._record(taken) for taken in self.memory)
                return len(self._file).to_bytes(4, "little")
            case lepu.FILE_READ if self._file is not None:
                at = int.from_bytes(data, "little")
                return self._file[at : at + CHUNK_SIZE]
            case lepu.FILE_CLOSE:
                self._file = None
                return b""
            case _:
                return None

    def _record(self, taken: Taken) -> bytes:
        v = taken.values
        mean = v.get("mean", v["diastolic"] + (v["systolic"] - v["diastolic"]) / 3)
        irregular = bool(v.get("irregular"))
        user = self._users[taken.number]
        return lepu.record({**v, "mean": mean}, taken.device_time, user=user, irregular=irregular)
