"""What Medisana's scales want: the time. They answer with all they have to tell, then hang up.

Its two indications are plain subscriptions, which stand before this: the scale sends within moments of the write.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from wardgate_drivers.codec import medisana
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.uuids import sig

SERVICE: Final = sig(0x78B2)
WEIGHT: Final = sig(0x8A21)
BODY: Final = sig(0x8A22)
COMMAND: Final = sig(0x8A81)

PATIENCE_S: Final = 40.0
"""Somebody who has just stepped on stands there until the body's composition is measured, some 20 s."""


def converse(epoch_s: float) -> Callable[[Conversation], Awaitable[None]]:
    """The protocol of scales that count from that epoch.

    Without a time of its own the hub writes none, and the scale sends nothing: a made-up time would spoil its clock.
    """

    async def give_time(talk: Conversation) -> None:
        target = talk.sink.clock_target()
        if target is None:
            return
        to = DeviceTime(round(target.civil_s))
        await talk.write(COMMAND, medisana.set_clock(to, epoch_s))
        talk.sink.clock_set(to)
        # Nothing comes this way: it ends when the scale hangs up.
        await talk.next_frame(PATIENCE_S)

    return give_time
