"""The page's routes. It reads and never writes: nothing here changes a hub."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from wardgate.control.protocol import ControlError
from wardgate.faces.assets import Assets
from wardgate.faces.guard import Guard
from wardgate.page.ask import snapshot
from wardgate.page.live import Live, Pace
from wardgate.page.render import DEFAULT_DAYS, SPANS, Renderer

_RETRY_AFTER: Final = {"Retry-After": "5"}
_HTML: Final = "text/html; charset=utf-8"
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

    @app.api_route("/", methods=["GET", "HEAD"])
    async def status(request: Request) -> Response:
        days = _days(request)
        try:
            seen = await snapshot(socket, days)
        except ControlError as away:
            return _page(request, renderer.away_page(away.sentence, away.what_to_do, days), 503, _RETRY_AFTER)
        # Charts of 90 days keep a Pi busy for a good part of a second; open pages stay live meanwhile.
        return _page(request, await asyncio.to_thread(renderer.page, seen))

    @app.get("/live")
    async def stream(request: Request) -> Response:
        if live.watchers >= _MOST_WATCHERS:
            return Response("Too many pages are open. Close one.", 503, _RETRY_AFTER, "text/plain")
        # Never compressed: a gzip layer would hold the first words back.
        return StreamingResponse(
            live.stream(_days(request)), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )

    @app.api_route("/assets/{digest}/{name}", methods=["GET", "HEAD"])
    async def asset(request: Request, digest: str, name: str) -> Response:
        found = assets.at(f"/assets/{digest}/{name}")
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if _takes_gzip(request):
            return Response(found.gzipped, 200, {**headers, "Content-Encoding": "gzip"}, found.media_type)
        return Response(found.body, 200, headers, found.media_type)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            html = renderer.refusal(
                "There is no such page", "This hub has one page.", "Open the address without what follows the /."
            )
        else:
            html = renderer.refusal("This cannot be done here", "This page only shows.", "Go back and reload the page.")
        return _page(request, html, error.status_code, dict(error.headers or {}))

    return app


def _days(request: Request) -> int:
    """One of the spans; anything else is the usual one, since an address is nobody's fault."""
    asked = request.query_params.get("days", "")
    return int(asked) if asked in map(str, SPANS) else DEFAULT_DAYS


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def _page(request: Request, html: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body, more = html.encode(), {"Cache-Control": "no-store", "Vary": "Accept-Encoding", **(headers or {})}
    if _takes_gzip(request):
        return Response(gzip.compress(body, 5), status, {**more, "Content-Encoding": "gzip"}, _HTML)
    return Response(body, status, more, _HTML)
