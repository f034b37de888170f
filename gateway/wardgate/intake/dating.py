"""When a measurement was taken, on the hub's UTC line, and how sure that is.

A device's clock is a story in pieces: it ran until somebody set it, it was set, it ran on, perhaps it fell back to
1970 with a new battery. Each piece has one offset (device's civil time less UTC) and a span of UTC in which it held.
A time stamp belongs to the piece into whose span it falls. Devices are given the local civil time of where the patient
lives and know no daylight saving: between two settings their offset stays what it was, also over a change of the hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from wardgate.clock import EPOCH
from wardgate_drivers.measurement import DeviceTime

RESOLUTION_S: Final = 2.0
"""Two clocks that show whole seconds, and the way of the reading over the air."""
DRIFT: Final = 50e-6
"""A watch crystal in a home: 20 ppm as cut, 8 ppm from 15 to 35 degrees, ageing; rounded up."""
AHEAD_S: Final = 10.0
"""A stamp this far after its arrival is the clocks' disagreement, not the future."""
YEAR_S: Final = 365.25 * 86400.0
WEEK_S: Final = 7 * 86400.0
HOUR_S: Final = 3600.0
MEMORY_S: Final = 3 * YEAR_S
"""How far before it was first looked at a clock is believed: what a stamp of ten years ago tells is that the clock
started over, as it does with a new battery."""
UNTRUSTED: Final = "device-clock-untrusted"
APART_S: Final = 900.0
"""Two sessions that are further apart do not tell one sitting's measurements one after the other."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The instant a frame came in, stamped before anything else is done with it."""

    utc: datetime
    boot_id: str
    boottime_s: float
    synchronised: bool
    """Whether the hub knows the time; then `utc` is right within `doubt_s`."""
    doubt_s: float = 0.0

    @property
    def utc_s(self) -> float:
        """Seconds since 1970 on the hub's wall clock."""
        return (self.utc - EPOCH).total_seconds()


@dataclass(frozen=True, slots=True)
class Piece:
    """A span in which a device's clock ran undisturbed."""

    offset_s: float
    """The device's civil time less UTC."""
    known_at_s: float
    """UTC at which the offset was measured or set; it drifts away from there in both directions."""
    from_s: float | None
    """UTC from which it holds; None: since long before it was known."""
    until_s: float | None
    """UTC until which it held; None: up to now."""

    def covers(self, taken_s: float) -> bool:
        """Whether the clock told this piece's time then, give or take its own doubt."""
        slack = self.doubt_s(taken_s)
        after = taken_s >= (self.known_at_s - MEMORY_S if self.from_s is None else self.from_s) - slack
        return after and (self.until_s is None or taken_s <= self.until_s + slack)

    def doubt_s(self, taken_s: float) -> float:
        """How far this piece may be wrong about that moment."""
        return RESOLUTION_S + DRIFT * abs(taken_s - self.known_at_s)


@dataclass(frozen=True, slots=True)
class Dated:
    """What the time block says, and whether it is an old measurement."""

    taken: datetime
    uncertainty_s: float
    basis: Literal["arrival", "device-clock"]
    device_offset_s: float | None
    flags: tuple[str, ...]
    backfill: bool


@dataclass(frozen=True, slots=True)
class _Found:
    taken_s: float
    doubt_s: float
    offset_s: float | None = None
    flags: tuple[str, ...] = ()


