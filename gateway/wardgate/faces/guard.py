"""Who may ask, and what the browser may do with the answer.

Listening on loopback alone does not keep other sites' pages out: a name that they point at 127.0.0.1 (DNS rebinding)
makes the browser ask us as if we were theirs. So only a loopback name in `Host` is answered, and no other `Origin`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with that, browsers send the forms of our own pages with `Origin: null`, as anybody's could be.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def with_headers(send: Send, more: Mapping[str, str] | None = None) -> Send:
    """Sends with the security headers of every page, and `more`; nothing is kept by the browser unless it says so."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            headers.update({**HEADERS, **(more or {})})
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending


def unbroken(scope: Scope, receive: Receive) -> Receive:
    """Receives what is sent. A form that breaks off is no fault here: it is answered as one that cannot be used, if
    anybody is there, and leaves no trace in the log."""
    more = scope["method"] not in ("GET", "HEAD")

    async def receiving() -> Message:
        nonlocal more
        message = await receive()
        if more and message["type"] == "http.disconnect":
            raise HTTPException(400, headers={"Connection": "close"})
        more = more and bool(message.get("more_body"))
        return message

    return receiving


class Guard:
    """Refuses what does not come from this machine's own names; adds the security headers to everything."""

    def __init__(self, app: ASGIApp, refusal: Callable[[str, str, str], str]) -> None:
        self._app = app
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        guarded, headers = with_headers(send), Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not _is_loopback(f"//{host}"):
            why = "This page is only for the hub itself."
            html = self._refusal("Not this address", why, "Open it by 127.0.0.1 or localhost.")
            await HTMLResponse(html, 421)(scope, receive, guarded)
        elif origin is not None and not (_is_loopback(origin) and urlsplit(origin).netloc == host):
            html = self._refusal(
                "Not from there", "Another site asked for this page.", "Open the page by its own address."
            )
            await HTMLResponse(html, 403)(scope, receive, guarded)
        else:
            await self._app(scope, unbroken(scope, receive), guarded)


def _is_loopback(address: str) -> bool:
    try:
        parts = urlsplit(address)
        name = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
