"""Signing in and out, and who asks: a strict cookie, a key in every form, limited tries."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from wardgate.faces.answers import page, see_other
from wardgate.faces.words import count, span
from wardgate.ward import accounts
from wardgate.ward.accounts import Account, Wait
from wardgate.ward.browsers import marked
from wardgate.ward.database import Database
from wardgate.ward.page.desk import DeskError
from wardgate.ward.page.render import Renderer, Visitor

_OWN_PAGE: Final = re.compile(r"/(?:(?:alerts|hubs)(?:/[\w.%~-]+)*)?")

_KNOWN: Final = timedelta(days=90)
"""So long a browser is known after somebody signed in there."""


class SignInFirst(Exception):
    """Nobody is signed in there."""


class Door:
    """Who may come in."""

    def __init__(self, database: Database, renderer: Renderer, clock: Callable[[], datetime], *, secure: bool) -> None:
        self._database, self._renderer, self._clock = database, renderer, clock
        # Browsers take a __Host- cookie over TLS alone, and give it to no other host and no other path.
        self._cookie = "__Host-wardgate-ward" if secure else "wardgate-ward"
        self._browser = f"{self._cookie}-browser"
        self._secure = secure
        self._one_at_a_time = asyncio.Semaphore(1)
        """A try takes 32 MiB: many at once would take the machine's memory."""

    def token(self, request: Request) -> str:
        """What the browser's cookie says, unchecked."""
        return request.cookies.get(self._cookie, "")

    async def account(self, token: str) -> Account | None:
        """Whose session it is."""
        if not token:
            return None
        now = self._clock()
        return await self._database.run(lambda tx: accounts.who(tx, token, now))

    async def visitor(self, request: Request) -> Visitor:
        """Who looks.

        Raises:
            SignInFirst: nobody that is known.
        """
        token = self.token(request)
        account = await self.account(token)
        if account is None:
            raise SignInFirst
        return Visitor(account, accounts.form_key(token))

    async def form(self, request: Request) -> tuple[Visitor, FormData]:
        """A form and who sends it.

        Raises:
            SignInFirst: nobody that is known.
            HTTPException: it is not a form that this session was given.
        """
        visitor = await self.visitor(request)
        form = await request.form(max_files=0, max_fields=10)
        if not hmac.compare_digest(text(form, "key").encode(), visitor.form_key.encode()):
            raise HTTPException(403)
        return visitor, form

    def redirect(self, request: Request) -> Response:
        """To the sign-in, and back afterwards."""
        here = request.url.path if request.method in ("GET", "HEAD") else "/"
        return see_other(f"/sign-in?next={quote(here)}")

    def serve(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/sign-in", self._ask, methods=["GET", "HEAD"])
        app.add_api_route("/sign-in", self._sign_in, methods=["POST"])
        app.add_api_route("/sign-out", self._sign_out, methods=["POST"])

    async def _ask(self, request: Request) -> Response:
        return page(request, self._renderer.sign_in(_own(request.query_params.get("next", "/"))))

    async def _sign_in(self, request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        name, going_to = text(form, "name").strip().lower(), _own(text(form, "next"))
        try:
            token, browser = await self._try(name, text(form, "password"), request.cookies.get(self._browser, ""))
        except Wait as wait:
            headers = {"Retry-After": str(round(wait.seconds) + 1)}
            problem = DeskError(f"Too many tries. Wait {span(wait.seconds + 59)}.", "This is to keep patients safe.")
            return page(request, self._renderer.sign_in(going_to, name, problem), 429, headers)
        except accounts.WrongPassword as wrong:
            left = f"{count(wrong.left, 'try', 'tries')} left." if wrong.left else "Wait a minute, then try again."
            problem = DeskError("This account and password do not fit.", left)
            return page(request, self._renderer.sign_in(going_to, name, problem), 403)
        answer = see_other(going_to)
        self._keep(answer, self._browser, browser, _KNOWN)
        self._keep(answer, self._cookie, token, accounts.SHIFT)
        return answer

    def _keep(self, answer: Response, cookie: str, value: str, age: timedelta) -> None:
        age_s = round(age.total_seconds())
        answer.set_cookie(cookie, value, max_age=age_s, path="/", secure=self._secure, httponly=True, samesite="strict")

    async def _try(self, name: str, password: str, browser: str) -> tuple[str, str]:
        """A new session's token, and the browser's cookie.

        Raises:
            Wait, WrongPassword: no.
        """
        async with self._one_at_a_time:
            now, run = self._clock(), self._database.run
            kept = await run(lambda tx: accounts.password_of(tx, name, now, browser))
            right = await asyncio.to_thread(accounts.fits, password[: accounts.MOST], kept)
            if right and (token := await run(lambda tx: accounts.begin(tx, name, kept, now, browser))):
                return token, marked(browser, name, kept)
            left = await run(lambda tx: accounts.failed(tx, name, now, browser))
            raise accounts.WrongPassword(left)

    async def _sign_out(self, request: Request) -> Response:
        await self.form(request)
        token, now = self.token(request), self._clock()
        await self._database.run(lambda tx: accounts.end(tx, token, now))
        answer = see_other("/sign-in")
        answer.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="strict")
        return answer


def text(form: FormData, name: str) -> str:
    """A field's text; empty when it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _own(address: str) -> str:
    """An address of ours; the list for any other."""
    return address if _OWN_PAGE.fullmatch(address) else "/"
