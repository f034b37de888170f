"""Tasks that never end: one that does is logged, told of, and started again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from wardgate.capture.journal import Journal

log: Final = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
STEADY_S: Final = 300.0
"""A task that ran for so long before it fell starts over with the first pause."""


class Supervisor:
    """Keeps tasks running. What happens to one happens to that one."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tasks: list[asyncio.Task[None]] = []
        self.falls = 0
        """How often one of them has fallen."""

    def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run this from now on, until `stop`."""
        self._tasks.append(asyncio.get_running_loop().create_task(self._keep(name, run), name=name))

    async def stop(self) -> None:
        """End all tasks, the last one first."""
        tasks, self._tasks = self._tasks, []
        for task in reversed(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = loop.time()
            why = "it ended"
            try:
                await run()
            except Exception as error:  # the boundary that supervision is
                log.exception("%s fell", name)
                why = f"{type(error).__name__}: {error}"
            self.falls += 1
            self._journal.begin(
                f"task-restarted-{name.replace(' ', '-')}",
                "problem",
                f"A part of the hub ({name}) stopped and is started again.",
                what_to_do="Send a report for support: wardgate support-bundle.",
                detail={"why": why},
            )
            pause_s = FIRST_PAUSE_S if loop.time() - began_s > STEADY_S else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
