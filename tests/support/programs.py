"""Programs of ours in processes of their own, which a test may kill."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from wardgate.control.client import HubAway, connect

PATIENCE_S: Final = 120.0
LOOK_S: Final = 0.05


async def until_answers(socket: Path) -> None:
    """Wait until a hub answers; a process that is starting cannot be waited for in another way."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(HubAway):
                async with connect(socket) as hub:
                    await hub.call("ping")
                    return
            await asyncio.sleep(LOOK_S)


class Program:
    """One process; what it says is in `log`.

    Args:
        before: words that make the process another user's.
        umask: for the files it makes; -1 leaves it as it is here.
    """

    def __init__(
        self, log: Path, *words: str, module: str = "wardgate", before: tuple[str, ...] = (), umask: int = -1
    ) -> None:
        self.log = log
        self._words = (*before, sys.executable, "-m", module, *words)
        self._umask = umask
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it is running when this returns, not ready."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._words, stdout=log, stderr=log, umask=self._umask
            )

    async def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """`kill -STOP`: it keeps its connections and does nothing."""
        if self._process is None:
            raise RuntimeError("it was not started")
        self._process.send_signal(signal.SIGSTOP)

    async def stop(self) -> int:
        """Ask it to stop, and wait. Its exit status."""
        return await self._end(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait until it ends by itself. Its exit status."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return await self._process.wait()

    async def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(how)
        return await process.wait()

    async def says(self, words: str, *, after: int = 0) -> None:
        """Wait until it has printed this, beyond the first `after` characters.

        Another process's output cannot be awaited in another way.
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if words in self.said()[after:]:
                    return
                await asyncio.sleep(LOOK_S)

    def said(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(encoding="utf-8")
