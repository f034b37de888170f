"""What the routes of the technician's door share: who asks, from which page, and how answers are sent."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from wardgate.control.protocol import ControlError, Done
from wardgate.faces.answers import HTML
from wardgate.faces.assets import Assets
from wardgate.page.setup.forms import Tokens, read_form
from wardgate.page.setup.guard import Door
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.live import Live
from wardgate.page.setup.names import plain
from wardgate.page.setup.pages import Pages
from wardgate.page.setup.sessions import COOKIE, Place, Session, Sessions, Stolen
from wardgate.page.setup.step import Step, Visit

log: Final = logging.getLogger(__name__)


class SignInFirst(Exception):
    """Nobody is signed in here; `key` says why somebody is not any more."""

    def __init__(self, key: str = "") -> None:
        super().__init__(key)
        self.key = key


class Closed(Exception):
    """The pages have closed; the hub says so, whatever the door knows."""


class TakeOverFirst(Exception):
    """Somebody else is setting up this hub."""

    def __init__(self, session: Session, other: Session) -> None:
        super().__init__()
        self.session, self.other = session, other


@dataclass(frozen=True, slots=True)
class Frame:
    """What the routes share."""

    hub: Hub
    door: Door
    pages: Pages
    assets: Assets
    sessions: Sessions
    live: Live
    steps: Mapping[str, Step]

    async def visit(self, request: Request, *, path: str = "", touch: bool = True) -> Visit:
        """Who asks, and the hub as it is now.

        Raises:
            SignInFirst, TakeOverFirst: who has no business here, yet.
            Closed: the time is over.
            ControlError: the hub is away.
        """
        session = await self.session(request, touch=touch)
        seen = await self.hub.installation()
        if not seen.window.open:
            self.sessions.end_all()
            raise Closed
        return Visit(
            hub=self.hub,
            seen=seen,
            session=session,
            path=tuple(p for p in path.split("/") if p),
            query=dict(request.query_params),
            door=self.door.address,
            fingerprint=self.door.fingerprint or seen.fingerprint,
        )

    async def session(self, request: Request, *, waiting: bool = False, touch: bool = True) -> Session:
        """Whose cookie came; one that waits to take over only where that is asked for. A page that is merely kept live
        does not `touch`: it keeps nobody signed in.
        """
        cookie = request.cookies.get(COOKIE, "")
        try:
            session = self.sessions.find(cookie, place_of(request), touch=touch)
        except Stolen as stolen:
            log.warning("A cookie of the technician's page came from another place; its session was ended")
            await self.tell_audit("stolen-cookie", stolen.address)
            raise SignInFirst("stolen-cookie") from stolen
        if session is None:
            raise SignInFirst(self.sessions.why_over(cookie) if cookie else "")
        other = self.sessions.other(session)
        if session.waiting and not waiting:
            if other is not None:
                raise TakeOverFirst(session, other)
            self.sessions.take_over(session)  # the other one has gone meanwhile
        return session

    async def tell_audit(self, what: str, address: str) -> None:
        """What only these pages see."""
        try:
            await self.hub.ask("note_audit", Done, what=what, address=address)
        except ControlError as error:
            log.warning("The audit was not told: %s", error.key)


async def checked_form(request: Request, session: Session) -> Mapping[str, str]:
    """A form that one of this session's own pages made.

    Raises:
        HTTPException: 403, it was made elsewhere; 400 and 415, it is no form of ours.
    """
    form = await read_form(request)
    if not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
        raise HTTPException(403)
    if not form.get("key"):
        raise HTTPException(400)
    return form


def step_of(frame: Frame, name: str) -> Step:
    """One of the six.

    Raises:
        HTTPException: 404.
    """
    step = frame.steps.get(name)
    if step is None:
        raise HTTPException(404)
    return step


def way_back(address: str, frame: Frame) -> str:
    """To a page of ours, whatever was asked for."""
    parts = address.split("/")
    ours = len(parts) > 2 and parts[:2] == ["", "setup"] and parts[2] in frame.steps and not set(address) & set("\\?#%")
    return address if ours and ".." not in parts else "/"


def place_of(request: Request) -> Place:
    """Whose browser it is."""
    return Place(plain(request.client.host) if request.client else "", request.headers.get("user-agent", "")[:400])


def tokens_of(visit: Visit, action: str) -> Tokens:
    """For the forms of a page."""
    return Tokens(visit.session.csrf, visit.seen.revision, action)


def status_of(error: ControlError) -> int:
    """As HTTP says it: the hub is away, the page is too old, or what was typed will not do."""
    return {"hub-away": 503, "stale": 409, "wait": 429, "wrong-code": 403}.get(error.key, 422)


def page(request: Request, html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A page as it is sent. Never compressed: secrets of the session and what was typed stand side by side in it."""
    return Response(html.encode(), status, dict(headers or {}), HTML)