def date(
    arrival: Arrival,
    told: DeviceTime | None,
    pieces: tuple[Piece, ...],
    *,
    zone_offset_s: float,
    stored: bool,
    live_s: float,
    memory: bool,
    last_reading_s: float | None,
    resolution_s: float = 1.0,
    may_replay: bool = False,
    leads: tuple[tuple[float, float], ...] = (),
    newest_lead_s: float | None = None,
    moved_since_s: float | None = None,
) -> Dated:
    """Date one measurement. What the hub's own clock may be wrong by (`arrival.doubt_s`) is part of the uncertainty.

    A device that `may_replay` tells an old measurement as if it was of now. Where its clock is not known, a measurement
    counts as one of now only if its stamp is local time just past, or is as far from its arrival as the newest stamp of
    an earlier session was: a clock that is wrong is wrong by the same every day, and an old measurement's age is not.

    Args:
        arrival: when it came.
        told: what the device's clock said when it was taken.
        pieces: what is known of that clock, the surest first; none if nobody has measured or set it.
        zone_offset_s: local civil time less UTC where the patient lives, at arrival.
        stored: the device says that it comes from its memory.
        live_s: how long after a measurement this model may take to send it.
        memory: whether this model keeps measurements it could not send.
        last_reading_s: UTC of this device's last reading before this session; what was kept was kept since then.
        resolution_s: the step of `told`: a stamp without seconds was taken somewhere in its minute.
        may_replay: whether this model tells what it kept without a word that it is old.
        newest_lead_s: of this session, where one came before. A stamp from the future says that the clock is ahead.
        moved_since_s: where this session found the clock moved by somebody, UTC of when it was last seen unmoved.
        leads: of earlier sessions, how far the newest stamp was from its arrival, and when that was (see `lead_s`).
    """
    found = None
    if told is not None and pieces:
        found = _by_known_clock(arrival, told, pieces, moved_since_s)
    elif told is not None:
        is_ahead = newest_lead_s is not None and newest_lead_s > zone_offset_s + AHEAD_S
        offset_s = newest_lead_s if newest_lead_s is not None and is_ahead else zone_offset_s
        doubtful = stored or is_ahead
        found = _by_unknown_clock(arrival, told.civil_s - offset_s, live_s, stored=doubtful, memory=memory)
    is_sure = found is not None and UNTRUSTED not in found.flags
    if may_replay and told is not None and not is_sure and not stored:
        if _leads_as_ever(arrival, told, leads, live_s + resolution_s):
            doubt_s = 2 * live_s + resolution_s + arrival.doubt_s
            return Dated(arrival.utc, doubt_s, "arrival", None, (UNTRUSTED,), False)
        stored = True
    if found is None:
        flags = (UNTRUSTED,) if told is not None else ()
        doubt_s = live_s + arrival.doubt_s
        if stored or (memory and told is not None):
            doubt_s += _kept_for_s(arrival, last_reading_s)
        return Dated(arrival.utc, doubt_s, "arrival", None, flags, stored)
    age_s = arrival.utc_s - found.taken_s
    doubt_s = found.doubt_s + arrival.doubt_s + resolution_s - 1.0
    backfill = stored or age_s > live_s + doubt_s
    taken = arrival.utc - timedelta(seconds=age_s)
    return Dated(taken, doubt_s, "device-clock", found.offset_s, found.flags, backfill)


def lead_s(arrival: Arrival, told: DeviceTime) -> float:
    """How far a stamp stands before (or after) its arrival: the clock's offset from UTC, less the measurement's age."""
    return told.civil_s - arrival.utc_s


def _leads_as_ever(arrival: Arrival, told: DeviceTime, leads: tuple[tuple[float, float], ...], within_s: float) -> bool:
    now_s = lead_s(arrival, told)
    return arrival.synchronised and any(
        abs(now_s - then_s) <= within_s and arrival.utc_s - at_s >= APART_S for then_s, at_s in leads
    )


def _kept_for_s(arrival: Arrival, last_reading_s: float | None) -> float:
    """How long a measurement may have lain in the device at most."""
    if last_reading_s is None or not arrival.synchronised:
        return YEAR_S
    return arrival.utc_s - last_reading_s


def _by_known_clock(
    arrival: Arrival, told: DeviceTime, pieces: tuple[Piece, ...], moved_since_s: float | None
) -> _Found | None:
    now_s = arrival.utc_s
    fits = []
    for piece in pieces:
        taken_s = told.civil_s - piece.offset_s
        if piece.covers(taken_s) and taken_s <= now_s + AHEAD_S + piece.doubt_s(taken_s):
            fits.append((taken_s, piece))
    if not fits:
        return None
    taken_s, piece = fits[0]
    # Two pieces may both claim a stamp when the clock was moved between two sessions and nobody knows when.
    doubt_s = piece.doubt_s(taken_s) + max(abs(other - taken_s) for other, _ in fits)
    if moved_since_s is not None and all(_is_over(piece, moved_since_s) for _, piece in fits):
        # It was not told when it could have been. The clock was moved since, perhaps more than once, and of what it
        # showed in between nothing is known: it may have been taken at any time up to now.
        return _Found(min(taken_s, now_s), max(doubt_s, now_s - taken_s), piece.offset_s, flags=(UNTRUSTED,))
    return _Found(min(taken_s, now_s), doubt_s, piece.offset_s)


def _is_over(piece: Piece, by_s: float) -> bool:
    return piece.until_s is not None and piece.until_s <= by_s


def _by_unknown_clock(arrival: Arrival, taken_s: float, live_s: float, *, stored: bool, memory: bool) -> _Found | None:
    """A clock nobody has measured or set: taken at its word as local time, with a doubt that covers what it may hide.

    A fresh stamp can be an old one on a clock that still has summer time. An older stamp may be on a clock that is
    behind by anything up to the frame's whole age, or ahead by some days.
    """
    age_s = arrival.utc_s - taken_s
    if not -AHEAD_S <= age_s <= YEAR_S:
        return None
    if age_s <= live_s and not stored:
        return _Found(min(taken_s, arrival.utc_s), live_s + HOUR_S if memory else live_s)
    return _Found(taken_s, max(age_s, WEEK_S), flags=(UNTRUSTED,))
