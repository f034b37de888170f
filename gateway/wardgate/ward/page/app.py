"""The page's routes. What is written here goes through `desk` and is in the audit before it is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from wardgate.faces.answers import page, serve_assets, streamed, too_many
from wardgate.faces.assets import Assets
from wardgate.faces.live import Keep
from wardgate.ward.database import Database, DatabaseError, open_database
from wardgate.ward.page.file import Asked, is_there
from wardgate.ward.page.guard import WardGuard
from wardgate.ward.page.live import Live, Pace, WhoLooks
from wardgate.ward.page.patients import Patients, asked
from wardgate.ward.page.render import MOST_FOLLOWED, Renderer
from wardgate.ward.page.sessions import Door, SignInFirst

_MOST_WATCHERS: Final = 64


def create_app(
    where: Path | str,
    origins: tuple[str, ...],
    zone: ZoneInfo,
    *,
    pace: Pace | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """The page over a ward's database, for browsers that know it by one of `origins` (`https://ward.example`)."""
    assets = Assets("wardgate.ward.page")
    renderer = Renderer(assets)
    database = open_database(where)
    live = Live(database, renderer, zone, clock, pace or Pace())
    door = Door(database, renderer, clock, secure=all(o.startswith("https://") for o in origins))
    app = FastAPI(title="Wardgate ward", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(WardGuard, origins=origins, refusal=renderer.refusal)
    app.state.live, app.state.database = live, database
    door.serve(app)
    Patients(database, renderer, door, live, zone, clock).serve(app)

    _serve_streams(app, door, live, database)
    serve_assets(app, assets)
    _serve_refusals(app, renderer, door)
    return app


def _serve_streams(app: FastAPI, door: Door, live: Live, database: Database) -> None:
    async def stream(request: Request, keep: Callable[[WhoLooks], Keep], of: Asked | None = None) -> Response:
        token = door.token(request)
        if await door.account(token) is None:
            return Response("Sign in first.", 401, media_type="text/plain")
        if of is not None and not await database.run(lambda tx: is_there(tx, of)):
            raise HTTPException(404)
        if live.watchers >= _MOST_WATCHERS:
            return too_many()
        return streamed(live.events(keep(partial(door.account, token))))

    async def of_file(request: Request, page_of: Asked) -> Response:
        return await stream(request, lambda who: live.of_file(page_of, who), page_of)

    @app.get("/live")
    async def live_list(request: Request) -> Response:
        have = request.query_params.get("have", "").split(".")[:MOST_FOLLOWED]
        return await stream(request, lambda who: live.of_list(have, who))

    @app.get("/live/hubs/{hub}")
    async def live_hub(request: Request, hub: str) -> Response:
        return await of_file(request, asked(request, hub))

    @app.get("/live/alerts/{hub}/{alert}")
    async def live_alert(request: Request, hub: str, alert: str) -> Response:
        return await of_file(request, asked(request, hub, alert))


def _serve_refusals(app: FastAPI, renderer: Renderer, door: Door) -> None:
    @app.exception_handler(SignInFirst)
    async def sign_in_first(request: Request, _: SignInFirst) -> Response:
        return door.redirect(request)

    @app.exception_handler(DatabaseError)
    async def database_away(request: Request, _: DatabaseError) -> Response:
        said = "The ward's database does not answer. Nothing was noted."
        html = renderer.refusal("Not now", said, "Hubs keep what they have. Load this page again in a minute.")
        return page(request, html, 503, {"Retry-After": "5"})

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            html = renderer.refusal("There is no such page", "Nothing is kept here under this address.", "Go back.")
        else:
            html = renderer.refusal(
                "This cannot be done here", "Nothing was noted.", "Go back and load the page again."
            )
        return page(request, html, error.status_code, dict(error.headers or {}))
