"""Creative/Viatom PC-60 family: values each second among waveform and battery, on a Nordic UART."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import pc60
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.link.frames import ToldFrames
from wardgate_drivers.protocol.finger_talk import Streaming, keep_one_a_finger

UART_SERVICE: Final = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
UART_DATA: Final = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
_LONGEST: Final = 64
"""The longest frame that is known has 12 bytes."""

_STREAMING: Final = Streaming(
    UART_DATA,
    lambda: ToldFrames(pc60.size_of, pc60.decode, _LONGEST).feed,
    pc60.measurement,
    STEADY,
)


async def converse(talk: Conversation) -> None:
    """Listen while a finger is in."""
    await talk.listen(UART_DATA)
    await keep_one_a_finger(talk, _STREAMING)
