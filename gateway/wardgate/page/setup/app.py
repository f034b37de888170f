"""The technician's door: sign-in, the task list, the steps. It keeps nothing that the hub does not know."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import SignedIn, Window
from wardgate.faces.assets import Assets
from wardgate.faces.words import Times
from wardgate.page.setup.forms import Tokens, read_form, revision_of
from wardgate.page.setup.guard import Door, Guard
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.live import MOST_STREAMS, Live, Over, Pace
from wardgate.page.setup.pages import Pages, start_of
from wardgate.page.setup.reasons import of_key, of_status, told
from wardgate.page.setup.sessions import COOKIE, Place, Session, Sessions, Stolen
from wardgate.page.setup.step import NoSuchPage, Step, Visit
from wardgate.page.setup.tasks import tasks

log: Final = logging.getLogger(__name__)
_HTML: Final = "text/html; charset=utf-8"


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
        try:
            session = self.sessions.find(request.cookies.get(COOKIE, ""), place_of(request), touch=touch)
        except Stolen as stolen:
            await self._tell_stolen(stolen)
            raise SignInFirst("stolen-cookie") from stolen
        if session is None:
            raise SignInFirst("signed-out" if COOKIE in request.cookies else "")
        other = self.sessions.other(session)
        if session.waiting and not waiting:
            if other is not None:
                raise TakeOverFirst(session, other)
            self.sessions.take_over(session)  # the other one has gone meanwhile
        return session

    async def _tell_stolen(self, stolen: Stolen) -> None:
        log.warning("A cookie of the technician's page came from another place; its session was ended")
        try:
            await self.hub.ask_once("note_audit", object, what="stolen-cookie", address=stolen.address)
        except ControlError as error:
            log.warning("The audit was not told: %s", error.key)


def create_app(
    hub: Hub,
    door: Door,
    steps: Sequence[Step],
    *,
    sessions: Sessions | None = None,
    pace: Pace | None = None,
) -> FastAPI:
    """The pages behind the door, as an ASGI application."""
    assets = Assets("wardgate.page")
    pages = Pages(assets)
    frame = Frame(
        hub, door, pages, assets, sessions or Sessions(), Live(hub, door, pace or Pace()), {s.name: s for s in steps}
    )
    app = FastAPI(title="Wardgate", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, door=door, refuse=lambda status, key: pages.refusal(of_key(key)))
    app.state.frame = frame
    _open_routes(app, frame)
    _session_routes(app, frame)
    _step_routes(app, frame)
    _refusals(app, frame)
    return app


def _open_routes(app: FastAPI, frame: Frame) -> None:
    """What anybody may see: how it looks, and how to sign in."""

    @app.api_route("/assets/{digest}/{name}", methods=["GET", "HEAD"])
    async def asset(request: Request, digest: str, name: str) -> Response:
        found = frame.assets.at(f"/assets/{digest}/{name}")
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.gzipped, 200, {**headers, "Content-Encoding": "gzip"}, found.media_type)
        return Response(found.body, 200, headers, found.media_type)

    @app.api_route("/guide", methods=["GET", "HEAD"])
    async def guide(request: Request) -> Response:
        return page(request, frame.pages.guide())

    @app.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await read_form(request)
        try:
            await frame.hub.ask("sign_in", SignedIn, code=form.get("code", ""), address=place_of(request).address)
            seen = await frame.hub.installation()
        except ControlError as error:
            return page(request, frame.pages.sign_in(None, told(error)), status_of(error))
        cookie, _ = frame.sessions.begin(place_of(request), seen.now)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, cookie, path="/", secure=True, httponly=True, samesite="strict")
        return answer


def _session_routes(app: FastAPI, frame: Frame) -> None:
    """Of the visit itself."""

    @app.api_route("/", methods=["GET", "HEAD"])
    async def start(request: Request) -> Response:
        visit = await frame.visit(request)
        html = frame.pages.start(visit, tokens_of(visit, "/"))
        visit.session.said = ""
        return page(request, html)

    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        session = await frame.session(request, waiting=True)
        await checked_form(request, session)
        frame.sessions.end(session)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    @app.post("/take-over")
    async def take_over(request: Request) -> Response:
        session = await frame.session(request, waiting=True)
        await checked_form(request, session)
        frame.sessions.take_over(session)
        return RedirectResponse("/", 303)

    @app.post("/keep-open")
    async def keep_open(request: Request) -> Response:
        visit = await frame.visit(request)
        form = await checked_form(request, visit.session)

        async def extend() -> str:
            await frame.hub.ask("extend_window", Window)
            return way_back(form.get("back", ""), frame)

        return RedirectResponse(await visit.session.once(form["key"], extend), 303)


def _step_routes(app: FastAPI, frame: Frame) -> None:
    @app.api_route("/setup/{name}", methods=["GET", "HEAD"])
    @app.api_route("/setup/{name}/{path:path}", methods=["GET", "HEAD"])
    async def look(request: Request, name: str, path: str = "") -> Response:
        visit = await frame.visit(request, path=path)
        step = step_of(frame, name)
        return await shown_page(request, frame, step, visit)

    @app.post("/setup/{name}")
    @app.post("/setup/{name}/{path:path}")
    async def act(request: Request, name: str, path: str = "") -> Response:
        visit = await frame.visit(request, path=path)
        step = step_of(frame, name)
        form = await checked_form(request, visit.session)
        acting = replace(visit, form=form, revision=revision_of(form))
        try:
            address = await visit.session.once(form["key"], lambda: step.act(acting, form.get("act", "")))
        except NoSuchPage:
            raise HTTPException(404) from None
        except ControlError as error:
            again = replace(acting, seen=await frame.hub.installation(), refused=told(error))
            return await shown_page(request, frame, step, again, status_of(error))
        return RedirectResponse(address, 303)

    @app.get("/live")
    @app.get("/live/{name}")
    @app.get("/live/{name}/{path:path}")
    async def live(request: Request, name: str = "", path: str = "") -> Response:
        visit = await frame.visit(request, path=path)
        if frame.live.streams >= MOST_STREAMS:
            return Response("Too many pages are open. Close one.", 503, {"Retry-After": "5"}, "text/plain")
        tokens = tokens_of(visit, request.url.path.replace("/live", "/setup", 1) if name else "/")

        async def parts() -> tuple[Mapping[str, str], str]:
            now = await frame.visit(request, path=path, touch=False)
            shown = await step_of(frame, name).show(now) if name else start_of(now)
            drawn = frame.pages.parts(now, shown, Tokens(tokens.csrf, now.seen.revision, tokens.action, tokens.key))
            return drawn, now.times.clock_s(now.seen.now)

        async def while_it_lasts() -> tuple[Mapping[str, str], str]:
            try:
                return await parts()
            except (SignInFirst, TakeOverFirst, Closed, NoSuchPage, HTTPException) as error:
                raise Over from error

        return StreamingResponse(
            frame.live.stream(while_it_lasts), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )


def _refusals(app: FastAPI, frame: Frame) -> None:
    @app.exception_handler(SignInFirst)
    async def nobody(request: Request, error: SignInFirst) -> Response:
        refused = of_key(error.key) if error.key else None
        if request.method == "POST" or request.url.path == "/":
            return page(request, frame.pages.sign_in(None, refused), 401 if request.method == "POST" else 200)
        return RedirectResponse("/", 303)

    @app.exception_handler(TakeOverFirst)
    async def somebody_else(request: Request, error: TakeOverFirst) -> Response:
        seen = await frame.hub.installation()
        since = Times(ZoneInfo(seen.timezone), seen.now).clock(error.other.begun)
        tokens = Tokens(error.session.csrf, seen.revision, "/take-over")
        return page(request, frame.pages.take_over(seen.hub, since, tokens), 409)

    @app.exception_handler(Closed)
    async def closed(request: Request, error: Closed) -> Response:
        return page(request, frame.pages.refusal(of_key("closed")), 403)

    @app.exception_handler(ControlError)
    async def not_told(request: Request, error: ControlError) -> Response:
        refusal = frame.pages.refusal(told(error), request.url.path, "Try again")
        return page(request, refusal, status_of(error))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return page(request, frame.pages.refusal(of_status(error.status_code)), error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> Response:
        return page(request, frame.pages.refusal(of_key("failed")), 500)


async def shown_page(request: Request, frame: Frame, step: Step, visit: Visit, status: int = 200) -> Response:
    """A step's page, or the way to where it is."""
    if tasks(visit.seen)[step.number - 1].state == "later":
        return RedirectResponse("/", 303)
    try:
        shown = await step.show(visit)
    except NoSuchPage:
        if not visit.path:
            raise HTTPException(404) from None
        return RedirectResponse(f"/setup/{step.name}", 303)
    html = frame.pages.step(step, visit, shown, tokens_of(visit, request.url.path))
    visit.session.said = ""
    return page(request, html, status)


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
    return Place(request.client.host if request.client else "", request.headers.get("user-agent", "")[:400])


def tokens_of(visit: Visit, action: str) -> Tokens:
    """For the forms of a page."""
    return Tokens(visit.session.csrf, visit.seen.revision, action)


def status_of(error: ControlError) -> int:
    """As HTTP says it: the hub is away, the page is too old, or what was typed will not do."""
    return {"hub-away": 503, "stale": 409, "wait": 429, "wrong-code": 403}.get(error.key, 422)


def page(request: Request, html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A page as it is sent. Never compressed: secrets of the session and what was typed stand side by side in it."""
    return Response(html.encode(), status, dict(headers or {}), _HTML)
