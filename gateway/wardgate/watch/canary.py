"""The canary: every quarter of an hour test readings go the whole way of an alert, to the ward's commit (hazard H18).

Made, stored (packed, which spares the card) and read back; judged by the plain limits as they are configured now, each
of which has to alert at values
that no limit lets pass; made an alert, which is thrown away; and a message about it goes through the outbox to the
ward. The card is spared: the readings are one row that is overwritten, and the message before is forgotten when
its successor is written. While one waits for the ward, none is added; the way up to there is walked all the same.

Nothing of it is clinical. The readings are marked as tests and are in no series, the alert is never stored, and the
message is an event with a code of its own.
"""

from __future__ import annotations

import logging
import sqlite3
import uuid
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.config import Hub
from wardgate.contract.codes import QUANTITY
from wardgate.contract.messages import CANARY, DeviceBlock, Event, Quality, Quantity, Reading, TimeBlock
from wardgate.store.errors import StoreError
from wardgate.store.store import Store
from wardgate.watch.alerts import step
from wardgate.watch.assess import Series, admissible, sample_of
from wardgate.watch.rules import Rule, Sample

log: Final = logging.getLogger(__name__)

EVERY_S: Final = 900.0
FIRST_S: Final = 60.0
"""After the start: a hub that is restarted over and over writes none."""
LATE_S: Final = 2 * EVERY_S
"""So long without one that came through is a gap. One that is delayed by a slow line is none."""
ASLEEP_S: Final = 300.0
_KEY: Final = "canary"
_ALARMING: Final[dict[str, tuple[tuple[float, dict[str, float]], ...]]] = {
    "weight": tuple(
        (day, {"weight": 70.0 + gain}) for day, gain in ((-3.0, 0.0), (-2.0, 0.0), (-1.0, 0.0), (0.0, 30.0))
    ),
    "blood_pressure": tuple((day / 2, {"systolic": 50.0, "diastolic": 30.0, "pulse": 40.0}) for day in range(-8, 1)),
    "saturation": tuple((hour / 24, {"spo2": 50.0, "pulse": 70.0}) for hour in (-2, -1, 0)),
}
"""Days and values at which any limit that a ward may set is passed."""

PLAIN: Final = (
    "weight.guideline_esc",
    "weight.guideline_us",
    "saturation.spot_target",
    "saturation.oximetry_at_home",
    "pressure.persistent_low",
    "pressure.low_under_therapy",
)
"""The plain limits: what has to speak whatever else fails."""

Stage = Literal["store", "rules", "ward"]
_Channel = Literal["weight", "blood_pressure", "saturation"]
_CHANNELS: Final[tuple[_Channel, ...]] = ("weight", "blood_pressure", "saturation")
_STUCK: Final[dict[Stage, str]] = {
    "store": "The hub's own test reading cannot be stored and read back.",
    "rules": "The hub's own test readings raise no alert.",
    "ward": "The hub's own test reading has not reached the ward.",
}


@dataclass(frozen=True, slots=True)
class CanaryState:
    """How it stands. Ages are by the boot-time clock."""

    last_age_s: float | None
    """Since one came through; None while none has, in this life of the hub."""
    late: bool
    stage: Stage | None
    """Where the last one was stopped, or is waiting; None when it came through."""


