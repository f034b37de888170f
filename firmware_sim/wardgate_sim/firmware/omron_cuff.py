"""Omron's cuffs with a memory that hosts read block by block: M7 Intelli IT, Evolv, HEM-7142T2.

One host at a time knows the key (or has the bond). Memory says nothing before the cuff was opened: with the key, or
with any four bytes over a bonded link. Blocks that were never written are answered without data. Answers of more than
16 bytes come in pieces over several characteristics, the last one filled up. Reading takes nothing away.

Where a refusal is told by which code, and how long the cuff waits for a host, is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import omron
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.answering import AnsweringCuff
from wardgate_sim.firmware.device import DeviceClock, Taken
from wardgate_sim.firmware.peripheral import Properties, advertisement
from wardgate_sim.radio import Link

SERVICE: Final = "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
UNLOCK: Final = "b305b680-aee7-11e1-a730-0002a5d5c51b"
FROM_HOST: Final = (
    "db5b55e0-aee7-11e1-965e-0002a5d5c51b",
    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b",
    "0ae12b00-aee8-11e1-a192-0002a5d5c51b",
    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b",
)
TO_HOST: Final = (
    "49123040-aee8-11e1-a74d-0002a5d5c51b",
    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b",
    "5128ce60-aee8-11e1-b84b-0002a5d5c51b",
    "560f1420-aee8-11e1-8184-0002a5d5c51b",
)
COMPANY: Final = 0x020E
PAIRING_AIR_S: Final = 60.0
LARGE_MTU: Final = 185
"""What the newer cuffs and a Linux host agree on; the simulated host does not ask."""
_MEMORY_SIZE: Final = 0x1000
_REFUSED: Final = 0x01
_MIDNIGHT_2000: Final = Civil(2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a model keeps what."""

    users_at: tuple[int, ...]
    slots: int
    slot_size: int
    index_at: int
    little_endian: bool
    clock_at: int
    clock_set_at: int
    clock: Callable[[Civil], bytes]
    read_clock: Callable[[bytes], Civil]


