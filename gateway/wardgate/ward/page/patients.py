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
from wardgate.faces.words import Times, listed, sentence
from wardgate.ward import audit, seen
from wardgate.ward.called import called
from wardgate.ward.database import Database, Transaction
from wardgate.ward.page import desk
from wardgate.ward.page.board import Open, Silent, hubs, opened
from wardgate.ward.page.chart_data import Home, home
from wardgate.ward.page.live import Live
from wardgate.ward.page.render import DEFAULT_DAYS, SPANS, File, Question, Renderer
from wardgate.ward.page.sessions import Door, text
from wardgate.ward.page.words import address_of
from wardgate.ward.referrals import Referral
from wardgate.ward.referred import referral_of
from wardgate.ward.silence import unresolved


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
        asked = request.query_params.get("days", "")
        days = int(asked) if asked in map(str, SPANS) else DEFAULT_DAYS
        now = self.clock()
        file = await self.database.run(lambda tx: _file(tx, hub, alert, days, now))
        if file is None:
            raise HTTPException(404)
        return page(request, self.renderer.patient(file, self._times(now), visitor))

    async def _ask(self, request: Request, hub: str, alert: str, act: str) -> Response:
        visitor = await self.door.visitor(request)
        item = await self._meant(hub, alert, act)
        if item.alert.state == "resolved":
            return see_other(address_of(item.alert))
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
        return see_other(address_of(item.alert))

    async def _meant(self, hub: str, alert: str, act: str) -> Open:
        found = await self.database.run(lambda tx: _item(tx, hub, alert)) if act in ("seen", "close") else None
        if found is None:
            raise HTTPException(404)
        return found


async def _item(tx: Transaction, hub: str, alert_id: str) -> Open | None:
    alert = await desk.last_of(tx, hub, alert_id)
    return None if alert is None else await opened(tx, alert)


async def _file(tx: Transaction, hub: str, alert_id: str | None, days: int, now: datetime) -> File | None:
    first = None
    if alert_id is not None:
        first = await _item(tx, hub, alert_id)
        if first is None:
            return None
    known = await home(tx, hub, first.alert.assignment if first else None, days, now)
    if known is None:
        return None
    told = [a for a in await seen.open_alerts(tx) if a.hub == hub and a.assignment == known.assignment]
    others = [await opened(tx, a) for a in told if a.id != alert_id]
    silences = [s for s in await unresolved(tx) if s.hub == hub]
    ids = {a.id for a in known.alerts} | ({alert_id} if alert_id else set())
    acts = [a for a in await audit.of_hub(tx, hub) if a.alert in ids]
    return File(
        known,
        (*([first] if first else []), *others),
        Silent(silences[0], known.patient) if silences else None,
        tuple(acts),
        tuple(_contact(known, await referral_of(tx, known.patient))),
        days,
        address_of(first.alert) if first else f"/hubs/{hub}",
    )


def _contact(known: Home, referral: Referral | None) -> list[tuple[str, str]]:
    """What the ward's list says, where it knows the patient; else what the alerts do."""
    said = tuple(dict.fromkeys(p for a in known.alerts for p in a.pathways))
    pathways = referral.pathways if referral else said
    devices = tuple(dict.fromkeys(r.device.model for r in known.readings))
    rows = [("Hub", known.hub)]
    if pathways:
        rows.append(("Pathway", sentence(listed([p.replace("-", " ") for p in pathways]))))
    if referral and referral.phone:
        rows.append(("The patient rings", referral.phone))
    if devices:
        rows.append(("Devices", listed(devices)))
    return rows
