"""From when on a patient has the hub, where the hub did not know the time when it was given to them.

By such a clock the assignment seems to have begun years, or days, before it did, and what a device has kept of somebody
else would be called this patient's. So the second of the boot is kept with it, and the time is told once it is known.
"""

from __future__ import annotations

from msgspec.structs import replace

from wardgate.clock import SteadyClock, utc_from_s
from wardgate.installation import Record


def dated(record: Record, clock: SteadyClock) -> Record | None:
    """The record with the time at which the assignment began; None where that is known already, or cannot be yet.

    After another boot it began before that: when, nobody knows, so that only what came after it is surely this
    patient's.
    """
    line = clock.line
    if record.since_at is None or line is None:
        return None
    boot_id, boottime_s = record.since_at
    at_s = boottime_s if boot_id == clock.boot_id() else 0.0
    return replace(record, since=utc_from_s(line.utc_s_at(at_s)), since_at=None)