class Canary:
    """Call `check` every few seconds."""

    def __init__(
        self,
        hub: Hub,
        store: Store,
        clock: Clock,
        journal: Journal,
        rule_set: tuple[Rule, ...],
    ) -> None:
        """`rule_set` is what watches the patient; its plain limits are tried."""
        self._hub = hub
        self._store = store
        self._clock = clock
        self._journal = journal
        self._rules = [rule for rule in rule_set if rule.name in PLAIN]
        now_s = self._looked_s = clock.boottime_s()
        self._due_s = now_s + FIRST_S
        self._late_after_s = now_s + LATE_S
        self._last_s: float | None = None
        self._stage: Stage | None = None
        self._why = ""
        self._waiting: int | None = None
        """Number of the message that is on its way to the ward."""
        self._old: int | None = None
        """And of the one before, which is there."""
        self._number = 0

    async def check(self) -> None:
        """Send one if it is time, see how far the last one has come, and tell of a gap."""
        now_s = self._clock.boottime_s()
        if now_s - self._looked_s > ASLEEP_S:
            self._late_after_s += now_s - self._looked_s  # the whole machine slept; that is another thing
        self._looked_s = now_s
        self._arrived()
        if now_s >= self._due_s:
            self._due_s = now_s + EVERY_S
            await self._send()
        self._watch_for_gap()

    def state(self) -> CanaryState:
        """For the status."""
        now_s = self._clock.boottime_s()
        age_s = None if self._last_s is None else now_s - self._last_s
        return CanaryState(age_s, now_s >= self._late_after_s, self._stage)

    def _arrived(self) -> None:
        if self._waiting is None or self._store.row(self._waiting) is not None:
            return
        if self._store.read.waiting.parked(self._waiting):
            self._why = "it was set aside"
        else:
            self._last_s = self._clock.boottime_s()
            self._late_after_s = self._last_s + LATE_S
            self._stage = None
        self._old, self._waiting = self._waiting, None

    async def _send(self) -> None:
        self._number += 1
        try:
            readings = await self._stored()
        except (StoreError, sqlite3.Error, msgspec.DecodeError, zlib.error) as error:
            self._stopped("store", f"{type(error).__name__}: {error}")
            return
        why = self._judged(readings)
        if why:
            self._stopped("rules", why)
            return
        self._stage = "ward"
        if self._waiting is None:
            try:
                self._waiting = await self._store.put_event(self._event(), replaces=self._old)
                self._old = None
            except StoreError as error:
                self._stopped("store", f"{type(error).__name__}: {error}")

    def _stopped(self, stage: Stage, why: str) -> None:
        self._stage, self._why = stage, why
        log.error("the canary was stopped at the %s: %s", stage, why)

    async def _stored(self) -> list[Reading]:
        """Written by the thread that writes readings, and read back from the disk."""
        await self._store.put_detector_state(_KEY, zlib.compress(msgspec.json.encode(self._made())))
        raw = self._store.detector_state(_KEY)
        readings = msgspec.json.decode(zlib.decompress(raw) if raw else b"[]", type=list[Reading])
        if len(readings) != sum(map(len, _ALARMING.values())):
            raise msgspec.DecodeError("not all test readings came back")
        return readings

    def _judged(self, readings: list[Reading]) -> str:
        """Why the ward would not be told; empty when it would."""
        if any(admissible(reading, self._hub.assignment) for reading in readings):
            return "a test reading would count as the patient's"
        silent = [
            rule.name
            for rule in self._rules
            if not self._alerts(rule, [sample_of(r) for r in readings if r.channel == rule.channel])
        ]
        return f"no alert from {', '.join(silent)}" if silent else ""

    def _alerts(self, rule: Rule, samples: list[Sample]) -> bool:
        """Whether the machinery that judges readings makes an alert of these by one rule."""
        series = Series([rule], lambda broken, _sample, why: log.error("the canary broke %s: %s", broken.name, why))
        try:
            made = [step(rule.kind, None, series.assess(s), self._hub, self._clock.utc()).alert for s in samples]
        except Exception:  # whatever is wrong with it is what the canary is for
            log.exception("no alert of %s could be made", rule.name)
            return False
        return any(alert is not None and msgspec.json.encode(alert) for alert in made)

    def _watch_for_gap(self) -> None:
        if self._clock.boottime_s() < self._late_after_s:
            self._journal.over("canary-missed", sentence="The hub's own test readings come through again.")
            return
        stage = self._stage or "ward"
        if stage == "ward" and self._journal.stands("canary-missed"):
            return  # the next one is on its way: the first reason stands until it is there
        self._journal.begin(
            "canary-missed",
            "problem",
            _STUCK[stage],
            what_to_do="See whether the hub is connected, then send a report for support: wardgate support-bundle."
            if stage == "ward"
            else "Send a report for support: wardgate support-bundle.",
            detail={"stage": stage, "why": self._why},
        )

    def _event(self) -> Event:
        return Event(
            id=uuid.uuid4().hex,
            hub=self._hub.id,
            code=CANARY,
            severity="info",
            sentence="The hub has tested its way from a reading to the ward.",
            detail={"number": float(self._number), "every_s": EVERY_S, "test": True},
            at=self._clock.utc(),
        )

    def _made(self) -> list[Reading]:
        now = self._clock.utc()
        return [
            self._reading(channel, now + timedelta(days=day), values)
            for channel in _CHANNELS
            for day, values in _ALARMING[channel]
        ]

    def _reading(self, channel: _Channel, taken: datetime, values: dict[str, float]) -> Reading:
        units = {name: QUANTITY[channel, name].ucum for name in values}
        return Reading(
            id=f"canary-{channel}-{taken.timestamp():.0f}",
            hub=self._hub.id,
            assignment=self._hub.assignment,
            patient=self._hub.patient,
            attribution="assigned",
            channel=channel,
            quantities=tuple(
                Quantity(name=name, value=value, unit=units[name], original_value=value, original_unit=units[name])
                for name, value in values.items()
            ),
            time=TimeBlock(
                taken=taken,
                uncertainty_s=0.0,
                basis="arrival",
                received=taken,
                boot_id=self._clock.boot_id(),
                boottime_s=self._clock.boottime_s(),
                synchronised=self._clock.synchronised(),
            ),
            device=DeviceBlock(id="canary", model="canary"),
            quality=Quality(),
            backfill=False,
            test=True,
            frame="",
        )
