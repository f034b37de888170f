"""HTML as it is sent: never kept by the browser, compressed where that is taken.

Compressing beside a form's key is safe here: another site's request comes without the cookie and gets no such page.
"""

from __future__ import annotations

import gzip
from typing import Final

from fastapi import Request
from fastapi.responses import Response

_HTML: Final = "text/html; charset=utf-8"


def takes_gzip(request: Request) -> bool:
    """Whether the browser unpacks."""
    return "gzip" in request.headers.get("accept-encoding", "")


def page(request: Request, html: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer with HTML."""
    body, more = html.encode(), {"Cache-Control": "no-store", "Vary": "Accept-Encoding", **(headers or {})}
    if takes_gzip(request):
        return Response(gzip.compress(body, 5), status, {**more, "Content-Encoding": "gzip"}, _HTML)
    return Response(body, status, more, _HTML)


def see_other(address: str) -> Response:
    """After a form: the browser asks for this, and a reload does nothing twice."""
    return Response(status_code=303, headers={"Location": address, "Cache-Control": "no-store"})
