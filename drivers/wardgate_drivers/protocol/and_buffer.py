"""A&D's cuffs keep what they could not send only where their buffer was given a size; some come with none.

Source: A&D Medical, Bluetooth Low Energy SDK documents 1.2 (command A6).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from wardgate_drivers.codec.and_custom import CHARACTERISTIC, set_buffer_size
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import LinkLostError, RefusedError, SessionError

UA_651BLE_SIZE: Final = 1
UA_656BLE_SIZE: Final = 2
"""200 records."""


def with_buffer(size_code: int) -> Callable[[Conversation], Awaitable[None]]:
    """Give it that size, each time: nobody can see what it has. A cuff that refuses goes on without."""

    async def set_size(talk: Conversation) -> None:
        if not talk.has(CHARACTERISTIC):
            return
        try:
            await talk.write(CHARACTERISTIC, set_buffer_size(size_code))
        except (LinkLostError, RefusedError):
            raise
        except SessionError:
            return

    return set_size
