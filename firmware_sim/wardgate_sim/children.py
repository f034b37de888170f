"""A program of ours in a process of its own, its lines shown as they come."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final

STOP_S: Final = 5.0


class ChildFailed(RuntimeError):
    """The program ended before it said what was waited for."""


class Child:
    """Runs while the context is open. `told` gets its name and each line it prints."""

    def __init__(self, name: str, words: Sequence[str], told: Callable[[str, str], None]) -> None:
        self._name = name
        self._words = tuple(words)
        self._told = told
        self._said: list[str] = []
        self._news = asyncio.Condition()
        self._ended = False
        self._reading: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Child:
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C goes to the parent alone, which ends its children in order.
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is None or self._reading is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await self._reading

    async def said(self, beginning: str) -> None:
        """Wait for a line that begins so.

        Raises:
            ChildFailed: it ended first; the message holds its last lines.
        """
        async with self._news:
            await self._news.wait_for(lambda: self._ended or any(s.startswith(beginning) for s in self._said))
        if not any(s.startswith(beginning) for s in self._said):
            raise ChildFailed(f"the {self._name} ended: {' '.join(self._said[-5:])}")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            async for line in process.stdout:
                text = line.decode(errors="replace").rstrip()
                self._told(self._name, text)
                async with self._news:
                    self._said.append(text)
                    self._news.notify_all()
        async with self._news:
            self._ended = True
            self._news.notify_all()
