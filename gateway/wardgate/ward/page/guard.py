"""Who may ask the ward's page: only its own address in `Host` and `Origin`, and nothing large.

No header of a proxy is believed. Behind one, the page is told the address that people type, and answers to that alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wardgate.faces.guard import unbroken, with_headers

LARGEST: Final = 16 * 1024
"""Bytes of a form. A note of a thousand characters fits five times."""
_TLS_ALONE: Final = {"Strict-Transport-Security": "max-age=31536000"}


class _TooLarge(Exception):
    """More came than was announced."""


class WardGuard:
    """Refuses what does not come from the page's own address; adds the security headers to everything."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...], refusal: Callable[[str, str, str], str]) -> None:
        self._app = app
        self._origins = origins
        self._hosts = {urlsplit(origin).netloc for origin in origins}
        self._more = _TLS_ALONE if all(origin.startswith("https://") for origin in origins) else {}
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        said, sending = False, with_headers(send, self._more)

        async def guarded(message: Message) -> None:
            nonlocal said
            said = True
            await sending(message)

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, guarded)
            return
        try:
            await self._app(scope, _bounded(unbroken(scope, receive)), guarded)
        except _TooLarge:
            if not said:
                await self._no(413, "That is too much", "Nothing was noted.", "Write less.")(scope, receive, guarded)

    def _refused(self, scope: Scope) -> HTMLResponse | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts:
            return self._no(421, "Not this address", "This page answers to its own address.", "Ask who set it up.")
        # Every browser names the origin of a form. What does not is no browser, or hides where it comes from.
        if origin not in (None, *self._origins) or (origin is None and scope["method"] not in ("GET", "HEAD")):
            why = "Something else than this page asked for this. Nothing was done."
            return self._no(403, "Not from there", why, "Open the page by its own address.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST:
            return self._no(413, "That is too much", "Nothing was noted.", "Write less.")
        return None

    def _no(self, status: int, headline: str, why: str, what_to_do: str) -> HTMLResponse:
        return HTMLResponse(self._refusal(headline, why, what_to_do), status)


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST:
            raise _TooLarge
        return message

    return bounded
