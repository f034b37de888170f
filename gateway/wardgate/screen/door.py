"""Who may see the screen when it is on the home's network: whoever has its address, in which a random key stands.

There is no name to sign in with and nothing to type twice: a tablet on a shelf keeps its address. The hub makes the key
for each patient, and another patient's old tablet sees nothing. Whoever asks without it learns nothing, not even that
there is a screen.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from wardgate.faces.guard import unbroken, with_headers
from wardgate.screen.ask import screen_key

_PUBLIC: Final = "/assets/"
"""Style, script and pictures say nothing about anybody."""


WRONG_S: Final = 1.0
"""For so long a wrong key stays wrong without the hub being asked: guessing costs the hub nothing."""


class Keys:
    """The key as the hub tells it. While the hub is away the last one holds."""

    def __init__(self, socket: Path, wrong_s: float = WRONG_S) -> None:
        self._socket = socket
        self._wrong_s = wrong_s
        self._last: str | None = None
        self._asked_s = float("-inf")

    async def fits(self, key: str) -> bool:
        """Whether this is the key of the patient whom the hub serves now. The right one is always asked for anew: it
        may be an earlier patient's."""
        now_s = asyncio.get_running_loop().time()
        if not self._is_last(key) and now_s - self._asked_s < self._wrong_s:
            return False
        told = await screen_key(self._socket)
        if told is not None:
            self._last, self._asked_s = told, now_s
        return self._is_last(key)

    def _is_last(self, key: str) -> bool:
        return self._last is not None and hmac.compare_digest(key.encode(), self._last.encode())


class Door:
    """Takes the key off the address and lets the rest through; everything else is not there."""

    def __init__(self, app: ASGIApp, fits: Callable[[str], Awaitable[bool]]) -> None:
        self._app = app
        self._fits = fits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        guarded = with_headers(send)
        path: str = scope["path"]
        key, slash, rest = path[1:].partition("/")
        if path.startswith(_PUBLIC):
            await self._app(scope, receive, guarded)
        elif _foreign(Headers(scope=scope)) or not await self._fits(key):
            await Response("Not here.", 404, media_type="text/plain")(scope, receive, guarded)
        elif not slash:
            await RedirectResponse(f"/{key}/", 307)(scope, receive, guarded)
        else:
            inner = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode(), "wardgate.key": key}
            await self._app(inner, unbroken(scope, receive), guarded)


def _foreign(headers: Headers) -> bool:
    """Whether another site's page asks."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")
