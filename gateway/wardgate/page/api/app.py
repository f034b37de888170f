"""The API as an application of its own, mounted at `/api/1` behind the guard of the technician's door.

Its sessions are the pages' sessions: one visit at a time sets the hub up, five wrong codes are too many, a token is
good for the place it was given to. A token comes in the header alone: no cookie is looked at, so no other site can have
a browser send one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import FastAPI, Request
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Report, SignedIn, Window
from wardgate.page.api import bodies, document, errors
from wardgate.page.api.acts import ACTS, Act
from wardgate.page.api.reading import body_of, device_of, no_query, query_of
from wardgate.page.setup.frame import Frame, place_of
from wardgate.page.setup.sessions import Place, Session, Stolen

Handler = Callable[[Request], Awaitable[Response]]


def create_api(frame: Frame) -> FastAPI:
    """The API of the hub behind a door."""
    app = bare_api()
    app.state.frame = frame
    return app


def bare_api() -> FastAPI:
    """The same before it has a hub: what the document is made from."""
    app = FastAPI(title="Wardgate hub", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False
    _visit_routes(app)
    for act in ACTS:
        app.add_api_route(
            act.path,
            _answering(act),
            methods=[act.verb],
            name=act.name,
            operation_id=act.name,
            summary=act.summary,
            responses=document.answers(act.gives),
            openapi_extra=document.asked(act.verb, act.takes, of_device=act.of_device),
        )
    app.add_exception_handler(ControlError, _refused)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_exception_handler(Exception, _fault)
    return app


def _visit_routes(app: FastAPI) -> None:
    """The visit itself, and what is no JSON."""

    def post(
        path: str, takes: type[Struct], gives: type[Struct], summary: str, *, signed_in: bool = True
    ) -> Callable[[Handler], Handler]:
        name = f"post_{path.strip('/').replace('-', '_')}"
        return app.post(
            path,
            operation_id=name,
            summary=summary,
            responses=document.answers(gives),
            openapi_extra=document.asked("POST", takes, signed_in=signed_in),
        )

    @post("/sign-in", bodies.SignIn, bodies.Visit, "Sign in with the setup code on the label", signed_in=False)
    async def sign_in(request: Request) -> Response:
        asked, frame = await body_of(request, bodies.SignIn), _frame(request)
        await frame.hub.ask("sign_in", SignedIn, code=asked.code, address=place_of(request).address)
        seen = await frame.hub.installation()
        token, session = frame.sessions.begin(_place(request), seen.now)
        return answer(bodies.Visit(token=token, window=seen.window, someone_else=session.waiting))

    @post("/sign-out", bodies.Nothing, Done, "End this visit")
    async def sign_out(request: Request) -> Response:
        session, frame = await _session(request), _frame(request)
        await body_of(request, bodies.Nothing)
        frame.sessions.end(session)
        await frame.tell_audit("signed-out", session.place.address)
        return answer(Done(sentence="You are signed out."))

    @post("/take-over", bodies.Nothing, Done, "Set the hub up instead of somebody else, who is signed out")
    async def take_over(request: Request) -> Response:
        session, frame = await _session(request), _frame(request)
        await body_of(request, bodies.Nothing)
        frame.sessions.take_over(session)
        await frame.tell_audit("taken-over", session.place.address)
        return answer(Done(sentence="You set this hub up now."))

    @app.get(
        "/support-report",
        operation_id="get_support_report",
        summary="A report for support, in which nothing names the patient",
        responses=document.file_answers("application/zip", "A zip with settings, status, events and log."),
        openapi_extra=document.asked("GET", bodies.Nothing),
    )
    async def report(request: Request) -> Response:
        await _visitor(request)
        no_query(request)
        made = await _frame(request).hub.ask("report", Report)
        named = {"Content-Disposition": f'attachment; filename="{made.name}"'}
        return Response(made.data, 200, named, "application/zip")

    @app.get(
        "/openapi.json",
        operation_id="get_openapi",
        summary="This document",
        responses=document.file_answers("application/json", "OpenAPI 3.1."),
        openapi_extra=document.asked("GET", bodies.Nothing),
    )
    async def described(request: Request) -> Response:
        await _visitor(request)
        no_query(request)
        return Response(msgspec.json.encode(document.document(app)), 200, None, "application/json")


def _answering(act: Act) -> Handler:
    async def asked(request: Request) -> Response:
        await _visitor(request)
        said = query_of(request, act.takes) if act.verb == "GET" else await body_of(request, act.takes)
        given = {name: value for name, value in msgspec.structs.asdict(said).items() if value is not None}
        if act.of_device:
            given["device"] = device_of(request)
        found = await _frame(request).hub.ask(act.method, act.gives, **given)
        return answer(found)

    return asked


def answer(what: object) -> Response:
    """As it is sent."""
    return Response(msgspec.json.encode(what), 200, None, "application/json")


# Who asks


def _frame(request: Request) -> Frame:
    frame = request.app.state.frame
    assert isinstance(frame, Frame)
    return frame


def _place(request: Request) -> Place:
    """A token of the API is no cookie of the pages, and the reverse: each is good for the door it was given at."""
    place = place_of(request)
    return Place(place.address, f"api: {place.agent}")


async def _session(request: Request) -> Session:
    """Whose token came.

    Raises:
        ControlError: nobody's, or not any more; the pages have closed; the hub is away.
    """
    frame = _frame(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ControlError("sign-in-first", "Nobody is signed in.")
    try:
        session = frame.sessions.find(token, _place(request))
    except Stolen as stolen:
        await frame.tell_audit("stolen-cookie", stolen.address)
        raise ControlError("stolen-cookie", "") from stolen
    if session is None:
        raise ControlError(frame.sessions.why_over(token) or "signed-out", "")
    if not (await frame.hub.ask("window", Window)).open:
        frame.sessions.end_all()
        raise ControlError("closed", "")
    return session


async def _visitor(request: Request) -> None:
    """As `_session`, and they are the one who sets the hub up.

    Raises:
        ControlError: they are not.
    """
    session, sessions = await _session(request), _frame(request).sessions
    if session.waiting:
        if sessions.other(session) is not None:
            raise ControlError("someone-else", "")
        sessions.take_over(session)  # the other one has gone meanwhile


# What is not done


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError)
    return errors.refused(error)


async def _not_served(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return errors.of_status(error.status_code, error.headers)


async def _fault(_: Request, error: Exception) -> Response:
    del error  # the server's log has it
    return errors.of_reason(500, "failed")
