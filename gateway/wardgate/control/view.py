"""The hub as a person may look at it, put together from what the rooms know."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from wardgate.capture.capture import Capture
from wardgate.capture.devices import Devices, Known
from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.config import Config
from wardgate.contract.messages import Alert, Reading
from wardgate.control.messages import (
    CanaryView,
    CertificateView,
    ConfigurationView,
    DeliveryView,
    DeviceState,
    DeviceView,
    HubView,
    Limit,
    RadioView,
    Series,
    Status,
    TrialView,
    WayPoint,
)
from wardgate.deliver.sender import Sender
from wardgate.enrol.renewal import Renewal
from wardgate.indicate.home import Home
from wardgate.intake.device_facts import BATTERY_LOW_PERCENT
from wardgate.overlay import Overlay
from wardgate.store.rows import DeviceRow
from wardgate.store.store import Store
from wardgate.watch.adherence import Adherence
from wardgate.watch.assess import has_place
from wardgate.watch.canary import Canary
from wardgate.watch.rule import (
    HIGH_PRESSURE,
    IRREGULAR_PULSE,
    LOW_PRESSURE,
    LOW_SATURATION,
    PULSE_CHANGE,
    WEIGHT_GAIN,
    WORSENING,
)
from wardgate.watch.shadow import Shadows, Trial
from wardgate.watch.watcher import Watcher
from wardgate_drivers.model.declaration import Bond
from wardgate_drivers.model.wake import wake_words

READINGS_SHOWN: Final = 5000
"""Of a channel, the newest: a year at a dozen a day."""
EVENTS_SHOWN: Final = 20
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "weight": (WEIGHT_GAIN, WORSENING),
    "saturation": (LOW_SATURATION, WORSENING),
    "blood_pressure": (LOW_PRESSURE, HIGH_PRESSURE, PULSE_CHANGE, IRREGULAR_PULSE, WORSENING),
}
"""Which alerts belong into the chart of a channel."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything that status and charts are made of."""

    config: Config
    version: str
    clock: Clock
    store: Store
    devices: Devices
    capture: Capture
    journal: Journal
    watcher: Watcher
    adherence: Adherence
    canary: Canary
    shadows: Shadows
    sender: Sender
    renewal: Renewal
    home: Home
    overlay: Overlay
    started_boottime_s: float

    def status(self) -> Status:
        """The answer to `status`."""
        now = self.clock.utc()
        rows = {row.id: row for row in self.store.devices()}
        unsent = self.store.read.waiting.unsent_readings()
        return Status(
            hub=self._hub(now),
            devices=tuple(
                self._device(known, rows.get(known.id, DeviceRow(id=known.id)), unsent.get(known.id, 0), now)
                for known in self.devices.known
            ),
            delivery=self._delivery(now),
            way=self._way(now),
            open_alerts=tuple(a for a in self.store.open_alerts() if a.assignment == self.config.hub.assignment),
            events=tuple(self.store.events(EVENTS_SHOWN)),
            trials=tuple(_trial(trial) for trial in self.shadows.trials()),
        )

    def series(self, channel: str, days: float) -> Series:
        """The answer to `series`."""
        now = self.clock.utc()
        since = now - timedelta(days=days)
        plan = self.watcher.plan
        has_target = channel == "saturation"
        stored = self.store.readings(channel, since, assignment=self.config.hub.assignment, limit=READINGS_SHOWN)
        mine = [k.device for k in self.devices.known if channel in k.model.channels]
        cadences_h = [hours for device in mine if (hours := plan.cadence_h(device, channel)) is not None]
        return Series(
            channel=channel,
            since=since,
            now=now,
            readings=tuple(r for r in stored if has_place(r, self.clock.boot_id())),
            usual=self.watcher.usual(channel),
            limits=tuple(Limit(quantity=x.quantity, value=x.value) for x in self.watcher.limits(channel)),
            target_low=plan.limit("target_low_pct") if has_target else None,
            target_high=plan.limit("target_high_pct") if has_target else None,
            cadence_s=min(cadences_h) * 3600.0 if cadences_h else None,
            alerts=self._alerts(channel, since),
        )

    def latest(self, limit: int) -> tuple[Reading, ...]:
        """The newest readings of this patient, newest first."""
        long_ago = self.clock.utc() - timedelta(days=400)
        mine = self.store.readings(None, long_ago, assignment=self.config.hub.assignment, limit=limit)
        return tuple(reversed(mine))

    async def note(self, note: str) -> bool:
        """Keep a checked note and tell the ward of it; False when it was known.

        Raises:
            StoreError: the disk refuses.
        """
        new = await self.watcher.note(note)
        if new:
            self.shadows.noted(self.clock.utc().timestamp())
            self.journal.tell("therapy-note", "info", f"Noted at the hub: {note}.", detail={"note": note})
        return new

    def alerts(self, days: float) -> tuple[Alert, ...]:
        """The last revision of each episode that changed in the last days or is open, the newest episode first."""
        found = self._episodes(self.clock.utc() - timedelta(days=days))
        return tuple(sorted(found, key=lambda a: a.raised, reverse=True))

    def _alerts(self, channel: str, since: datetime) -> tuple[Alert, ...]:
        """Those of a channel, the oldest first."""
        mine = [alert for alert in self._episodes(since) if alert.kind in KINDS.get(channel, ())]
        return tuple(sorted(mine, key=lambda a: a.raised))

    def _episodes(self, since: datetime) -> list[Alert]:
        last: dict[str, Alert] = {}
        for alert in (*self.store.open_alerts(), *self.store.alerts(since)):
            if alert.assignment != self.config.hub.assignment:
                continue  # an earlier patient's, that is still on its way to the ward
            known = last.get(alert.id)
            if known is None or alert.revision > known.revision:
                last[alert.id] = alert
        return list(last.values())

    def _hub(self, now: datetime) -> HubView:
        state, sentence, heard_age_s = self.capture.view()
        return HubView(
            hub=self.config.hub.id,
            patient=self.config.hub.patient,
            timezone=self.config.hub.timezone,
            version=self.version,
            now=now,
            uptime_s=self.clock.boottime_s() - self.started_boottime_s,
            clock_synchronised=self.clock.synchronised(),
            disk_free_bytes=shutil.disk_usage(self.config.data_dir).free,
            database_bytes=self._database_bytes(),
            config_hash=self.config.fingerprint(),
            radio=RadioView(state=state, sentence=sentence, last_heard_age_s=heard_age_s),
            confirm=self.config.broker.confirm,
            canary=self._canary(),
            quiet_until=self.watcher.gate.quiet_until_now(),
            certificate=self._certificate(),
            configuration=self._configuration(),
        )

    def _configuration(self) -> ConfigurationView | None:
        overlay = self.overlay
        if not overlay.version and not overlay.problem:
            return None
        last = overlay.all_gone[-1] if overlay.all_gone else None
        return ConfigurationView(
            version=overlay.version,
            proving=overlay.proving,
            problem=overlay.problem or overlay.left_out,
            taken_back=last.why if last is not None and last.version == overlay.version else "",
        )

    def _certificate(self) -> CertificateView | None:
        state = self.renewal.state()
        if state is None:
            return None
        return CertificateView(
            not_after=state.not_after,
            days_left=state.days_left,
            renews_itself=state.renews_itself,
            problem=state.problem,
        )

    def _canary(self) -> CanaryView:
        found = self.canary.state()
        return CanaryView(last_age_s=found.last_age_s, late=found.late, stage=found.stage)

    def _database_bytes(self) -> int:
        names = (self.config.database, self.config.database.with_name(self.config.database.name + "-wal"))
        return sum(name.stat().st_size for name in names if os.path.exists(name))  # noqa: PTH110

    def _device(self, known: Known, kept: DeviceRow, unsent: int, now: datetime) -> DeviceView:
        row = msgspec.structs.replace(self.devices.row(known.id), counts=kept.counts)
        state, what_to_do = self._state(known, row)
        return DeviceView(
            id=known.id,
            model=known.model.id,
            kind=known.model.kind.value,
            maker=known.model.maker,
            name=known.model.name,
            state=state,
            what_to_do=what_to_do,
            wake=known.model.wake,
            last_heard=row.last_heard,
            last_heard_age_s=_age_s(now, row.last_heard),
            last_reading=row.last_reading,
            last_reading_age_s=_age_s(now, row.last_reading),
            cadence_s=self.adherence.cadence_s(known.id),
            battery_percent=row.battery_percent,
            battery_at=row.battery_at,
            rssi_dbm=row.rssi_dbm,
            bonded=row.bonded if known.model.bond is not Bond.NONE else None,
            clock_offset_s=row.clock_offset_s,
            unsent=unsent,
            counts=row.counts,
        )

    def _state(self, known: Known, row: DeviceRow) -> tuple[DeviceState, str]:
        kind = known.model.kind.noun
        if self.journal.stands("pairing-lost", known.id):
            return "pairing-lost", f"Pair the {kind} again. {known.model.wake}"
        if known.model.bond is not Bond.NONE and row.bonded is not True:
            return "not-set-up", f"Pair the {kind}. {known.model.wake}"
        if row.last_heard is None:
            return "not-set-up", wake_words(known.model.wake).use
        if row.battery_percent is not None and row.battery_percent <= BATTERY_LOW_PERCENT:
            return "battery-low", f"Put new batteries into the {kind}."
        if self.adherence.overdue(known.id):
            return "not-heard", wake_words(known.model.wake).use
        return "working", ""

    def _delivery(self, now: datetime) -> DeliveryView:
        view = self.sender.view()
        counts = view.counts
        return DeliveryView(
            connected=view.connected,
            confirm=view.confirm,
            broker=view.broker,
            problem=f"{view.problem} {view.what_to_do}".strip(),
            retry_in_s=view.retry_in_s,
            stored=counts.stored,
            at_broker=counts.at_broker,
            at_ward=counts.at_ward,
            waiting=counts.waiting,
            waiting_alerts=counts.waiting_alerts,
            oldest_waiting=counts.oldest_waiting,
            oldest_waiting_age_s=_age_s(now, counts.oldest_waiting),
            parked=counts.parked,
            last_ward_answer=view.last_ward_answer,
            last_ward_answer_age_s=view.last_ward_answer_age_s,
        )

    def _way(self, now: datetime) -> WayPoint | None:
        reading = self.store.read.last_live_reading()
        way = self.store.way(reading.id) if reading is not None else None
        if reading is None or way is None or reading.assignment != self.config.hub.assignment:
            return None
        done = way.ward is not None or (self.config.broker.confirm == "broker" and way.broker is not None)
        return WayPoint(
            reading=reading,
            seen=reading.time.received,
            stored=way.stored,
            broker=way.broker,
            ward=way.ward,
            waiting_s=None if done else _age_s(now, way.broker or way.stored),
        )


def _trial(trial: Trial) -> TrialView:
    kept = trial.kept
    return TrialView(
        name=trial.name,
        rule=trial.rule,
        limits=trial.limits,
        since=kept.since,
        raised=kept.raised,
        updated=kept.updated,
        resolved=kept.resolved,
        open=kept.episode is not None,
        live_raised=trial.live_raised,
        last_raised=kept.last_raised,
        last_sentence=kept.last_sentence,
        problem=trial.problem,
    )


def _age_s(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())
