"""The code that a cuff shows while it is paired: asked of a person, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from wardgate.capture.journal import Journal

PASSKEY_S: Final = 30.0
"""Both sides of a pairing give it up so long after the last word (Core Specification, volume 3, part H, 3.4)."""


class Passkeys:
    """Where a pairing waits for the code and a person brings it."""

    def __init__(self, journal: Journal, changed: Callable[[str], None]) -> None:
        self._journal = journal
        self._changed = changed
        self._asked: dict[str, asyncio.Future[int]] = {}
        self._until_s: dict[str, float] = {}

    async def ask(self, device: str, kind: str) -> int:
        """Wait for the code.

        Raises:
            TimeoutError: nobody brought it.
        """
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[device] = answer
        self._until_s[device] = asyncio.get_running_loop().time() + PASSKEY_S
        self._journal.tell(
            "passkey-needed",
            "attention",
            f"The {kind} shows 6 digits.",
            what_to_do=f"Type them within half a minute: wardgate pair {device} --passkey DIGITS.",
            device=device,
        )
        self._changed("devices")
        try:
            async with asyncio.timeout(PASSKEY_S):
                return await answer
        finally:
            self._asked.pop(device, None)
            self._changed("devices")

    def left_s(self, device: str) -> float | None:
        """How long a pairing of it waits for the code yet; None when none does."""
        answer = self._asked.get(device)
        if answer is None or answer.done():
            return None
        return max(0.0, self._until_s[device] - asyncio.get_running_loop().time())

    def give_all_up(self) -> None:
        """The pairings that wait for a code are over without one."""
        for device in tuple(self._asked):
            self.give_up(device)

    def give_up(self, device: str) -> bool:
        """Nobody will bring the code. False when no pairing of it waits for one."""
        answer = self._asked.get(device)
        if answer is None or answer.done():
            return False
        answer.set_exception(TimeoutError())
        return True

    def give(self, device: str, passkey: int) -> bool:
        """The code for a device. False when no pairing of it waits for one."""
        answer = self._asked.get(device)
        if answer is None or answer.done():
            return False
        answer.set_result(passkey)
        return True
