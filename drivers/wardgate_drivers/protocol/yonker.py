"""The talk with Yonker's cuffs: they speak, the hub listens. Nothing can be asked, set or erased.

An older result may come before the one of today, so everything is heard before anything is judged.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import yonker
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.measurement import Measurement
from wardgate_drivers.protocol.older import told_apart

SERVICE: Final = "cdeacd80-5235-4c07-8846-93a37ee6b86d"
RESULT: Final = "cdeacd81-5235-4c07-8846-93a37ee6b86d"

PATIENCE_S: Final = 30.0
"""For the first result."""
NEXT_S: Final = 2.0
"""For another one after it; they were seen in rapid succession."""


async def converse(talk: Conversation) -> None:
    """See above.

    Raises:
        LinkLostError: the cuff went away; what had come before is handed over.
    """
    await talk.listen(RESULT)
    heard: list[Measurement] = []
    try:
        wait_s = PATIENCE_S
        while (frame := await talk.next_frame(wait_s)) is not None:
            measurement = _read(talk, frame)
            if measurement is not None:
                heard.append(measurement)
                wait_s = NEXT_S
    finally:
        for measurement in told_apart(heard):
            talk.keep(measurement)


def _read(talk: Conversation, frame: bytes) -> Measurement | None:
    try:
        return yonker.measurement(frame)
    except FrameError as error:
        talk.rejected(error, frame)
        return None
