"""The screen's routes. It shows, it speaks when asked to, and it changes nothing but its own language."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from wardgate.config import Screen
from wardgate.faces.assets import Assets
from wardgate.faces.guard import Guard
from wardgate.screen.ask import seen_once
from wardgate.screen.catalogue import Language, offered
from wardgate.screen.door import Door, Keys
from wardgate.screen.live import Live, Pace
from wardgate.screen.render import Renderer
from wardgate.screen.voice import Voice

_HTML: Final = "text/html; charset=utf-8"
_COOKIE: Final = "language"
_YEAR_S: Final = 365 * 86400
_MOST_SCREENS: Final = 16
_MOST_FORM_BYTES: Final = 1024


def create_app(socket: Path, chosen: Screen, *, pace: Pace | None = None, voice: Voice | None = None) -> FastAPI:
    """The screen of the hub behind `socket`."""
    site = _Site(socket, chosen, pace or Pace(), voice or Voice())
    app = FastAPI(title="Wardgate patient's screen", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.live = site.live
    if chosen.listen is None:
        app.add_middleware(Guard, refusal=_refusal)
    else:
        app.add_middleware(Door, fits=site.keys.fits)
    shown = ["GET", "HEAD"]
    app.add_api_route("/", site.screen, methods=shown)
    app.add_api_route("/languages", site.choices, methods=shown)
    app.add_api_route("/assets/{digest}/{name}", site.asset, methods=shown)
    app.add_api_route("/live", site.stream)
    app.add_api_route("/listen", site.listen)
    app.add_api_route("/language", site.choose, methods=["POST"])
    app.add_exception_handler(HTTPException, _refused)
    return app


class _Site:
    """The routes, and what they share."""

    def __init__(self, socket: Path, chosen: Screen, pace: Pace, voice: Voice) -> None:
        self._socket, self._chosen, self._voice = socket, chosen, voice
        self._assets = Assets("wardgate.screen")
        self._renderer = Renderer(self._assets)
        self._languages = {language.code: language for language in offered(chosen)}
        self.live = Live(socket, self._renderer, pace)
        self.keys = Keys(socket)

    def _language(self, request: Request) -> Language:
        """This screen's own choice, or what is configured, or English."""
        asked = (request.cookies.get(_COOKIE, ""), self._chosen.language, "en")
        return next(self._languages[code] for code in asked if code in self._languages)

    async def screen(self, request: Request) -> Response:
        language = self._language(request)
        seen = await seen_once(self._socket)
        languages = tuple(self._languages.values())
        html = self._renderer.page(seen, language, languages, listen=self._voice.speaks(language))
        return Response(html, media_type=_HTML)

    async def choices(self, request: Request) -> Response:
        html = self._renderer.languages(self._language(request), tuple(self._languages.values()))
        return Response(html, media_type=_HTML)

    async def choose(self, request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST_FORM_BYTES:
                raise HTTPException(413)
        asked = parse_qs(body.decode("ascii", "replace")).get("language", [""])[0]
        answer = Response(status_code=303, headers={"Location": "./"})
        if asked in self._languages:
            secure = request.url.scheme == "https"
            answer.set_cookie(_COOKIE, asked, _YEAR_S, httponly=True, samesite="strict", secure=secure)
        return answer

    async def stream(self, request: Request) -> Response:
        if self.live.watchers >= _MOST_SCREENS:
            return Response("Too many screens are open. Close one.", 503, {"Retry-After": "5"}, "text/plain")

        async def may_stay() -> bool:
            key: str | None = request.scope.get("wardgate.key")
            return key is None or await self.keys.fits(key)

        # Never compressed: a gzip layer would hold the first words back.
        stream = self.live.stream(self._language(request), may_stay)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def listen(self, request: Request) -> Response:
        sound = await self._voice.say(await seen_once(self._socket), self._language(request))
        if sound is None:
            raise HTTPException(404)
        return Response(sound.body, media_type=sound.media_type)

    async def asset(self, request: Request, digest: str, name: str) -> Response:
        found = self._assets.at(f"/assets/{digest}/{name}")
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.gzipped, 200, {**headers, "Content-Encoding": "gzip"}, found.media_type)
        return Response(found.body, 200, headers, found.media_type)


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return Response("Not here.", status, media_type="text/plain")


def _refusal(headline: str, said: str, what_to_do: str) -> str:
    return f'<!doctype html><html lang="en"><title>{headline}</title><p>{said} {what_to_do}</p></html>'
