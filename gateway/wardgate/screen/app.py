"""The screen's routes. It shows, it speaks when asked to, and it changes nothing but its own language."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from wardgate.config import Screen
from wardgate.faces.answers import HTML, serve_assets, streamed, too_many
from wardgate.faces.assets import Assets
from wardgate.faces.guard import Guard
from wardgate.screen.ask import seen_once
from wardgate.screen.catalogue import Language, offered
from wardgate.screen.door import Door, Keys
from wardgate.screen.live import Live, Pace
from wardgate.screen.render import Renderer
from wardgate.screen.voice import Voice

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
    serve_assets(app, site.assets)
    app.add_api_route("/live", site.stream)
    app.add_api_route("/listen", site.listen)
    app.add_api_route("/language", site.choose, methods=["POST"])
    app.add_exception_handler(HTTPException, _refused)
    return app


class _Site:
    """The routes, and what they share."""

    def __init__(self, socket: Path, chosen: Screen, pace: Pace, voice: Voice) -> None:
        self._socket, self._chosen, self._voice = socket, chosen, voice
        self.assets = Assets("wardgate.screen")
        self._renderer = Renderer(self.assets)
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
        return Response(html, media_type=HTML)

    async def choices(self, request: Request) -> Response:
        html = self._renderer.languages(self._language(request), tuple(self._languages.values()))
        return Response(html, media_type=HTML)

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
            return too_many("screens")

        async def may_stay() -> bool:
            key: str | None = request.scope.get("wardgate.key")
            return key is None or await self.keys.fits(key)

        return streamed(self.live.stream(self._language(request), may_stay))

    async def listen(self, request: Request) -> Response:
        sound = await self._voice.say(await seen_once(self._socket), self._language(request))
        if sound is None:
            raise HTTPException(404)
        return Response(sound.body, media_type=sound.media_type)


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return Response("Not here.", status, media_type="text/plain")


def _refusal(headline: str, said: str, what_to_do: str) -> str:
    return f'<!doctype html><html lang="en"><title>{headline}</title><p>{said} {what_to_do}</p></html>'
