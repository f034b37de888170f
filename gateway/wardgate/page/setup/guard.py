"""Who may come to the technician's door, and how large and how slow a request may be.

A name that was pointed at the hub (DNS rebinding), another site's form, a body without end: each is refused before
any page is asked. Browsers say where a request comes from in `Origin` and `Sec-Fetch-Site`; both are believed only in
what they deny.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wardgate.faces.guard import unbroken, with_headers
from wardgate.page.setup.names import plain

METHODS: Final = frozenset({"GET", "HEAD", "POST"})
MOST_BODY: Final = 64 * 1024
BODY_DEADLINE_S: Final = 10.0
"""A form of some hundred bytes that is not here by then is nobody's who wants an answer."""

API: Final = "/api/"
"""Below this programs ask, with a token in a header. No browser adds one by itself: a missing `Origin` is no harm."""

Refuse = Callable[[str, int, str], Response]
"""From the path that was asked for, a status and a key to what is said."""


@dataclass
class Door:
    """The door as it is now. Whoever opens and closes it changes this."""

    names: frozenset[str]
    """What the hub is called on its network, lower-case."""
    port: int
    open: bool = True
    address: str = ""
    """How a phone reaches it."""
    fingerprint: str = ""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it closes: open streams end."""

    def close(self) -> None:
        """From now on only "closed" is said."""
        self.open = False
        self.closing.set()

    def is_ours(self, host: str, reached: str) -> bool:
        """Whether a `Host` names this door: by one of its names, or by the very address at which it was `reached`.
        Names can be pointed at the hub by others; addresses cannot.
        """
        name, port = _split(host)
        return port == self.port and bool(name) and (name in self.names or plain(name) == plain(reached))


class Guard:
    """The first thing that a request meets, and the last that an answer does."""

    body_deadline_s = BODY_DEADLINE_S

    def __init__(self, app: ASGIApp, door: Door, refuse: Refuse) -> None:
        self._app, self._door, self._refuse = app, door, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no other protocol is spoken here
        guarded, headers = with_headers(send), Headers(scope=scope)
        reached = (scope.get("server") or ("", None))[0]
        refused = self._why_not(scope, headers, reached)
        if refused == (403, "closed") and scope["path"].startswith("/assets/"):
            refused = None  # also a closed door is said in style
        if refused is None:
            await self._app(scope, self._counted(unbroken(scope, receive)), guarded)
        else:
            status, key = refused
            # What was left unread is not waited for.
            await self._refuse(scope["path"], status, key)(scope, receive, guarded)

    def _why_not(self, scope: Scope, headers: Headers, reached: str) -> tuple[int, str] | None:
        method, is_program = scope["method"], scope["path"].startswith(API)
        host, origin = headers.get("host", ""), headers.get("origin")
        if len(headers.getlist("host")) != 1 or not self._door.is_ours(host, reached):
            return 421, "not-this-address"
        if method not in METHODS and not is_program:  # to programs the API says which it takes there
            return 405, "not-here"
        if not self._door.open:
            return 403, "closed"
        if not _from_here(method, origin, headers.get("sec-fetch-site"), host, is_program=is_program):
            return 403, "not-from-there"
        if not _small(headers.get("content-length", "0")):
            return 413, "too-large"
        return None

    def _counted(self, receive: Receive) -> Receive:
        """Bodies end in time and below the limit, whatever their headers said."""
        taken, more = 0, True

        async def counted() -> Message:
            nonlocal taken, more
            if not more:
                return await receive()  # waiting for the browser to hang up may take as long as it likes
            try:
                async with asyncio.timeout(self.body_deadline_s):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            taken += len(message.get("body", b""))
            more = bool(message.get("more_body"))
            if taken > MOST_BODY:
                raise HTTPException(413, headers={"Connection": "close"})
            return message

        return counted


def _from_here(method: str, origin: str | None, site: str | None, host: str, *, is_program: bool) -> bool:
    """Whether one of our own pages asked, or a person did.

    A link in another page may lead here: then there is no cookie (SameSite=Strict), and a look changes nothing. What is
    sent has to come from here, and every browser that we know says so in `Origin`.
    """
    if origin is not None and origin.lower() != f"https://{host}".lower():
        return False
    return method != "POST" or ((is_program or origin is not None) and site in (None, "same-origin"))


def _small(length: str) -> bool:
    return length.isascii() and length.isdigit() and int(length[:12]) <= MOST_BODY and len(length) <= 12


def _split(host: str) -> tuple[str, int]:
    """Name and port; a host without a port means HTTPS's own."""
    host = host.lower()
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
    else:
        name, colon, port = host.partition(":")
        rest = colon + port
    if rest and not (rest[0] == ":" and rest[1:].isascii() and rest[1:].isdigit()):
        return "", -1
    return name.removesuffix("."), int(rest[1:6]) if rest else 443
