"""When the hub comes to know the time: what came before is dated, published anew, and told.

Every reading that waits for its date stands in the store until it has one, so whatever ends the program in between,
the next start goes on.
"""

from __future__ import annotations

import logging
import zoneinfo
from datetime import datetime, timedelta
from typing import Final

import msgspec

from wardgate.capture.devices import Devices
from wardgate.capture.journal import Journal
from wardgate.clock import Line, SteadyClock, utc_from_s
from wardgate.config import Config
from wardgate.contract.messages import TIME_UNKNOWN, Reading
from wardgate.counted import count
from wardgate.intake.attribution import USUAL_DAYS, Usual, before_assignment, canonical, far_from_usual
from wardgate.intake.redating import Known, redated
from wardgate.store.rows import DeviceRow
from wardgate.store.store import Store
from wardgate_drivers.model.lookup import by_id

log: Final = logging.getLogger(__name__)

PAGE: Final = 200
LINES_KEPT: Final = 16
"""Two for each of the last boots: enough, for a boot is done with as soon as its readings are dated."""
LINE_EVERY_S: Final = 6 * 3600.0
"""By how much a restart without a time server may find the last line older: 2 s of doubt."""
_KEY: Final = "clock/lines"


def kept_lines(store: Store) -> tuple[Line, ...]:
    """Where earlier runs, of this boot or others, knew the time."""
    raw = store.detector_state(_KEY)
    try:
        return () if raw is None else msgspec.json.decode(raw, type=tuple[Line, ...])
    except msgspec.DecodeError as error:
        log.warning("when the time was known cannot be read: %s", error)
        return ()


