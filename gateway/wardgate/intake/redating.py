"""Readings that came while the hub did not know the time are dated once it does.

Within one boot the boot-time clock joins them to the first moment at which the time was known. The readings of a boot
that ended before that are dated only where the device's own clock was found to run on undisturbed, before that boot
and after it. Nothing else is tried: a reading keeps its mark rather than get a date that might be wrong.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import msgspec

from wardgate.clock import Line, utc_from_s
from wardgate.contract.messages import TIME_UNKNOWN, Corrected, Reading
from wardgate.intake.dating import RESOLUTION_S, UNTRUSTED, Arrival, Dated, date
from wardgate.intake.device_clock import SAME_S, ClockStory, Earlier, told_in, zone_offset_s
from wardgate.store.rows import DeviceRow
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.model.declaration import History, Model

LEAST_S: Final = 0.001
"""Times are told in milliseconds at most."""
MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when readings are dated anew."""

    lines: Mapping[str, Line]
    """By boot id, where each of them first knew the time."""
    boot_id: str
    """Of this boot."""
    zone: zoneinfo.ZoneInfo
    now: datetime


def as_it_was(row: DeviceRow, at_s: float) -> Earlier:
    """What is known of a device's clock, without what happened to it only later."""
    if row.clock_set_at is not None and row.clock_set_at.timestamp() > at_s:
        return Earlier(spans=row.clock_spans)
    return Earlier.of(row)


def redated(reading: Reading, model: Model, row: DeviceRow, known: Known) -> Reading | None:
    """The next revision of a reading of a time that was not known; None while it is not known still."""
    line = known.lines.get(reading.time.boot_id)
    if line is not None:
        return _by_boot(reading, model, row, line, known)
    return None if reading.time.boot_id == known.boot_id else _by_device(reading, row, known)


def _by_boot(reading: Reading, model: Model, row: DeviceRow, line: Line, known: Known) -> Reading:
    at_s = reading.time.boottime_s
    utc_s = line.utc_s_at(at_s)
    arrival = Arrival(utc_from_s(utc_s), line.boot_id, at_s, True, line.doubt_s(at_s))
    told = told_in(reading)
    story = ClockStory(known.zone, as_it_was(row, utc_s))
    if reading.time.device_offset_s is not None:
        shown = DeviceTime(reading.time.device_offset_s + reading.time.received.timestamp())
        story.measured(shown, arrival)
    last = row.clock_on_boot
    stands_still = last is not None and last.boot_id == line.boot_id and last.stands_still
    dated = date(
        arrival,
        told,
        () if stands_still else story.pieces(arrival),
        zone_offset_s=zone_offset_s(known.zone, arrival.utc),
        stored=reading.backfill,
        live_s=model.live_s,
        memory=model.history is not History.NONE,
        last_reading_s=None,
        # What it was is not kept. A stamp of a whole minute may be one that tells no seconds.
        resolution_s=MINUTE_S if told is not None and told.civil_s % MINUTE_S == 0 else 1.0,
        may_replay=model.may_replay,
    )
    return _revised(reading, dated, arrival.utc, "hub-synchronised", known.now)


def _by_device(reading: Reading, row: DeviceRow, known: Known) -> Reading | None:
    """By a clock of which two looks, one before and one after, say that it ran on undisturbed."""
    told, offset_s = told_in(reading), row.clock_offset_s
    since, until = row.clock_same_since, row.clock_offset_at
    if told is None or offset_s is None or since is None or until is None:
        return None
    taken = utc_from_s(told.civil_s - offset_s)
    if not since <= taken <= until:
        return None
    doubt_s = SAME_S + RESOLUTION_S + (MINUTE_S if told.civil_s % MINUTE_S == 0 else 0.0)
    dated = Dated(taken, doubt_s, "device-clock", offset_s, (), True)
    return _revised(reading, dated, None, "device-clock", known.now)


def _revised(
    reading: Reading,
    dated: Dated,
    received: datetime | None,
    reason: Literal["hub-synchronised", "device-clock"],
    now: datetime,
) -> Reading:
    flags = tuple(flag for flag in reading.quality.flags if flag not in (TIME_UNKNOWN, UNTRUSTED))
    time = msgspec.structs.replace(
        reading.time,
        taken=dated.taken,
        uncertainty_s=round(dated.uncertainty_s, 3),
        basis=dated.basis,
        received=dated.taken if received is None else received,
        device_offset_s=None if dated.device_offset_s is None else round(dated.device_offset_s, 3),
    )
    return msgspec.structs.replace(
        reading,
        time=time,
        quality=msgspec.structs.replace(reading.quality, flags=(*flags, *dated.flags)),
        backfill=dated.backfill,
        revision=reading.revision + 1,
        corrected=Corrected(previous=reading.time.taken, reason=reason, at=now),
    )
