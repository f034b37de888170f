"""The list, a patient's page, and the two pages on which something is said about an alert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from wardgate.faces.answers import page, see_other
from wardgate.faces.words import Times
from wardgate.ward.called import called
from wardgate.ward.database import Database, Transaction
from wardgate.ward.page import desk
from wardgate.ward.page.board import Open, hubs
from wardgate.ward.page.file import DEFAULT_DAYS, SPANS, Asked, look
from wardgate.ward.page.file import item as item_of
from wardgate.ward.page.live import Live
from wardgate.ward.page.render import MOST_FOLLOWED, Question, Renderer
from wardgate.ward.page.sessions import Door, text
from wardgate.ward.page.words import address_of


@dataclass(frozen=True, slots=True)
class Patients:
    """What is shown to whoever is signed in."""

    database: Database
    renderer: Renderer
    door: Door
    live: Live
    zone: ZoneInfo
    clock: Callable[[], datetime]

    def serve(self, app: FastAPI) -> None:
        """Add the routes."""
        looks = ["GET", "HEAD"]
        app.add_api_route("/", self._board, methods=looks)
        app.add_api_route("/hubs", self._hubs, methods=looks)
        app.add_api_route("/hubs/{hub}", self._hub, methods=looks)
        app.add_api_route("/alerts/{hub}/{alert}", self._alert, methods=looks)
        app.add_api_route("/alerts/{hub}/{alert}/{act}", self._ask, methods=looks)
        app.add_api_route("/alerts/{hub}/{alert}/{act}", self._do, methods=["POST"])

    def _times(self, now: datetime) -> Times:
        return Times(self.zone, now)

    async def _board(self, request: Request) -> Response:
        visitor = await self.door.visitor(request)
        found = await self.live.look()
        return page(request, self.renderer.board(found, self._times(found.now), visitor))

    async def _hubs(self, request: Request) -> Response:
        visitor = await self.door.visitor(request)
        times = self._times(self.clock())
        rows = [
            {"name": hub, "patient": called(patient), "heard": f"Heard {times.ago(at)}" if at else "Not heard yet"}
            for hub, patient, at in await self.database.run(hubs)
        ]
        return page(request, self.renderer.hubs(rows, times, visitor))

    async def _hub(self, request: Request, hub: str) -> Response:
        return await self._patient(request, hub, None)

    async def _alert(self, request: Request, hub: str, alert: str) -> Response:
        return await self._patient(request, hub, alert)

    async def _patient(self, request: Request, hub: str, alert: str | None) -> Response:
        visitor = await self.door.visitor(request)
        days = _days(request)
        now = self.clock()
        file = await self.database.run(lambda tx: look(tx, Asked(hub, alert, days), now))
        if file is None:
            raise HTTPException(404)
        return page(request, self.renderer.patient(file, self._times(now), visitor))

    async def _ask(self, request: Request, hub: str, alert: str, act: str) -> Response:
        visitor = await self.door.visitor(request)
        item = await self._meant(hub, alert, act)
        if item.alert.state == "resolved":
            return see_other(address_of(item.alert.hub, item.alert.id))
        question = Question(item, act, item.alert.revision)
        return page(request, self.renderer.question(question, self._times(self.clock()), visitor))

    async def _do(self, request: Request, hub: str, alert: str, act: str) -> Response:
        visitor, form = await self.door.form(request)
        item = await self._meant(hub, alert, act)
        note, revision, rang = text(form, "note").strip(), text(form, "revision"), text(form, "rang") == "yes"
        if len(note) > desk.MOST_NOTE or not revision.isascii() or not revision.isdigit() or len(revision) > 9:
            raise HTTPException(400)
        account, now = visitor.account, self.clock()

        async def work(tx: Transaction) -> None:
            if act == "seen":
                await desk.see(tx, hub, alert, int(revision), account, note, rang=rang, at=now)
            else:
                await desk.close(tx, hub, alert, int(revision), account, note, now)

        try:
            await self.database.run(work)
        except desk.DeskError as problem:
            # What was typed is kept, and the alert is shown as it is now.
            item = await self._meant(hub, alert, act)
            question = Question(item, act, item.alert.revision, note, rang, problem)
            return page(request, self.renderer.question(question, self._times(now), visitor), 409)
        return see_other(address_of(item.alert.hub, item.alert.id))

    async def _meant(self, hub: str, alert: str, act: str) -> Open:
        found = await self.database.run(lambda tx: item_of(tx, hub, alert)) if act in ("seen", "close") else None
        if found is None:
            raise HTTPException(404)
        return found


def asked(request: Request, hub: str, alert: str | None = None) -> Asked:
    """What an open page of a patient says that it shows."""
    said = request.query_params
    have = tuple(key for key in said.get("have", "").split(".") if key)[:MOST_FOLLOWED]
    return Asked(hub, alert, _days(request), have, said.get("whose", ""))


def _days(request: Request) -> int:
    said = request.query_params.get("days", "")
    return int(said) if said in map(str, SPANS) else DEFAULT_DAYS
