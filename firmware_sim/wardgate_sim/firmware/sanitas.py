"""Sanitas SBF70 and Beurer BF710: users on the scale, stored records, live weights, finished records.

Every frame but an answer is to be acknowledged; the next part comes when the one before it was. A record whose last
part was acknowledged is delivered; one that was not is stored for its user. How long it waits is guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import beurer_ffe1 as encode
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Peripheral, Properties, advertisement
from wardgate_sim.radio import Link

SERVICE: Final = 0xFFE0
CHARACTERISTIC: Final = 0xFFE1
FAR_OFF_KG: Final = 14.95
"""What the first live frame after a step-on can show."""


class SanitasScale(Peripheral):
    """One scale with `users` users, of whom the patient is number `user`."""

    MODEL = "sanitas-sbf70"

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        users: int = 2,
        user: int = 1,
        air_s: float = 20.0,
        answer_s: float = 3.0,
        frame_period_s: float = 0.2,
        battery_percent: int = 100,
    ) -> None:
        self.user_ids: Final = [bytes(7) + bytes([100 + n]) for n in range(1, users + 1)]
        self.user = user
        self.air_s = air_s
        self.answer_s = answer_s
        self.frame_period_s = frame_period_s
        self.stored: Final[list[Taken]] = []
        self.drop_part: int | None = None
        """Lose this part of the next record on the air, once."""
        self._standing: Taken | None = None
        self._writes: asyncio.Queue[bytes] = asyncio.Queue()
        self._untimely: bytes | None = None
        """A command that came where an acknowledgement was due."""
        super().__init__(link, address, clock, name="SANITAS SBF70", maker="Sanitas", battery_percent=battery_percent)

    def services(self) -> list[Service]:
        """One characteristic for everything."""
        self._line: Characteristic[bytes] = self.characteristic(
            CHARACTERISTIC, Properties.NOTIFY | Properties.WRITE, write=self._writes.put_nowait
        )
        return [self.service(SERVICE, self._line)]

    def advertising_data(self) -> bytes:
        """Its service; the name is in the scan response."""
        return advertisement(service_uuids=(SERVICE,))

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """Step on. What is not acknowledged is kept for the user."""
        taken = self.store(values, at)
        self._standing = taken
        self.wake(self.air_s)
        return taken

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A weighing that no hub came for."""
        taken = self.book.take(values, at or self.clock.now())
        self.stored.append(taken)
        return taken

    async def session(self, connection: Connection) -> None:
        """Answer the host until it has nothing more to ask; then weigh whoever stands there; then hang up."""
        self._untimely = None
        while not self._writes.empty():
            self._writes.get_nowait()
        greeted = False
        while (command := await self._heard()) is not None:
            greeted = True
            await self._obey(connection, command)
        if not greeted:
            self.book.errors.append("host")
        elif self._standing is not None:
            await self._weigh(connection, self._standing)

    async def _obey(self, connection: Connection, command: bytes) -> None:
        match command[0], command[1:2]:
            case 0xE6, _:
                await self.notify(connection, self._line, encode.INIT_ANSWER)
            case 0xE9, _:
                self.clock.set(encode.read_clock(command))
            case encode.START, b"\x4f":
                await self._answer(connection, 0x4F, 0, self.battery_percent, 20, 5, 1, 0, 0, 0, 16)
            case encode.START, b"\x33":
                await self._tell_users(connection)
            case encode.START, b"\x41":
                await self._tell_stored(connection, command[2:])
            case encode.START, b"\x43":
                self._erase(command[2:])
                await self._answer(connection, 0x43, 0, 0)
            case _:
                return

    async def _answer(self, connection: Connection, command: int, *values: int) -> None:
        await self.notify(connection, self._line, encode.answer(command, *values))

    async def _tell_users(self, connection: Connection) -> None:
        count = len(self.user_ids)
        await self._answer(connection, 0x33, 0, count, 8)
        for number, uid in enumerate(self.user_ids, 1):
            await self._say(connection, encode.user(number, count, uid, f"U{number}", 1950))

    async def _tell_stored(self, connection: Connection, uid: bytes) -> None:
        records = [self._record(taken) for taken in self._stored_of(uid)]
        parts = encode.stored_parts(records)
        await self._answer(connection, 0x41, len(parts), 0)
        await self._say_all(connection, parts)

    def _stored_of(self, uid: bytes) -> list[Taken]:
        """The patient's; the one who stands there has no record yet."""
        return [t for t in self.stored if t is not self._standing] if uid == self._uid else []

    @property
    def _uid(self) -> bytes:
        return self.user_ids[self.user - 1]

    def _erase(self, uid: bytes) -> None:
        for taken in self._stored_of(uid):
            self.stored.remove(taken)
            if taken not in self.book.acknowledged:
                self.book.acknowledged.append(taken)

    async def _weigh(self, connection: Connection, taken: Taken) -> None:
        self._standing = None
        weight_kg = taken.values["weight"]
        for shown_kg, moving in ((FAR_OFF_KG, True), (weight_kg * 0.97, True), (weight_kg, False)):
            await self._say(connection, encode.live_weight(shown_kg, moving=moving))
            await self.while_linked(asyncio.sleep(self.frame_period_s))
        if await self._say_all(connection, encode.finished_parts(self._uid, self._record(taken))):
            self.stored.remove(taken)
            self.book.acknowledged.append(taken)

    def _record(self, taken: Taken) -> bytes:
        return encode.record(taken.values["weight"], taken.device_time, impedance_ohm=510, fat_pct=24.5)

    async def _say_all(self, connection: Connection, parts: Sequence[bytes]) -> bool:
        """Whether every part was acknowledged."""
        for number, part in enumerate(parts, 1):
            if number == self.drop_part:
                self.drop_part = None
                continue
            if not await self._say(connection, part):
                return False
        return True

    async def _say(self, connection: Connection, frame: bytes) -> bool:
        """Send a frame; whether it was acknowledged in time."""
        await self.notify(connection, self._line, frame)
        while (write := await self._heard()) is not None:
            if encode.acknowledges(write, frame):
                return True
            if not encode.is_acknowledgement(write):
                self._untimely = write
                break
        self.book.errors.append("host")
        return False

    async def _heard(self) -> bytes | None:
        """What the host writes next; None when it writes nothing."""
        if self._untimely is not None:
            write, self._untimely = self._untimely, None
            return write
        try:
            async with asyncio.timeout(self.answer_s):
                return await self.while_linked(self._writes.get())
        except TimeoutError:
            return None
