"""The technician's door: sign-in, the task list, the steps. It keeps nothing that the hub does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Report, SignedIn, Window
from wardgate.faces.answers import serve_assets, streamed, too_many
from wardgate.faces.assets import Assets
from wardgate.faces.words import Times
from wardgate.page.api.app import create_api
from wardgate.page.api.document import AT
from wardgate.page.api.errors import of_reason
from wardgate.page.setup.forms import Tokens, press_of, read_form, revision_of
from wardgate.page.setup.frame import (
    Closed,
    Frame,
    SignInFirst,
    TakeOverFirst,
    checked_form,
    page,
    place_of,
    status_of,
    step_of,
    tokens_of,
    way_back,
)
from wardgate.page.setup.guard import API, METHODS, Door, Guard
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.live import MOST_STREAMS, Live, Over, Pace
from wardgate.page.setup.pages import Pages, start_of
from wardgate.page.setup.reasons import of_key, of_status, told
from wardgate.page.setup.sessions import COOKIE, Sessions
from wardgate.page.setup.step import NoSuchPage, Step, Visit
from wardgate.page.setup.tasks import tasks


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
        hub,
        door,
        pages,
        assets,
        sessions or Sessions(),
        Live(hub, door, pace or Pace(), pages.closed),
        {s.name: s for s in steps},
    )
    app = FastAPI(title="Wardgate", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, door=door, refuse=lambda path, status, key: _refusal(pages, path, status, key))
    app.state.frame = frame
    app.mount(AT, create_api(frame))
    _open_routes(app, frame)
    _session_routes(app, frame)
    _step_routes(app, frame)
    _live_route(app, frame)
    _refusals(app, frame)
    return app


def _refusal(pages: Pages, path: str, status: int, key: str) -> Response:
    """What the guard says: programs get what programs read."""
    headers = {"Connection": "close"} | ({"Allow": ", ".join(sorted(METHODS))} if status == 405 else {})
    if path.startswith(API):
        return of_reason(status, key, headers)
    return HTMLResponse(pages.refusal(of_key(key)), status, headers)


def _open_routes(app: FastAPI, frame: Frame) -> None:
    """What anybody may see: how it looks, and how to sign in."""
    serve_assets(app, frame.assets)

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
        await frame.tell_audit("signed-out", session.place.address)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    @app.post("/take-over")
    async def take_over(request: Request) -> Response:
        session = await frame.session(request, waiting=True)
        await checked_form(request, session)
        frame.sessions.take_over(session)
        await frame.tell_audit("taken-over", session.place.address)
        return RedirectResponse("/", 303)

    @app.post("/report")
    async def report(request: Request) -> Response:
        visit = await frame.visit(request)
        await checked_form(request, visit.session)
        made = await frame.hub.ask("report", Report)
        named = {"Content-Disposition": f'attachment; filename="{made.name}"'}
        return Response(made.data, 200, named, "application/zip")

    @app.post("/keep-open")
    async def keep_open(request: Request) -> Response:
        visit = await frame.visit(request)
        form = await checked_form(request, visit.session)

        async def extend() -> str:
            await frame.hub.ask("extend_window", Window)
            return way_back(form.get("back", ""), frame)

        return RedirectResponse(await visit.session.once(press_of(request.url.path, form), extend), 303)


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
            press = press_of(request.url.path, form)
            address = await visit.session.once(press, lambda: step.act(acting, form.get("act", "")))
        except NoSuchPage:
            raise HTTPException(404) from None
        except ControlError as error:
            again = replace(acting, seen=await frame.hub.installation(), refused=told(error))
            return await shown_page(request, frame, step, again, status_of(error))
        return RedirectResponse(address, 303)


def _live_route(app: FastAPI, frame: Frame) -> None:
    @app.get("/live")
    @app.get("/live/{name}")
    @app.get("/live/{name}/{path:path}")
    async def live(request: Request, name: str = "", path: str = "") -> Response:
        visit = await frame.visit(request, path=path)
        if frame.live.watchers >= MOST_STREAMS:
            return too_many()
        tokens = tokens_of(visit, request.url.path.replace("/live", "/setup", 1) if name else "/")

        async def parts() -> tuple[Mapping[str, str], str]:
            now = replace(await frame.visit(request, path=path, touch=False), live=True)
            shown = await step_of(frame, name).show(now) if name else start_of(now)
            drawn = frame.pages.parts(now, shown, Tokens(tokens.csrf, now.seen.revision, tokens.action, tokens.key))
            return drawn, now.times.clock_s(now.seen.now)

        async def while_it_lasts() -> tuple[Mapping[str, str], str]:
            try:
                return await parts()
            except Closed as error:
                raise Over(frame.pages.closed()) from error
            except (SignInFirst, TakeOverFirst, NoSuchPage, HTTPException) as error:
                raise Over from error

        return streamed(frame.live.stream(while_it_lasts))


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
    if step.number and tasks(visit.seen)[step.number - 1].state == "later":
        return RedirectResponse("/", 303)
    try:
        shown = await step.show(visit)
    except NoSuchPage:
        if not visit.path and step.number:
            raise HTTPException(404) from None
        return RedirectResponse(f"/setup/{step.name}" if visit.path else "/", 303)
    html = frame.pages.step(step, visit, shown, tokens_of(visit, request.url.path))
    visit.session.said = ""
    return page(request, html, status)
