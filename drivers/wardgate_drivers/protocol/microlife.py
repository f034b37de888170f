"""The talk with Microlife's cuffs: the whole memory, then its clock, then good-bye. Nothing is erased.

The clock cannot be read. It is set after the records have come, so that what is in them was told by one clock.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import microlife
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import TimedOutError
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.protocol.joining import Joiner
from wardgate_drivers.protocol.older import told_apart
from wardgate_drivers.uuids import sig

SERVICE: Final = sig(0xFFF0)
REPLIES: Final = sig(0xFFF1)
COMMANDS: Final = sig(0xFFF2)

REPLY_S: Final = 10.0
"""It collects its whole memory first; how long that takes at most is not published."""
TRIES: Final = 2


async def converse(talk: Conversation) -> None:
    """See above.

    Raises:
        TimedOutError: it did not answer.
    """
    await talk.listen(REPLIES)
    replies = Joiner(talk, microlife.size_of)
    memory = await _memory(talk, replies)
    for measurement in told_apart(microlife.measurement(record) for record in memory.records):
        talk.keep(measurement)
    await talk.settled()
    await _set_clock(talk, replies)
    await talk.write(COMMANDS, microlife.disconnect())


async def _memory(talk: Conversation, replies: Joiner) -> microlife.Memory:
    for _ in range(TRIES):
        await talk.write(COMMANDS, microlife.get())
        while (reply := await replies.next_frame(microlife.decode, REPLY_S)) is not None:
            if isinstance(reply, microlife.Memory):
                return reply
    raise TimedOutError("The Microlife cuff did not tell its memory. Press its Bluetooth key again.")


async def _set_clock(talk: Conversation, replies: Joiner) -> None:
    target = talk.sink.clock_target()
    if target is None:
        return
    to = DeviceTime(round(target.civil_s))
    await talk.write(COMMANDS, microlife.set_time(to))
    if await replies.next_frame(microlife.decode, REPLY_S) == microlife.Acknowledgement(microlife.ACKNOWLEDGED):
        talk.sink.clock_set(to)
