"""What has to be looked at from time to time: the disk, the clock, the database, what was only heard in passing."""

from __future__ import annotations

import json
import logging
import shutil
from datetime import timedelta
from typing import Final

from wardgate.capture.devices import Devices
from wardgate.capture.journal import Journal
from wardgate.clock import SteadyClock
from wardgate.config import Config
from wardgate.store.presence import mishap
from wardgate.store.rows import Quarantine
from wardgate.store.store import Store
from wardgate.store.upkeep import TALLY

log: Final = logging.getLogger(__name__)

KEEP_DAYS: Final = 400.0
"""What the ward has is forgotten here after so long; rules look no further back."""
FLUSH_S: Final = 600.0
"""How often what was only heard in passing is written."""
DISK_FULL_PERCENT: Final = 80.0
DISK_SPARE_PERCENT: Final = 95.0
"""From here on what needs nobody's attention is not kept, so that readings and alerts have the room."""
_LIFE: Final = "hub/life"


class Housekeeping:
    """Of one hub. Nothing in it waits for another room."""

    def __init__(self, config: Config, store: Store, clock: SteadyClock, journal: Journal) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._journal = journal
        self._trimmed_at_s = self._flushed_at_s = self._checked_at_s = float("-inf")
        self._tallied_seq = 0

    # The life before this one

    def tell_how_it_ended(self, quarantine: Quarantine | None) -> None:
        if quarantine is not None:
            self._journal.tell(
                "database-damaged",
                "problem",
                quarantine.sentence,
                what_to_do=quarantine.what_to_do,
            )
        if found := mishap(self._store.path):
            fault, kept = found
            self._journal.tell(
                "database-moved",
                "problem",
                f"The hub's {fault}. What came after that was left with the devices; the hub has started anew.",
                what_to_do=f"Stop the hub before its files are changed. What it had stored is kept as {kept}."
                if kept
                else "Stop the hub before its files are changed. All that it had stored is in place again.",
            )
        if self._store.was_lost:
            self._journal.tell(
                "database-gone",
                "problem",
                "This hub's database was deleted. A new one was made; what had not reached the ward is lost.",
                what_to_do="Ask whoever had this hub in hands. Devices that keep their results send them again. "
                "Look whether the pairings are those of today.",
            )
        elif self._store.is_copy:
            self._journal.tell(
                "database-older",
                "problem",
                "This hub's database is an older copy that was put back. What it knew since then is gone from here.",
                what_to_do="What the ward has it keeps, and what waited in the copy is sent again. Look whether the "
                "pairings and settings are those of today.",
            )
        raw = self._store.detector_state(_LIFE)
        if raw is None:
            return
        before = json.loads(raw)
        if not before["clean"]:
            crashed = before["boot_id"] == self._clock.boot_id()
            self._journal.tell(
                "unclean-restart",
                "attention",
                "The hub's program stopped unexpectedly and runs again."
                if crashed
                else "The hub lost its power, or was restarted without being stopped, and runs again.",
                what_to_do="" if crashed else "Leave the hub switched on.",
                detail={"same_boot": crashed},
            )

    async def note_life(self, *, clean: bool) -> None:
        state = {"clean": clean, "boot_id": self._clock.boot_id()}
        await self._store.put_detector_state(_LIFE, json.dumps(state).encode())

    def flush(self, devices: Devices) -> None:
        """When a device was last heard is worth little after a power cut, and changes with every advertisement."""
        now_s = self._clock.boottime_s()
        if now_s - self._flushed_at_s >= FLUSH_S:
            self._flushed_at_s = now_s
            devices.flush()

    def check_disk(self) -> None:
        disk = shutil.disk_usage(self._config.data_dir)
        percent = 100.0 * disk.used / (disk.used + disk.free)
        self._journal.sparing = percent >= DISK_SPARE_PERCENT
        if percent >= DISK_FULL_PERCENT:
            self._journal.begin(
                "disk-filling",
                "attention",
                f"The hub's disk is more than {DISK_FULL_PERCENT:g} % full.",
                what_to_do="Free some space on it.",
            )
        else:
            self._journal.over("disk-filling", sentence="The hub's disk has room again.")

    def check_clock(self) -> None:
        if self._clock.synchronised():
            if self._journal.over("clock-not-synchronised"):
                self._journal.tell(
                    "clock-synchronised",
                    "info",
                    "The hub knows the time. Readings that came before are dated by this boot's clock.",
                    detail={
                        "boot_id": self._clock.boot_id(),
                        "boottime_s": self._clock.boottime_s(),
                        "utc_s": self._clock.utc().timestamp(),
                    },
                )
        else:
            self._journal.begin(
                "clock-not-synchronised",
                "attention",
                "The hub does not know the time yet. Readings are kept and dated later.",
                what_to_do="Connect the hub to the network.",
            )
        moved_s = self._clock.moved_s
        if moved_s:
            self._journal.begin(
                "clock-moved",
                "attention",
                "The hub's clock was moved while it ran. The hub goes on by its own count.",
                what_to_do="If the new time is right, switch the hub off and on.",
                detail={"moved_s": moved_s},
            )
        else:
            self._journal.over("clock-moved", sentence="The hub's clock is as it should be again.")

    def has_lost_files(self) -> bool:
        """Whether the database has to be opened anew. An event about it could not be stored; the next life tells it."""
        if fault := self._store.files.fault():
            log.error("%s; the hub starts anew", fault)
        return bool(fault)

    async def trim(self) -> None:
        """Once a day, and only by a clock that can be trusted: a wrong one would forget everything."""
        now_s = self._clock.boottime_s()
        if self._clock.synchronised() and now_s - self._trimmed_at_s > 86400.0:
            self._trimmed_at_s = now_s
            await self._store.trim(self._clock.utc() - timedelta(days=KEEP_DAYS))

    async def check_database(self) -> None:
        """Count what has come for the next start, and once a day look for damage in all that is kept."""
        if self._store.last_seq - self._tallied_seq >= TALLY:
            self._tallied_seq = self._store.last_seq
            await self._store.tally()
        now_s = self._clock.boottime_s()
        if now_s - self._checked_at_s > 86400.0:
            self._checked_at_s = now_s
            if problem := await self._store.check():
                log.error("%s", problem)
                self._journal.begin(
                    "database-damaged",
                    "problem",
                    "The hub's database is damaged.",
                    what_to_do="Restart the hub: it sets the file aside and saves what it can. Then replace its card.",
                )
