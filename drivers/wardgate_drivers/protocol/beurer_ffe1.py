"""The talk with Beurer BF710 and Sanitas SBF70/SBF75 scales.

Greeting, clock, state, list of users; then each user's stored records, which are erased on the scale once all of them
are safe here; then whatever is weighed while the scale stays. Each part is acknowledged, the last one of a record when
the record is safe. Users are never made, changed or erased.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import beurer_ffe1 as codec
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.uuids import sig

CHARACTERISTIC: Final = sig(0xFFE1)

ANSWER_S: Final = 5.0
QUIET_S: Final = 30.0
"""A measurement with the body's composition takes up to 20 s after the weight stands."""
_NOBODY: Final = bytes(8)
_STATUS_BATTERY: Final = 4
_USERS_COUNT: Final = 4
_STORED_PARTS: Final = 3
_ANSWER_SIZE: Final = 5


async def converse(talk: Conversation) -> None:
    """See above."""
    await talk.listen(CHARACTERISTIC)
    await _Session(talk).run()


class _Session:
    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._users: list[bytes] = []
        self._stored_of: bytes | None = None
        """Whose stored records are being sent."""
        self._finished_of: bytes | None = None
        """Whose weighing has just been told."""
        self._record = b""
        self._part_before = 0
        self._last_part = False
        self._refused = 0

    async def run(self) -> None:
        await self._send(codec.INIT)
        await self._await(codec.INIT_ANSWER)
        await self._set_clock()
        await self._ask_status()
        await self._ask_users()
        for user in list(self._users):
            await self._fetch(user)
        while await self._step(QUIET_S) is not None:
            pass

    async def _set_clock(self) -> None:
        """The scale's own clock cannot be read."""
        target = self._talk.sink.clock_target()
        if target is not None:
            to = DeviceTime(round(target.civil_s))
            await self._send(codec.set_clock(to))
            self._talk.sink.clock_set(to)

    async def _ask_status(self) -> None:
        answer = await self._ask(codec.ASK_STATUS, _NOBODY)
        if answer is not None and answer[_STATUS_BATTERY] <= 100:
            self._talk.sink.battery(answer[_STATUS_BATTERY])

    async def _ask_users(self) -> None:
        answer = await self._ask(codec.ASK_USERS)
        count = 0 if answer is None else answer[_USERS_COUNT]
        while len(self._users) < count and await self._step(ANSWER_S) is not None:
            pass

    async def _fetch(self, user: bytes) -> None:
        """One user's stored records: all of them safe, none refused, only then erased."""
        refused, self._stored_of, self._last_part = self._refused, user, False
        answer = await self._ask(codec.ASK_STORED, user)
        if answer is None or answer[_STORED_PARTS] == 0:
            return
        while not self._last_part:
            if await self._step(ANSWER_S) is None:
                return
        await self._talk.settled()
        if self._refused == refused:
            await self._ask(codec.DELETE_STORED, user)

    async def _ask(self, command: int, value: bytes = b"") -> bytes | None:
        """Its answer to a command; None when it gives none."""
        await self._send(codec.command(command, value))
        return await self._await(codec.START, command)

    async def _await(self, start: int, command: int | None = None) -> bytes | None:
        while (frame := await self._step(ANSWER_S)) is not None:
            if frame[:1] == bytes((start,)) and (command is None or _answers(frame, command)):
                return frame
        return None

    async def _send(self, value: bytes) -> None:
        await self._talk.write(CHARACTERISTIC, value)

    async def _step(self, within_s: float) -> bytes | None:
        """Take the next frame and do what it wants; None when none came."""
        frame = await self._talk.next_frame(within_s)
        if frame is None:
            return None
        try:
            await self._hear(frame)
        except FrameError as error:
            self._refused += 1
            self._talk.rejected(error, frame)
        return frame

    async def _hear(self, frame: bytes) -> None:
        """
        Raises:
            FrameError: the frame is refused.
        """
        if frame[:1] == bytes((codec.INIT_ANSWER,)):
            return
        if frame[:1] != bytes((codec.START,)) or len(frame) < 2:
            raise FrameError(Reason.BAD_HEADER, f"it begins with {frame[:2].hex()}")
        match frame[1]:
            case codec.LIVE_WEIGHT:
                await self._send(codec.decode_live(frame).ack)
            case codec.USER:
                self._add_user(codec.user_of_list(codec.decode_part(frame)))
                await self._send(codec.acknowledge(frame))
            case codec.STORED_PART:
                await self._stored(codec.decode_part(frame))
                await self._send(codec.acknowledge(frame))
            case codec.FINISHED_PART:
                await self._finished(codec.decode_part(frame))
                await self._send(codec.acknowledge(frame))
            case _:
                return

    def _add_user(self, user: bytes) -> None:
        if user not in self._users:
            self._users.append(user)

    async def _stored(self, part: codec.Part) -> None:
        """Two parts a record."""
        self._last_part = part.number == part.count
        first = part.number % 2 == 1
        self._join(part, first=first)
        if not first:
            await self._keep(self._stored_of)

    async def _finished(self, part: codec.Part) -> None:
        """The user, then the record in two parts."""
        if part.number == 1:
            self._finished_of = codec.user_of_finished(part)
            self._record, self._part_before = b"", 1
            return
        self._join(part, first=False)
        if part.number == part.count:
            await self._keep(self._finished_of)

    def _join(self, part: codec.Part, *, first: bool) -> None:
        """A record with a part missing is none: what follows the gap would pass for its beginning."""
        before, self._part_before = self._part_before, part.number
        if first:
            self._record = part.data
        elif part.number == before + 1:
            self._record += part.data
        else:
            self._part_before = 0
            raise FrameError(Reason.NO_FRAME, f"part {part.number} without the one before it")

    async def _keep(self, user: bytes | None) -> None:
        """Hand the record over and wait until it is safe."""
        record, self._record = self._record, b""
        slot = self._users.index(user) + 1 if user in self._users else None
        self._talk.keep(codec.measurement(record, slot))
        await self._talk.settled()


def _answers(frame: bytes, command: int) -> bool:
    return len(frame) >= _ANSWER_SIZE and frame[1] == codec.ANSWER and frame[2] == command
