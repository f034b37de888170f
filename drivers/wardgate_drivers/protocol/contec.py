"""Contec CMS50D-BT: it streams after a start command, and only as long as it is kept alive."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import contec_ble
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.link.frames import ToldFrames
from wardgate_drivers.protocol.finger_talk import Streaming, keep_one_a_finger
from wardgate_drivers.uuids import sig

SERVICE: Final = sig(0xFF12)
COMMANDS: Final = sig(0xFF01)
ANSWERS: Final = sig(0xFF02)
KEEP_ALIVE_SECONDS: Final = 3
"""How often it wants to be kept alive is not published; the same maker's serial devices stop after 5 s."""

_LONGEST: Final = 8
_STREAMING: Final = Streaming(
    ANSWERS,
    lambda: ToldFrames(contec_ble.size_of, contec_ble.decode, _LONGEST).feed,
    contec_ble.measurement,
    STEADY,
    patience_s=10.0,
    quiet_s=4.0,
)
"""Values and waveform may share a notification, or be cut by its end."""


async def converse(talk: Conversation) -> None:
    """Start it, keep it alive while a finger is in, stop it."""
    seconds = 0

    async def keep_alive() -> None:
        nonlocal seconds
        seconds += 1
        if seconds % KEEP_ALIVE_SECONDS == 0:
            await talk.write(COMMANDS, contec_ble.KEEP_ALIVE)

    await talk.listen(ANSWERS)
    await talk.write(COMMANDS, contec_ble.START)
    if await keep_one_a_finger(talk, _STREAMING, keep_alive):
        await talk.write(COMMANDS, contec_ble.STOP)
