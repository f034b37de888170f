"""Berry BM1000 family: a hundred packets a second, four to a notification, cut anywhere."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import bci
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.protocol.finger_talk import Streaming, keep_one_a_finger

SERVICE: Final = "49535343-fe7d-4ae5-8fa9-9fafd205e455"
DATA: Final = "49535343-1e4d-4bd9-ba61-23c647249616"
PACKETS_PER_S: Final = 100

_STREAMING: Final = Streaming(
    DATA,
    lambda: bci.Splitter().feed,
    lambda packet: bci.measurement(packet, bci.Variant.BERRY),
    STEADY,
    packets_per_s=PACKETS_PER_S,
)


async def converse(talk: Conversation) -> None:
    """Listen while a finger is in."""
    await talk.listen(DATA)
    await keep_one_a_finger(talk, _STREAMING)