class Corrections:
    """Call `run` once the hub is up, and from time to time: it does nothing while there is nothing new to know."""

    def __init__(self, config: Config, store: Store, clock: SteadyClock, devices: Devices, journal: Journal) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._devices = devices
        self._journal = journal
        self._zone = zoneinfo.ZoneInfo(config.hub.timezone)
        self._lines = kept_lines(store)
        self._seen: object = None
        self._looked_at_seq = 0

    async def run(self) -> tuple[Reading, ...]:
        """Date what can be dated now. The revisions that were published; all of them are on the disk.

        Raises:
            StoreError: the disk refuses. What was not done is done by the next call.
        """
        first = self._clock.first
        if first is None:
            return ()
        await self._keep_lines(first)
        seen = (first, tuple(self._devices.row(known.id).clock_offset_at for known in self._devices.known))
        if seen == self._seen and not self._store.read.undated(self._looked_at_seq, 1):
            return ()  # a reading that was still on its way to the disk the last time is looked at now
        done = await self._redate(first)
        self._place_clocks()
        self._look_at_last_readings(self._clock.utc())
        self._seen = seen
        return tuple(done)

    async def _keep_lines(self, first: Line) -> None:
        """Before anything is dated by them: a power cut must not take them while others still wait."""
        last = self._clock.line or first
        old = [line for line in self._lines if line.boot_id == first.boot_id]
        if old and old[0] == first and last.boottime_s - old[-1].boottime_s < LINE_EVERY_S:
            return
        others = [line for line in self._lines if line.boot_id != first.boot_id]
        lines = (*others, first, last)[-LINES_KEPT:]
        await self._store.put_detector_state(_KEY, msgspec.json.encode(lines))
        self._lines = lines

    def _by_boot(self) -> dict[str, Line]:
        """The earliest of each boot: what has to be dated was before it."""
        return {line.boot_id: line for line in reversed(self._lines)}

    def _place_clocks(self) -> None:
        """What a device's clock showed to a hub that did not know the time is worth something once it does."""
        lines = self._by_boot()
        for known in self._devices.known:
            row = self._devices.row(known.id)
            shown = row.clock_on_boot
            line = None if shown is None else lines.get(shown.boot_id)
            if shown is None or line is None or shown.synchronised:
                continue
            at_s = line.utc_s_at(shown.boottime_s)
            self._devices.change(known.id, clock_on_boot=msgspec.structs.replace(shown, synchronised=True))
            if all(at is None or at.timestamp() < at_s for at in (row.clock_offset_at, row.clock_set_at)):
                at = utc_from_s(at_s)
                offset_s = shown.civil_s - at_s
                self._devices.change(known.id, clock_offset_s=offset_s, clock_offset_at=at, clock_same_since=at)

    async def _redate(self, first: Line) -> list[Reading]:
        known = Known(self._by_boot(), first.boot_id, self._zone, self._clock.utc())
        usual = Usual("weight", "weight", self._store.readings(None, known.now - timedelta(days=3 * USUAL_DAYS)))
        done: list[Reading] = []
        never: list[int] = []
        after = 0
        while page := self._store.read.undated(after, PAGE):
            for seq, reading in page:
                after = self._looked_at_seq = seq
                later = None if reading is None else self._later(reading, known)
                if later is not None:
                    later = self._attributed(later, usual)
                    if await self._store.correct_reading(later):
                        usual.add(later)
                        done.append(later)
                elif reading is None or self._is_hopeless(reading, first):
                    never.append(seq)
        await self._settle(done, never)
        return done

    def _later(self, reading: Reading, known: Known) -> Reading | None:
        model = by_id(reading.device.model)
        return None if model is None else redated(reading, model, self._row(reading.device.id), known)

    def _row(self, device: str) -> DeviceRow:
        mine = {known.id for known in self._devices.known}
        return self._devices.row(device) if device in mine else self._store.device(device) or DeviceRow(id=device)

    def _is_hopeless(self, reading: Reading, first: Line) -> bool:
        """Nothing that may still be learnt would date it: its device has no clock, or has been looked at since."""
        if reading.time.boot_id == first.boot_id:
            return True
        looked_at = self._row(reading.device.id).clock_offset_at
        return reading.time.device_time is None or (looked_at is not None and looked_at.timestamp() > first.utc_s)

    def _attributed(self, reading: Reading, usual: Usual) -> Reading:
        """Nobody knew what was usual at a time that was not known. Never the other way round: what was held stays."""
        if reading.attribution != "assigned":
            return reading
        hub, time = self._config.hub, reading.time
        since = hub.since if reading.assignment == hub.assignment else None
        reason = before_assignment(since, time.taken, time.uncertainty_s, backfill=reading.backfill) or far_from_usual(
            canonical(reading, "weight") if reading.channel == "weight" else None,
            usual.at(reading.time.taken.timestamp()),
            self._config.watch.weight.other_person_kg,
        )
        if reason is None:
            return reading
        return msgspec.structs.replace(reading, attribution="unattributed", attribution_reason=reason, patient=None)

    async def _settle(self, done: list[Reading], never: list[int]) -> None:
        if done:
            self._journal.tell(
                "readings-dated",
                "info",
                f"{count(len(done), 'reading')} from before the hub knew the time {_are(len(done))} dated now.",
                detail={"readings": float(len(done)), "boot_id": self._clock.boot_id()},
            )
        if never:
            self._journal.tell(
                "readings-not-dated",
                "attention",
                f"{count(len(never), 'reading')} cannot be dated: the hub was switched off before it knew the time.",
                what_to_do="Ask the patient when they measured. Leave the hub switched on and connected.",
                detail={"readings": float(len(never))},
            )
            await self._store.leave_undated(never)

    def _look_at_last_readings(self, now: datetime) -> None:
        """What was remembered of a wrong clock must not stand in the way of what comes."""
        last: dict[str, datetime] = {}
        for reading in self._store.readings(None, now - timedelta(days=3 * USUAL_DAYS)):
            if not reading.test and reading.time.taken <= now and TIME_UNKNOWN not in reading.quality.flags:
                last[reading.device.id] = reading.time.taken
        for known in self._devices.known:
            row = self._devices.row(known.id)
            before, after = row.last_reading, last.get(known.id)
            if row.last_heard is not None and row.last_heard > now:
                self._devices.change(known.id, last_heard=after or now)
            if before is not None and (before > now or (after is not None and after > before)):
                self._devices.change(known.id, last_reading=after)


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
