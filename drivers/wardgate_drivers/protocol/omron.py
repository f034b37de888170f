"""The talk with Omron's cuffs that keep their results in a memory which is read block by block. Nothing is erased.

First the cuff has to be opened, in one of two ways. Older ones want a key of 16 bytes, which a host writes once while
the cuff is in pairing mode (`-P-` blinks) and shows again each time. Newer ones want a bond, and four bytes of any kind
which they send back. Then memory is opened, read, and closed again. Frames of more than 16 bytes are split over up to
four characteristics; their answers come back over four others, in order.

Each user has a ring of slots; a small index says which is written next. They are read from the newest backwards until
the one comes that was the newest last time, so that a session takes a second and not a minute. The clock is a block in
the settings: it is read at one place and written at another, and only a block whose sum is right is written back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wardgate_drivers.codec import omron
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import NotIntroducedError, TimedOutError
from wardgate_drivers.measurement import DeviceTime

SERVICE: Final = "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
UNLOCK: Final = "b305b680-aee7-11e1-a730-0002a5d5c51b"
TO_DEVICE: Final = (
    "db5b55e0-aee7-11e1-965e-0002a5d5c51b",
    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b",
    "0ae12b00-aee8-11e1-a192-0002a5d5c51b",
    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b",
)
FROM_DEVICE: Final = (
    "49123040-aee8-11e1-a74d-0002a5d5c51b",
    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b",
    "5128ce60-aee8-11e1-b84b-0002a5d5c51b",
    "560f1420-aee8-11e1-8184-0002a5d5c51b",
)
CHANNEL_SIZE: Final = 16

REPLY_S: Final = 2.0
TRIES: Final = 4
LINE_QUIET_S: Final = 0.3
"""Before a command is repeated: so long nothing may come that still belongs to the last one."""
CLOCK_GOOD_S: Final = 5.0
"""A clock this close is left alone: each setting wears the cuff's memory."""

_KEY_SIZE: Final = 16
_KEY: Final = "omron-key"
_TOKEN_SIZE: Final = 4
_WRITE_KEY, _SHOW_KEY, _PROGRAM, _TOKEN = 0x00, 0x01, 0x02, 0x11
_ACCEPTED: Final = 0x00
_ANSWER: Final = 0x80
_EMPTY: Final = 0xFF


class Opening(StrEnum):
    """How a cuff is opened."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105 - no password


@dataclass(frozen=True, slots=True)
class ClockBlock:
    """Where the clock is, and how its block is read and made."""

    read_at: int
    write_at: int
    size: int
    decode: Callable[[bytes], DeviceTime]
    encode: Callable[[bytes, DeviceTime], bytes]


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """Where a model keeps what."""

    opening: Opening
    channels: int
    block_size: int
    index_at: int
    byte_order: str
    """`big` or `little`, of the index."""
    users_at: tuple[int, ...]
    """Where each user's ring begins."""
    slots: int
    """In each ring."""
    slot_size: int
    decode: Callable[[bytes], omron.Record | None]
    """Of the first bytes of a slot."""
    clock: ClockBlock


async def converse(talk: Conversation, memory_map: MemoryMap) -> None:
    """See above.

    Raises:
        NotIntroducedError: the cuff does not let this hub in.
        TimedOutError: it does not answer.
    """
    for characteristic in FROM_DEVICE[: memory_map.channels]:
        await talk.listen(characteristic)
    await talk.listen(UNLOCK)
    await (_show_key(talk) if memory_map.opening is Opening.KEY else _show_token(talk))
    memory = _Memory(talk, memory_map)
    await memory.open()
    shown = await memory.read_clock()
    for user in range(len(memory_map.users_at)):
        await memory.read_user(user)
    await talk.settled()
    await memory.note_newest()
    if shown is not None:
        await memory.set_clock(*shown)
    await memory.close()


# Opening


async def _show_key(talk: Conversation) -> None:
    key = talk.sink.recall(_KEY)
    if key is not None and await _unlock(talk, bytes([_SHOW_KEY]) + key):
        return
    if not await _unlock(talk, bytes([_PROGRAM]) + bytes(_KEY_SIZE)):
        raise NotIntroducedError("The Omron cuff does not know this hub. Hold its Bluetooth key until -P- blinks.")
    # The key has to be known here before it is known there: a cuff that learned it alone would have to be paired anew.
    key = secrets.token_bytes(_KEY_SIZE)
    await talk.sink.remember(_KEY, key)
    if not await _unlock(talk, bytes([_WRITE_KEY]) + key):
        raise NotIntroducedError("The Omron cuff did not take this hub's key. Hold its Bluetooth key until -P- blinks.")


async def _show_token(talk: Conversation) -> None:
    token = secrets.token_bytes(_TOKEN_SIZE)
    if not await _unlock(talk, bytes([_TOKEN]) + token + bytes(15), echo=token):
        raise NotIntroducedError("The Omron cuff did not open its memory. Hold its Bluetooth key until -P- blinks.")


