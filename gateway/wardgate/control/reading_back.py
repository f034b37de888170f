"""The limits and cadences that hold for this patient, read back in sentences."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

import msgspec

from wardgate.control.desk import ActParams, Desk, checked
from wardgate.control.here import Here, NoParams
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Limits
from wardgate.control.server import Handler
from wardgate.overlay import Overlay
from wardgate.provision import limits
from wardgate.provision.devices import refuse_stage
from wardgate.watch.plan import Plan

log: Final = logging.getLogger(__name__)


class ReadingBack:
    """What a page does about the limits. Nothing of them is changed here."""

    def __init__(self, desk: Desk, here: Here, plan: Plan, overlay: Overlay, since: datetime | None) -> None:
        self._desk = desk
        self._here = here
        self._plan = plan
        self._overlay = overlay
        self._since = since

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {"limits": self.limits, "read_back": self.read_back}

    async def settle(self) -> None:
        """At a start: what was read back has to be read back anew where something else holds now."""
        desk, record = self._desk, self._desk.record
        stale = record.limits_read_back is not None and record.limits_fingerprint != self._limits().fingerprint
        if stale and desk.stage == "assigned":
            try:
                await desk.keep_quietly(msgspec.structs.replace(record, limits_read_back=None, limits_fingerprint=""))
            except ControlError as error:
                log.warning("that the limits have to be read back anew was not kept: %s", error)

    async def limits(self, params: dict[str, Any]) -> Limits:
        """What holds, in sentences."""
        checked(params, NoParams)
        return self._limits()

    async def read_back(self, params: dict[str, Any]) -> Done:
        """Somebody has read them to the patient, or to the ward."""
        asked, desk = checked(params, ActParams), self._desk
        async with desk.one_at_a_time:
            fingerprint = self._limits().fingerprint
            if desk.record.limits_read_back is None or desk.record.limits_fingerprint != fingerprint:
                refuse_stage(desk.stage)
                desk.refuse_stale(asked.revision)
                record = msgspec.structs.replace(
                    desk.record, limits_read_back=desk.clock.utc(), limits_fingerprint=fingerprint
                )
                await desk.keep(
                    record, "limits-read-back", asked.by, "The limits were read back.", fingerprint=fingerprint
                )
        return Done(sentence="The limits were read back.")

    def _limits(self) -> Limits:
        told, cadences = limits.sentences(self._plan), limits.cadences(self._plan, self._here.devices())
        word = self._overlay.last_word()
        return Limits(
            sentences=told,
            cadences=cadences,
            author=self._author() if word is None else "The ward's configuration",
            version=0 if word is None else word.version,
            since=self._since if word is None else word.issued,
            fingerprint=limits.fingerprint((*told, *cadences)),
            phone=self._desk.record.phone,
        )

    def _author(self) -> str:
        record = self._desk.record
        return "The ward's referral" if record.limits or record.pathways else "This hub's own file"
