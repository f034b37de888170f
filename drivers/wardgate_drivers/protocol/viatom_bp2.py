"""The talk with a Wellue/Viatom BP2 or BP2W: its state, its clock, its file of results. Nothing is erased.

On the same characteristic the device takes commands that inflate the cuff, reset it or erase it. Everything that is
written goes through `viatom_lepu.encode`, which makes frames of a handful of harmless commands and of no other.

While the cuff measures it does not answer to requests for a file; its state may be asked at any time and nobody sees
it. So the state is asked until the measurement is over.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import viatom_lepu as lepu
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import TimedOutError
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.protocol.joining import Joiner

SERVICE: Final = "14839ac4-7d7e-415c-9a42-167340cf2339"
COMMANDS: Final = "8b00ace7-eb0b-49b0-bbe9-9aee0a26e1a3"
REPLIES: Final = "0734594a-a8e7-4b1a-a6b1-cd5243059a57"

RESULTS_FILE: Final = b"bp2nibp.list"
_NAME_SIZE: Final = 20
_NUMBER_SIZE: Final = 4
_LARGEST_FILE: Final = 64 * 1024

REPLY_S: Final = 3.0
TRIES: Final = 3
LOOK_S: Final = 2.0
"""How often to ask whether it has done measuring; a measurement takes about 40 s, three in a row some minutes."""

_CLOCK_AT: Final = 24
_CLOCK_END: Final = 31
_SERIAL_SIZE_AT: Final = 37


async def converse(talk: Conversation) -> None:
    """See above.

    Raises:
        TimedOutError: it did not answer.
    """
    await talk.listen(REPLIES)
    device = _Device(talk)
    await device.wait_until_free()
    await device.tell_details()
    data = await device.read_file(RESULTS_FILE)
    try:
        records = lepu.decode_file(data)
    except FrameError as error:
        talk.rejected(error, data)
        records = ()
    for record in sorted(records, key=lambda record: record.time):
        talk.keep(lepu.measurement(record))
    await talk.settled()
    await device.set_clock()


class _Device:
    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._replies = Joiner(talk, lepu.size_of)
        self._sequence = 0
        self._given_up: set[int] = set()
        """Sequence numbers of requests that were made again: what answers them now is late, and belongs to no other."""

    async def wait_until_free(self) -> None:
        """Ask until no measurement is under way. The session's own deadline ends what never ends."""
        while (await self._ask(lepu.GET_STATE)).device_state in lepu.MEASURING:
            await self._replies.next_frame(lepu.decode, LOOK_S)

    async def tell_details(self) -> None:
        """Its clock, before it is set, and its serial number."""
        data = (await self._ask(lepu.DEVICE_INFO)).data
        if len(data) < _SERIAL_SIZE_AT:
            return
        try:
            year = int.from_bytes(data[_CLOCK_AT : _CLOCK_AT + 2], "little")
            self._talk.sink.clock(DeviceTime.of(year, *data[_CLOCK_AT + 2 : _CLOCK_END]))
        except ValueError:
            pass  # a clock that was never set
        serial = data[_SERIAL_SIZE_AT + 1 :][: data[_SERIAL_SIZE_AT]] if len(data) > _SERIAL_SIZE_AT else b""
        if serial.isalnum() and serial.isascii():
            self._talk.sink.identity("serial", serial.decode("ascii"))

    async def read_file(self, name: bytes) -> bytes:
        """A whole file. It shows a sign on the display until the file is closed again."""
        opened = await self._ask(lepu.FILE_OPEN, name.ljust(_NAME_SIZE, b"\0"))
        size = int.from_bytes(opened.data[:_NUMBER_SIZE], "little")
        data = b""
        while len(data) < min(size, _LARGEST_FILE):
            piece = (await self._ask(lepu.FILE_READ, len(data).to_bytes(_NUMBER_SIZE, "little"))).data
            if not piece:
                break
            data += piece
        await self._ask(lepu.FILE_CLOSE)
        return data[:size]

    async def set_clock(self) -> None:
        """Its clock is the local one."""
        target = self._talk.sink.clock_target()
        if target is None:
            return
        to = DeviceTime(round(target.civil_s))
        year, *rest = to.fields()
        await self._ask(lepu.SET_TIME, year.to_bytes(2, "little") + bytes(rest))
        self._talk.sink.clock_set(to)

    async def _ask(self, command: int, data: bytes = b"") -> lepu.Frame:
        """Its reply to a command. A command is repeated when there is none; replies to others are passed over, and so
        are late ones: two pieces of a file that trade places would make records that nobody measured."""
        for _ in range(TRIES):
            self._sequence = (self._sequence + 1) & 0xFF
            self._given_up.discard(self._sequence)
            await self._talk.write(COMMANDS, lepu.encode(command, self._sequence, data))
            while (reply := await self._replies.next_frame(lepu.decode, REPLY_S)) is not None:
                answers = reply.command == command and reply.direction == lepu.REPLY
                if answers and reply.sequence not in self._given_up:
                    return reply
            self._given_up.add(self._sequence)
        raise TimedOutError(f"The BP2 did not answer to command {command:02x}. Wait until it wakes again.")