async def _unlock(talk: Conversation, command: bytes, echo: bytes = b"") -> bool:
    """Whether the cuff says yes to a command of opening."""
    await talk.write(UNLOCK, command)
    answer = await talk.next_frame(REPLY_S)
    wanted = bytes([_ANSWER | command[0], _ACCEPTED]) + echo
    return answer is not None and answer.startswith(wanted)


# Memory


class _Memory:
    def __init__(self, talk: Conversation, memory_map: MemoryMap) -> None:
        self._talk = talk
        self._map = memory_map
        self._newest: dict[int, bytes] = {}

    async def open(self) -> None:
        await self._ask(omron.OPEN, 0, 0x10)

    async def close(self) -> None:
        await self._ask(omron.CLOSE, 0, 0)

    async def read_clock(self) -> tuple[bytes, DeviceTime | None] | None:
        """The clock's block and what it shows; None when this is no clock as we know it."""
        clock = self._map.clock
        block = await self._read(clock.read_at, clock.size)
        try:
            now = clock.decode(block)
        except FrameError as error:
            self._talk.rejected(error, block)
            return (block, None) if error.reason is Reason.BAD_VALUE else None
        self._talk.sink.clock(now)
        return block, now

    async def set_clock(self, block: bytes, shown: DeviceTime | None) -> None:
        """Write the block back with the hub's time."""
        target = self._talk.sink.clock_target()
        if target is None:
            return
        to = DeviceTime(round(target.civil_s))
        if shown is not None and abs(shown.civil_s - to.civil_s) <= CLOCK_GOOD_S:
            return
        await self._write(self._map.clock.write_at, self._map.clock.encode(block, to))
        self._talk.sink.clock_set(to)

    async def read_user(self, user: int) -> None:
        """A ring from its newest slot backwards: to the newest of last time, to an empty one, or all around."""
        known = self._talk.sink.recall(_newest_of(user))
        for slot in await self._backwards(user):
            raw = await self._read(self._map.users_at[user] + slot * self._map.slot_size, self._map.slot_size)
            try:
                record = self._map.decode(raw[: omron.RECORD_SIZE])
            except FrameError as error:
                self._talk.rejected(error, raw)
                record = None
            else:
                if record is None:
                    return
                self._talk.keep(omron.measurement(record, raw[: omron.RECORD_SIZE], user + 1))
            self._newest.setdefault(user, raw)
            if raw == known:
                return

    async def note_newest(self) -> None:
        """For the next session. Only when everything that was read is safe."""
        for user, raw in self._newest.items():
            if self._talk.sink.recall(_newest_of(user)) != raw:
                await self._talk.sink.remember(_newest_of(user), raw)

    async def _backwards(self, user: int) -> list[int]:
        """The slots of a ring, newest first. An index that makes no sense starts at the end."""
        index = await self._read(self._map.index_at, 2 * len(self._map.users_at))
        two = index[2 * user : 2 * user + 2]
        written_next = two[0] if self._map.byte_order == "little" else two[1]
        count = self._map.slots
        newest = (written_next - 1) % count if written_next <= count else count - 1
        return [(newest - age) % count for age in range(count)]

    async def _read(self, address: int, size: int) -> bytes:
        data = b""
        while len(data) < size:
            block = min(self._map.block_size, size - len(data))
            answer = await self._ask(omron.READ, address + len(data), block)
            # A block that was never written is answered without data.
            data += answer.data[:block] if len(answer.data) >= block else bytes([_EMPTY]) * block
        return data

    async def _write(self, address: int, data: bytes) -> None:
        await self._ask(omron.WRITE, address, len(data), data)

    async def _ask(self, type_: int, address: int, size: int, data: bytes = b"") -> omron.Frame:
        """The cuff's answer. A command is repeated when none comes, or another one."""
        frame = omron.encode_frame(type_, address, size, data)
        for attempt in range(TRIES):
            if attempt:
                while await self._talk.next_frame(LINE_QUIET_S) is not None:
                    pass
            await self._send(frame)
            answer = await self._answer()
            if answer is not None and answer.type == type_ | omron.ANSWER and answer.address == address:
                return answer
        raise TimedOutError(f"The Omron cuff did not answer (to {frame.hex()}). Press its Bluetooth key again.")

    async def _send(self, frame: bytes) -> None:
        if self._map.channels == 1:
            await self._talk.write(TO_DEVICE[0], frame)
            return
        for channel, at in zip(TO_DEVICE, range(0, len(frame), CHANNEL_SIZE), strict=False):
            await self._talk.write(channel, frame[at : at + CHANNEL_SIZE])

    async def _answer(self) -> omron.Frame | None:
        """The pieces of one answer, put together; None when they did not come or do not fit."""
        whole = b""
        while not whole or len(whole) < whole[0]:
            piece = await self._talk.next_frame(REPLY_S)
            if not piece:
                return None
            whole += piece
        try:
            return omron.decode_frame(whole)
        except FrameError as error:
            self._talk.rejected(error, whole)
            return None


def _newest_of(user: int) -> str:
    return f"omron-newest-{user + 1}"
