"""Answers that pages give alike: HTML that browsers never keep, files that they keep for ever, open streams.

Compressing beside a form's key is safe where another site's request comes without the cookie and gets no such page.
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Mapping
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from wardgate.faces.assets import Assets

HTML: Final = "text/html; charset=utf-8"


def page(request: Request, html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with HTML, compressed where that is taken."""
    body, more = html.encode(), {"Cache-Control": "no-store", "Vary": "Accept-Encoding", **(headers or {})}
    if _takes_gzip(request):
        return Response(gzip.compress(body, 5), status, {**more, "Content-Encoding": "gzip"}, HTML)
    return Response(body, status, more, HTML)


def see_other(address: str) -> Response:
    """After a form: the browser asks for this, and a reload does nothing twice."""
    return Response(status_code=303, headers={"Location": address, "Cache-Control": "no-store"})


def serve_assets(app: FastAPI, assets: Assets) -> None:
    """Add the route of the static files. Their addresses name their content, so they are kept for ever."""

    async def asset(request: Request, digest: str, name: str) -> Response:
        found = assets.at(f"/assets/{digest}/{name}")
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if _takes_gzip(request):
            return Response(found.gzipped, 200, {**headers, "Content-Encoding": "gzip"}, found.media_type)
        return Response(found.body, 200, headers, found.media_type)

    app.add_api_route("/assets/{digest}/{name}", asset, methods=["GET", "HEAD"])


def too_many(what: str = "pages") -> Response:
    """For one more open stream than there may be."""
    return Response(f"Too many {what} are open. Close one.", 503, {"Retry-After": "5"}, "text/plain")


def streamed(events: AsyncIterator[str]) -> Response:
    """An open page's events. Nothing on the way gathers or compresses them: that would hold the first words back."""
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _takes_gzip(request: Request) -> bool:
    """Whether the browser unpacks."""
    return "gzip" in request.headers.get("accept-encoding", "")
