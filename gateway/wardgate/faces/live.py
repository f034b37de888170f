"""An open page kept true: server-sent events, as `static/live.js` takes them.

`part` carries HTML for the element with its id; what else is said, each page says itself. A comment goes out at once
and every so often, so that nothing between here and the browser gives up.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

log: Final = logging.getLogger(__name__)

COMMENT: Final = ": still here\n\n"
COMMENT_S: Final = 15.0


class Browser:
    """One open page, and what it shows now."""

    def __init__(self) -> None:
        self.messages: Final = asyncio.Queue[str | None](maxsize=64)
        self._shown: dict[str, bytes] = {}

    async def say(self, name: str, data: str) -> None:
        """Tell it something."""
        await self.messages.put(event(name, data))

    async def show(self, parts: Mapping[str, str], how: str = "part") -> None:
        """Send what it does not show yet of these named parts, each as an event `how`."""
        for name, text in parts.items():
            digest = hashlib.sha256(text.encode()).digest()
            if self._shown.get(name) != digest:
                self._shown[name] = digest
                await self.say(how, text)


Keep = Callable[[Browser], Awaitable[None]]
"""Keeps one page true. When it returns, the stream ends."""


class Streams:
    """All open pages of an application.

    Args:
        again_s: before a browser comes back whose stream has ended.
        sign_s: between two signs of life.
        sign: what goes out then.
    """

    def __init__(self, again_s: float, sign_s: float = COMMENT_S, sign: str = COMMENT) -> None:
        self._again_s, self._sign_s, self._sign = again_s, sign_s, sign
        self._closing = asyncio.Event()
        self.watchers = 0

    def close(self) -> None:
        """End every stream: the process is about to stop."""
        self._closing.set()

    async def events(self, keep: Keep) -> AsyncIterator[str]:
        """For one browser, until it goes away, the page is over or the process stops."""
        browser = Browser()
        work = (_kept(keep, browser), self._signs(browser), self._end(browser))
        tasks = [asyncio.create_task(w) for w in work]
        self.watchers += 1
        try:
            yield f"retry: {round(self._again_s * 1000)}\n{COMMENT}"
            while (message := await browser.messages.get()) is not None:
                yield message
        finally:
            self.watchers -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _signs(self, browser: Browser) -> None:
        while True:
            await asyncio.sleep(self._sign_s)
            await browser.messages.put(self._sign)

    async def _end(self, browser: Browser) -> None:
        await self._closing.wait()
        await browser.messages.put(None)


async def _kept(keep: Keep, browser: Browser) -> None:
    """Supervise one page: a fault of ours ends its stream alone, which makes the browser say so and come again."""
    try:
        await keep(browser)
    except Exception:
        log.exception("An open page could not be kept live")
    await browser.messages.put(None)


def event(name: str, data: str) -> str:
    """One event, as it goes out."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
