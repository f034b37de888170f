"""The page's routes. It reads and never writes: nothing here changes a hub."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from wardgate.control.protocol import ControlError
from wardgate.faces.answers import page, serve_assets, streamed, too_many
from wardgate.faces.assets import Assets
from wardgate.faces.guard import Guard
from wardgate.page.ask import snapshot
from wardgate.page.live import Live, Pace
from wardgate.page.render import DEFAULT_DAYS, SPANS, Renderer

_RETRY_AFTER: Final = {"Retry-After": "5"}
_MOST_WATCHERS: Final = 16
"""Pages kept live at once. Each costs one connection to the hub; more than a household has is a fault."""


def create_app(socket: Path, *, pace: Pace | None = None) -> FastAPI:
    """The page of the hub behind `socket`; `pace` says how often an open page is refreshed."""
    assets = Assets()
    renderer = Renderer(assets)
    live = Live(socket, renderer, pace or Pace())
    app = FastAPI(title="Wardgate status page", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, refusal=renderer.refusal)
    app.state.live = live
    serve_assets(app, assets)

    @app.api_route("/", methods=["GET", "HEAD"])
    async def status(request: Request) -> Response:
        days = _days(request)
        try:
            seen = await snapshot(socket, days)
        except ControlError as away:
            return page(request, renderer.away_page(away.sentence, away.what_to_do, days), 503, _RETRY_AFTER)
        # Charts of 90 days keep a Pi busy for a good part of a second; open pages stay live meanwhile.
        return page(request, await asyncio.to_thread(renderer.page, seen))

    @app.get("/live")
    async def stream(request: Request) -> Response:
        if live.watchers >= _MOST_WATCHERS:
            return too_many()
        return streamed(live.stream(_days(request)))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            html = renderer.refusal(
                "There is no such page", "This hub has one page.", "Open the address without what follows the /."
            )
        else:
            html = renderer.refusal("This cannot be done here", "This page only shows.", "Go back and reload the page.")
        return page(request, html, error.status_code, dict(error.headers or {}))

    return app


def _days(request: Request) -> int:
    """One of the spans; anything else is the usual one, since an address is nobody's fault."""
    asked = request.query_params.get("days", "")
    return int(asked) if asked in map(str, SPANS) else DEFAULT_DAYS
