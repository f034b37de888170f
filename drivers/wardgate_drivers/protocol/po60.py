"""Beurer PO60: clock told and set, all records read in batches of ten, erased when every one of them is safe.

It calls all its records unread, always, and hangs up about a second after it was last asked something.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import po60
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.protocol.contec import ANSWERS, COMMANDS

ANSWER_S: Final = 3.0


async def visit(talk: Conversation) -> None:
    """All there is to it, from the clock to the erasing. Nothing may stand before it: the device does not wait."""
    await _Visit(talk).run()


async def converse(_: Conversation) -> None:
    """Nothing is left to say."""


class _Visit:
    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._splitter = po60.Splitter()
        self._waiting: list[bytes] = []
        self._refused = 0

    async def run(self) -> None:
        await self._talk.listen(ANSWERS)
        await self._set_clock()
        storage = await self._ask(po60.command(po60.GET_STORAGE, bytes((po60.OXIMETRY,))), po60.STORAGE)
        if not isinstance(storage, po60.Storage) or not storage.total:
            return
        came = await self._read(storage.total)
        await self._talk.settled()
        erase = came == storage.total and not self._refused
        await self._talk.write(COMMANDS, _records(po60.ERASE if erase else po60.KEEP))

    async def _set_clock(self) -> None:
        shown = await self._ask(po60.command(po60.GET_TIME), po60.TIME)
        if isinstance(shown, po60.Time):
            self._talk.sink.clock(shown.time)
        target = self._talk.sink.clock_target()
        if target is None:
            return
        taken = await self._ask(po60.set_time(target), po60.SET_TIME_RESULT)
        if isinstance(taken, po60.SetTimeResult) and taken.ok:
            self._talk.sink.clock_set(type(target)(round(target.civil_s)))

    async def _read(self, total: int) -> int:
        """Take records in until all came, sound or not, or nothing more does; how many sound ones there were."""
        came = 0
        batch = po60.FIRST_BATCH
        while came + self._refused < total:
            await self._talk.write(COMMANDS, _records(batch))
            batch = po60.NEXT_BATCH
            in_batch = await self._read_batch()
            if not in_batch:
                break
            came += in_batch
        return came

    async def _read_batch(self) -> int:
        came = 0
        while (heard := await self._next(po60.RECORD)) is not None:
            packet, record = heard
            if not isinstance(record, po60.Record):
                break
            came += 1
            self._talk.keep(po60.measurement(packet, record))
            if record.last:
                break
        return came

    async def _ask(self, command: bytes, answer: int) -> po60.Packet | None:
        await self._talk.write(COMMANDS, command)
        heard = await self._next(answer)
        return None if heard is None else heard[1]

    async def _next(self, code: int) -> tuple[bytes, po60.Packet] | None:
        """The next packet of that kind; None when none came in time."""
        while True:
            while self._waiting:
                packet = self._waiting.pop(0)
                try:
                    decoded = po60.decode(packet)
                except FrameError as error:
                    self._refused += 1
                    self._talk.rejected(error, packet)
                    continue
                if packet[0] == code:
                    return packet, decoded
            notification = await self._talk.next_frame(ANSWER_S)
            if notification is None:
                return None
            self._waiting += self._splitter.feed(notification)


def _records(what: int) -> bytes:
    return po60.command(po60.GET_RECORDS, bytes((what,)))
