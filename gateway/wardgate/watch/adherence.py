"""Silence is a state: a device that has not brought a reading in its cadence, told once, with the likely cause."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate import config
from wardgate.capture.devices import Devices, Known
from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.contract.messages import Event, Utc
from wardgate.intake.intake import BATTERY_LOW_PERCENT
from wardgate.store.rows import DeviceRow
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

LATE: Final = 1.5
"""So many cadences without a reading are too many: a late riser is not missing."""
GRACE_S: Final = 3600.0
"""After its start the hub first listens: what happened while it was off is in the devices' memories."""


class _Notes(Struct, frozen=True, kw_only=True):
    since: Utc
    """When the device was first waited for."""
    told: str | None = None
    """Id of the event, while the device is overdue."""


class Adherence:
    """Made on the running event loop; call `check` every minute or so."""

    def __init__(self, hub: config.Hub, store: Store, clock: Clock, journal: Journal, devices: Devices) -> None:
        self._hub = hub
        self._store = store
        self._clock = clock
        self._journal = journal
        self._devices = devices
        self._started = (clock.boot_id(), clock.boottime_s())
        self._notes: dict[str, _Notes] = {}
        for known in devices.known:
            self._keep(known.id, self._restored(known.id))

    def check(self) -> None:
        """Tell of every device that has become overdue, and of every one that is back."""
        now = self._clock.utc()
        for known in self._devices.known:
            self._check(known, self._devices.row(known.id), now)

    def overdue(self, device: str) -> bool:
        """Whether this device is overdue, as last checked."""
        return self._notes[device].told is not None

    def _check(self, known: Known, row: DeviceRow, now: datetime) -> None:
        notes = self._notes[known.id]
        cadence_s = known.device.cadence_h * 3600.0
        last = max(row.last_reading or notes.since, notes.since)
        silent_s = (now - last).total_seconds()
        if silent_s > LATE * cadence_s:
            if notes.told is None and self._listened_enough(cadence_s):
                self._tell(known, row, last, silent_s, now)
        elif notes.told is not None:
            self._journal.tell(
                "reading-overdue-over",
                "info",
                f"The {known.model.kind.noun} has brought a reading again.",
                device=known.id,
            )
            self._keep(known.id, msgspec.structs.replace(notes, told=None))

    def _listened_enough(self, cadence_s: float) -> bool:
        boot_id, boottime_s = self._started
        return boot_id != self._clock.boot_id() or self._clock.boottime_s() - boottime_s >= min(GRACE_S, cadence_s)

    def _tell(self, known: Known, row: DeviceRow, last: datetime, silent_s: float, now: datetime) -> None:
        cause, what_to_do = _cause(known, row, last)
        text = "\n".join(("reading-overdue", self._hub.id, known.id, last.isoformat()))
        event = Event(
            id=hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
            hub=self._hub.id,
            code="reading-overdue",
            severity="attention",
            device=known.id,
            sentence=f"No reading from the {known.model.kind.noun} for {_long(silent_s)}.",
            what_to_do=what_to_do,
            detail={"cause": cause, "silent_s": round(silent_s), "cadence_s": known.device.cadence_h * 3600.0},
            at=now,
        )
        self._journal.keep(event)
        self._keep(known.id, msgspec.structs.replace(self._notes[known.id], told=event.id))

    def _restored(self, device: str) -> _Notes:
        raw = self._store.detector_state(self._key(device))
        try:
            return _Notes(since=self._clock.utc()) if raw is None else msgspec.json.decode(raw, type=_Notes)
        except msgspec.DecodeError as error:
            log.warning("since when %s is waited for cannot be read: %s", device, error)
            return _Notes(since=self._clock.utc())

    def _keep(self, device: str, notes: _Notes) -> None:
        self._notes[device] = notes
        self._store.put_detector_state(self._key(device), msgspec.json.encode(notes)).add_done_callback(_log_failure)

    def _key(self, device: str) -> str:
        return f"adherence/{self._hub.assignment}/{device}"


def _cause(known: Known, row: DeviceRow, last: datetime) -> tuple[str, str]:
    """The likely cause, and what to do about it."""
    wake = known.model.wake or "Take a reading."
    if row.bonded is False:
        return "not-paired", f"Pair the {known.model.kind.noun} again: wardgate pair {known.id}"
    if row.battery_percent is not None and row.battery_percent <= BATTERY_LOW_PERCENT:
        return "battery", f"Put new batteries into the {known.model.kind.noun}. Then: {wake}"
    if row.last_heard is None or row.last_heard <= last:
        return "not-woken", f"It has not been heard since. {wake}"
    return "no-good-reading", f"It is heard, but brings no reading. {wake}"


def _long(silent_s: float) -> str:
    hours = silent_s / 3600.0
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"


def _log_failure(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.warning("what is overdue was not noted: %s", error)
