"""The hub behind these pages, asked with patience: it goes away for a second or two whenever it starts anew."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final, TypeVar

from wardgate.control.client import HubAway, connect
from wardgate.control.protocol import Done
from wardgate.control.provisioning import Installation

T = TypeVar("T")
PATIENCE_S: Final = 20.0
"""A hub that starts anew is back sooner, on a small machine too; whoever pressed a button rather waits."""
_AGAIN_S: Final = 0.2


class Hub:
    """Asks. Every act may be asked for twice: it is done once and answered alike."""

    def __init__(self, socket: Path, patience_s: float = PATIENCE_S) -> None:
        self.socket = socket
        self._patience_s = patience_s

    async def ask(self, method: str, to: type[T], **params: Any) -> T:
        """Ask, again while nobody answers, until patience is over.

        Raises:
            ControlError: it was not done; the error has the sentence for a person.
            HubAway: nobody answered in all that time.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        while True:
            try:
                return await self.ask_once(method, to, **params)
            except HubAway:
                if loop.time() + _AGAIN_S >= until:
                    raise
            await asyncio.sleep(_AGAIN_S)

    async def ask_once(self, method: str, to: type[T], **params: Any) -> T:
        """Ask without patience."""
        async with connect(self.socket) as hub:
            return await hub.ask(method, to, **params)

    async def do(self, method: str, **params: Any) -> Done:
        """An act that is answered by a sentence."""
        return await self.ask(method, Done, **params)

    async def installation(self) -> Installation:
        """Everything that the pages need."""
        return await self.ask("installation", Installation)
