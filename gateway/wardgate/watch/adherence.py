"""Silence is a state: a channel that has brought no reading in its cadence, told once, with the likely cause."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate import config
from wardgate.capture.devices import Devices, Known
from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.contract.messages import Event, Utc
from wardgate.counted import count
from wardgate.store.store import Store
from wardgate.watch.plan import Plan
from wardgate.watch.silence import Silence, cause_of
from wardgate.watch.uptime import Uptime

log: Final = logging.getLogger(__name__)

LATE: Final = 1.5
"""So many cadences without a reading are too many: a late riser is not missing."""
GRACE_S: Final = 3600.0
"""After its start the hub first listens: what happened while it was off is in the devices' memories."""


class _Notes(Struct, frozen=True, kw_only=True):
    since: Utc
    """When the channel was first waited for."""
    told: str | None = None
    """Id of the event, while it is overdue."""
    known: bool = True
    """Whether the hub knew the time when it noted that."""


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A channel with a cadence, and the devices of which any may serve it."""

    channel: str
    cadence_s: float
    devices: tuple[Known, ...]


class Adherence:
    """Made on the running event loop; call `check` every minute or so.

    A channel is waited for, not a device: whoever has two scales has to step on one. Where the plan reminds of
    nothing, nothing is ever overdue.
    """

    def __init__(
        self, hub: config.Hub, store: Store, clock: Clock, journal: Journal, devices: Devices, plan: Plan
    ) -> None:
        self._hub = hub
        self._store = store
        self._clock = clock
        self._journal = journal
        self._devices = devices
        self._awaited = _awaited(devices.known, plan) if plan.reminds else ()
        self._started = (clock.boot_id(), clock.boottime_s())
        self._uptime = Uptime(store, clock, f"adherence/{hub.assignment}/uptime")
        self._notes: dict[str, _Notes] = {}
        for awaited in self._awaited:
            self._keep(awaited.channel, self._restored(awaited.channel))

    def check(self) -> None:
        """Tell of every channel that has become overdue, and of every one that is back."""
        now = self._clock.utc()
        self._uptime.stamp()
        for awaited in self._awaited:
            self._check(awaited, now)

    def overdue(self, device: str) -> bool:
        """Whether this device's channel is overdue, as last checked."""
        return any(
            self._notes[awaited.channel].told is not None
            for awaited in self._awaited
            if any(known.id == device for known in awaited.devices)
        )

    def cadence_s(self, device: str) -> float | None:
        """How often a reading of this device's channel is waited for; None when it is not."""
        mine = [a.cadence_s for a in self._awaited if any(known.id == device for known in a.devices)]
        return min(mine, default=None)

    def _check(self, awaited: _Awaited, now: datetime) -> None:
        notes = self._notes[awaited.channel]
        if self._clock.synchronised() and (notes.since > now or not notes.known):
            notes = msgspec.structs.replace(notes, since=now, known=True)
            self._keep(awaited.channel, notes)
        known, last = self._latest(awaited, notes.since)
        silent_s = self._silent_s(last, now)
        if silent_s > LATE * awaited.cadence_s:
            if notes.told is None and self._listened_enough(awaited.cadence_s):
                self._tell(awaited, known, last, now, silent_s)
        elif notes.told is not None:
            self._journal.tell(
                "reading-overdue-over",
                "info",
                f"The {known.model.kind.noun} has brought a reading again.",
                device=known.id,
                detail={"channel": awaited.channel},
            )
            self._keep(awaited.channel, msgspec.structs.replace(notes, told=None))

    def _latest(self, awaited: _Awaited, since: datetime) -> tuple[Known, datetime]:
        """The device that was used last, and when; from the beginning of the waiting at the earliest."""
        rows = [(known, self._devices.row(known.id).last_reading) for known in awaited.devices]
        used = max(rows, key=lambda item: item[1] or datetime.min.replace(tzinfo=since.tzinfo))
        return used[0], max(used[1] or since, since)

    def _silent_s(self, last: datetime, now: datetime) -> float:
        """For how long nothing has come. By a wrong clock it may be years, or none at all: then this boot counts."""
        silent_s, here_s = (now - last).total_seconds(), self._clock.boottime_s()
        if self._clock.synchronised():
            return silent_s
        return silent_s if 0 <= silent_s <= here_s else here_s

    def _listened_enough(self, cadence_s: float) -> bool:
        boot_id, boottime_s = self._started
        return boot_id != self._clock.boot_id() or self._clock.boottime_s() - boottime_s >= min(GRACE_S, cadence_s)

    def _tell(self, awaited: _Awaited, known: Known, last: datetime, now: datetime, silent_s: float) -> None:
        off_s = self._uptime.off_s(last, now)
        silence = Silence(
            known=known,
            row=self._devices.row(known.id),
            since=last,
            hub_off=off_s > 0 and silent_s - off_s <= LATE * awaited.cadence_s,
            synchronised=self._clock.synchronised(),
        )
        cause, what_to_do = cause_of(silence, self._journal)
        text = "\n".join(("reading-overdue", self._hub.id, known.id, last.isoformat()))
        event = Event(
            id=hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
            hub=self._hub.id,
            code="reading-overdue",
            severity="attention",
            device=known.id,
            sentence=f"No reading from the {known.model.kind.noun} for {_long(silent_s)}.",
            what_to_do=what_to_do,
            detail={
                "cause": cause,
                "channel": awaited.channel,
                "silent_s": round(silent_s),
                "cadence_s": awaited.cadence_s,
                "hub_off_s": round(off_s),
            },
            at=now,
        )
        self._journal.keep(event)
        self._keep(awaited.channel, msgspec.structs.replace(self._notes[awaited.channel], told=event.id))

    def _restored(self, channel: str) -> _Notes:
        fresh = _Notes(since=self._clock.utc(), known=self._clock.synchronised())
        raw = self._store.detector_state(self._key(channel))
        try:
            return fresh if raw is None else msgspec.json.decode(raw, type=_Notes)
        except msgspec.DecodeError as error:
            log.warning("since when %s is waited for cannot be read: %s", channel, error)
            return fresh

    def _keep(self, channel: str, notes: _Notes) -> None:
        self._notes[channel] = notes
        self._store.put_detector_state(self._key(channel), msgspec.json.encode(notes)).add_done_callback(_log_failure)

    def _key(self, channel: str) -> str:
        return f"adherence/{self._hub.assignment}/{channel}"


def _awaited(devices: Iterable[Known], plan: Plan) -> tuple[_Awaited, ...]:
    by_channel: dict[str, list[Known]] = {}
    for known in devices:
        for channel in known.model.channels:
            by_channel.setdefault(channel.value, []).append(known)
    found = []
    for name, mine in by_channel.items():
        cadences_h = [hours for known in mine if (hours := plan.cadence_h(known.device, name)) is not None]
        if cadences_h:
            found.append(_Awaited(name, min(cadences_h) * 3600.0, tuple(mine)))
    return tuple(found)


def _long(silent_s: float) -> str:
    hours = silent_s / 3600.0
    return count(round(hours), "hour") if hours < 48 else count(round(hours / 24), "day")


def _log_failure(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.warning("what is overdue was not noted: %s", error)