class OmronCuff(AnsweringCuff):
    """What they have in common."""

    NAME: ClassVar[str]
    LAYOUT: ClassVar[Layout]
    CHANNELS: ClassVar[int] = 4
    KEYED: ClassVar[bool] = True

    def __init__(
        self,
        link: Link,
        address: str,
        clock: DeviceClock,
        *,
        air_s: float = 30.0,
        idle_s: float = 10.0,
        user: int = 1,
        battery_percent: int = 100,
    ) -> None:
        self.user = user
        """Where its switch stands."""
        self.key: bytes | None = None
        """Of the host that it knows."""
        self.reads: list[int] = []
        """Addresses that were read, in order."""
        self.writes: list[int] = []
        """Addresses that were written."""
        self.garble_answer: int | None = None
        """Break one answer: so many sound ones before it; wears off."""
        self._rings: dict[int, list[Taken]] = {n + 1: [] for n in range(len(self.LAYOUT.users_at))}
        self._open = False
        self._unlocked = False
        self._programming = False
        self._received = b""
        super().__init__(
            link,
            address,
            clock,
            air_s=air_s,
            idle_s=idle_s,
            memory_size=self.LAYOUT.slots * len(self.LAYOUT.users_at),
            name=self.NAME + (address.replace(":", "") if self.NAME.startswith("BLESmart_") else ""),
            maker="OMRON HEALTHCARE",
            battery_percent=battery_percent,
        )

    def services(self) -> list[Service]:
        """Omron's service: one characteristic to be let in, some for each direction."""
        self._unlock: Characteristic[bytes] = self.characteristic(
            UNLOCK, Properties.WRITE | Properties.NOTIFY, write=lambda value: self.hear(b"U" + value)
        )
        self._to_host = [self.characteristic(uuid, Properties.NOTIFY) for uuid in TO_HOST[: self.CHANNELS]]
        from_host = [
            self.characteristic(uuid, Properties.WRITE, write=lambda value: self.hear(b"M" + value))
            for uuid in FROM_HOST[: self.CHANNELS]
        ]
        return [self.service(SERVICE, self._unlock, *self._to_host, *from_host)]

    def advertising_data(self) -> bytes:
        """The standard service that it does not use, and Omron's status: users, clock not set, pairing mode."""
        unset = self.clock.now() < Civil(2020, 1, 1, 0, 0, 0)
        status = len(self._rings) | unset << 2 | self.pairing_open << 3
        told = COMPANY.to_bytes(2, "little") + bytes([0x01, status]) + bytes(3 * len(self._rings) + 2)
        return advertisement(service_uuids=(0x1810,)) + bytes([len(told) + 1, 0xFF]) + told

    async def press_pairing_key(self) -> None:
        """Hold the Bluetooth key until `-P-` blinks."""
        self.pairing_open = True
        self.wake(PAIRING_AIR_S)

    async def bonded_hosts(self) -> list[str]:
        """The hosts it lets in; of one that has its key it knows no more than that."""
        return ["key"] if self.key is not None else await super().bonded_hosts()

    async def press_key(self) -> None:
        """Press the Bluetooth key: on the air, as after a measurement."""
        self.wake(self.air_s)

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement of whoever the switch stands at; the oldest of a full ring is overwritten."""
        taken = super().store(values, at)
        self._rings[self.user].append(taken)
        return taken

    def record(self, taken: Taken, number: int) -> bytes:
        """One slot."""
        raise NotImplementedError

    # What a host is answered.

    def begin(self, connection: Connection) -> None:
        """Closed, whoever it is."""
        self._open = self._unlocked = self._programming = False
        self._received = b""
        if self.CHANNELS == 1:
            connection.att_mtu = LARGE_MTU

    async def answer(self, connection: Connection, command: bytes) -> bool:
        """Let the host in, or read and write memory."""
        if command[:1] == b"U":
            await self.notify(connection, self._unlock, self._let_in(command[1:]))
            return True
        self._received += command[1:]
        if self._received and len(self._received) >= self._received[0]:
            frame, self._received = self._received, b""
            answer = self._remember(frame)
            if answer is not None:
                await self._send(connection, self._garbled(answer))
        return True

    def _let_in(self, command: bytes) -> bytes:
        match command[0]:
            case 0x01 if self.KEYED and self.key is not None and command[1:] == self.key:
                self._unlocked = True
            case 0x02 if self.KEYED and self.pairing_open:
                self._programming = True
            case 0x00 if self._programming:
                self.key = command[1:]
                self._unlocked = True
                self._programming = self.pairing_open = False
            case 0x11 if not self.KEYED:
                self._unlocked = True
                return bytes([0x91, 0x00]) + command[1:5]
            case code:
                return bytes([0x80 | code, _REFUSED]).ljust(17, b"\0")
        return bytes([0x80 | command[0], 0x00]).ljust(17, b"\0")

    def _remember(self, frame: bytes) -> bytes | None:
        type_, address, size = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big"), frame[5]
        if frame != omron.frame(type_, address, size, frame[6:-2]) or not self._unlocked:
            return None
        match type_:
            case omron.OPEN:
                self._open = True
                data = b""
            case omron.CLOSE:
                self._open = False
                data = b""
            case omron.READ if self._open:
                self.reads.append(address)
                data = self._image()[address : address + size]
                data = b"" if set(data) == {0xFF} else data
            case omron.WRITE if self._open:
                self._write(address, frame[6 : 6 + size])
                data = b""
            case _:
                return None
        return omron.frame(type_ | omron.ANSWER, address, size, data)

    def _write(self, address: int, data: bytes) -> None:
        self.writes.append(address)
        if address == self.LAYOUT.clock_set_at:
            self.clock.set(self.LAYOUT.read_clock(data))

    def _image(self) -> bytes:
        """The memory as it is now."""
        layout = self.LAYOUT
        image = bytearray(b"\xff" * _MEMORY_SIZE)
        for user, (ring, ring_at) in enumerate(zip(self._rings.values(), layout.users_at, strict=True)):
            first = max(0, len(ring) - layout.slots)
            for number, taken in enumerate(ring[first:], first):
                at = ring_at + number % layout.slots * layout.slot_size
                slot = self.record(taken, number).ljust(layout.slot_size, b"\0")
                image[at : at + layout.slot_size] = slot
            written_next = len(ring) % layout.slots or (layout.slots if ring else 0)
            index = written_next.to_bytes(2, "little" if layout.little_endian else "big")
            image[layout.index_at + 2 * user : layout.index_at + 2 * user + 2] = index
        clock = layout.clock(max(self.clock.now(), _MIDNIGHT_2000))
        image[layout.clock_at : layout.clock_at + len(clock)] = clock
        return bytes(image)

    async def _send(self, connection: Connection, answer: bytes) -> None:
        if self.CHANNELS == 1:
            await self.notify(connection, self._to_host[0], answer)
        else:
            for channel, at in zip(self._to_host, range(0, len(answer), 16), strict=False):
                await self.notify(connection, channel, answer[at : at + 16].ljust(16, b"\0"))
        self.count_answer()

    def _garbled(self, answer: bytes) -> bytes:
        if self.garble_answer is None:
            return answer
        self.garble_answer -= 1
        if self.garble_answer >= 0:
            return answer
        self.garble_answer = None
        return answer[:-1] + bytes([answer[-1] ^ 0x10])


class OmronIntelli(OmronCuff):
    """M7 Intelli IT (HEM-7361T): two users, records with the low byte first."""

    MODEL = "omron-hem-7361t"
    NAME = "BLESmart_00000258"
    LAYOUT = Layout((0x0098, 0x06D8), 100, 16, 0x0010, True, 0x003C, 0x0080, omron.clock, omron.read_clock)

    def record(self, taken: Taken, number: int) -> bytes:
        """One slot."""
        return _little_endian(taken, number)


class OmronEvolv(OmronCuff):
    """Evolv (HEM-7600T): one user, records with the high byte first."""

    MODEL = "omron-hem-7600t"
    NAME = "HEM-7600T"
    LAYOUT = Layout((0x02AC,), 100, 14, 0x0260, False, 0x0274, 0x029A, omron.short_clock, omron.read_short_clock)

    def record(self, taken: Taken, number: int) -> bytes:
        """One slot."""
        v = taken.values
        return omron.record_be(
            v, taken.device_time, irregular=bool(v.get("irregular")), movement=bool(v.get("movement"))
        )


class OmronBonding(OmronCuff):
    """HEM-7142T2: one user, 14 slots, a bond in place of the key, one characteristic a direction."""

    MODEL = "omron-hem-7142t2"
    NAME = "HEM-7142T2"
    CHANNELS = 1
    KEYED = False
    encrypted = True
    LAYOUT = Layout((0x02E8,), 14, 14, 0x0260, True, 0x028C, 0x02D0, omron.clock, omron.read_clock)

    def record(self, taken: Taken, number: int) -> bytes:
        """One slot."""
        return _little_endian(taken, number)


def _little_endian(taken: Taken, number: int) -> bytes:
    v = taken.values
    return omron.record_le(
        v,
        taken.device_time,
        irregular=bool(v.get("irregular")),
        movement=bool(v.get("movement")),
        record_id=number + 1,
    )
