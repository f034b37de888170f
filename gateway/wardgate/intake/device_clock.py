"""What the hub knows of one device's clock: from earlier sessions, and from this one."""

from __future__ import annotations

import math
import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from wardgate.clock import EPOCH, utc_from_s
from wardgate.contract.messages import Reading
from wardgate.intake.dating import DRIFT, Arrival, Piece, lead_s
from wardgate.store.rows import ClockOnBoot, ClockSpan, DeviceRow
from wardgate_drivers.measurement import DeviceTime, Measurement

SAME_S: Final = 5.0
"""Two offsets that differ by less are one clock that runs as clocks do."""
LEADS_KEPT: Final = 8
"""Sessions whose stamps are remembered: a clock that was moved is known again after two."""
STILL_S: Final = 60.0
"""A clock that has not moved in so long has stopped."""
SPANS_KEPT: Final = 16
"""A device may keep a measurement over this many times that its clock was moved."""


def zone_offset_s(zone: zoneinfo.ZoneInfo, at: datetime) -> float:
    """Local civil time less UTC at that instant."""
    offset = at.astimezone(zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def civil_now(zone: zoneinfo.ZoneInfo, at: datetime) -> DeviceTime:
    """What a clock on the patient's wall shows at that instant, to the second."""
    return DeviceTime(float(math.floor((at - EPOCH).total_seconds() + zone_offset_s(zone, at) + 0.5)))


def told_in(reading: Reading) -> DeviceTime | None:
    """What the device's clock said when a stored reading was taken, to the second."""
    if reading.time.device_time is None:
        return None
    return DeviceTime((datetime.fromisoformat(reading.time.device_time + "+00:00") - EPOCH).total_seconds())


def looked_at(shown: ClockOnBoot | None, device_now: DeviceTime, at: Arrival) -> ClockOnBoot:
    """A device's clock shows this now, and `shown` the last time somebody looked."""
    still = False
    if shown is not None:
        # Since the hub was switched on at least, where that was in another boot.
        passed_s = at.boottime_s - (shown.boottime_s if shown.boot_id == at.boot_id else 0.0)
        still = abs(device_now.civil_s - shown.civil_s) <= SAME_S and (passed_s > STILL_S or shown.stands_still)
    return ClockOnBoot(
        boot_id=at.boot_id,
        boottime_s=at.boottime_s,
        civil_s=device_now.civil_s,
        synchronised=at.synchronised,
        stands_still=still,
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier sessions left behind; instants are UTC seconds."""

    offset_s: float | None = None
    measured_at_s: float | None = None
    set_at_s: float | None = None
    spans: tuple[ClockSpan, ...] = ()
    """What the clock was before it was last set, the latest last."""

    @classmethod
    def of(cls, row: DeviceRow) -> Earlier:
        """What is remembered about a device."""
        instants = (row.clock_offset_at, row.clock_set_at)
        measured_at_s, set_at_s = (None if at is None else (at - EPOCH).total_seconds() for at in instants)
        return cls(row.clock_offset_s, measured_at_s, set_at_s, row.clock_spans)


class ClockStory:
    """One session's view of a device's clock, told in pieces.

    What was measured in this session is kept against the boot-time clock: should the hub's wall clock step in between,
    the age of a measurement does not change.
    """

    def __init__(self, zone: zoneinfo.ZoneInfo, earlier: Earlier) -> None:
        self._zone = zone
        self._earlier = earlier
        self._measured: float | None = None
        """Device's civil seconds less the hub's boot-time seconds."""
        self._set: tuple[float, float] | None = None
        """The same after it was set, and the boot-time second at which it was set."""
        self._measured_at_s: float | None = None
        self._stands_still = False
        self._moved = False

    def measured(self, device_now: DeviceTime, at: Arrival, *, stands_still: bool = False) -> float:
        """The device's clock showed this at that instant. Return its offset from UTC in seconds.

        A clock that `stands_still` says nothing about anything.
        """
        self._stands_still = stands_still
        self._measured = device_now.civil_s - at.boottime_s
        self._measured_at_s = at.utc_s
        offset_s = device_now.civil_s - at.utc_s
        self._moved = at.synchronised and not self.ran_on(offset_s, at.utc_s)
        return offset_s

    def ran_on(self, offset_s: float, at_s: float) -> bool:
        """Whether an offset measured now is what earlier sessions lead one to expect of a clock nobody has touched."""
        earlier = self._earlier
        known_s, expected_s = earlier.measured_at_s, earlier.offset_s
        if earlier.set_at_s is not None and (known_s is None or known_s <= earlier.set_at_s):
            known_s = earlier.set_at_s
            expected_s = zone_offset_s(self._zone, utc_from_s(known_s))
        if known_s is None or expected_s is None:
            return False
        return abs(offset_s - expected_s) <= SAME_S + DRIFT * abs(at_s - known_s)

    @property
    def moved_since_s(self) -> float | None:
        """UTC of when the clock was last seen as it ought to be, where this session found that somebody moved it."""
        earlier = self._earlier
        seen_s = max((s for s in (earlier.measured_at_s, earlier.set_at_s) if s is not None), default=None)
        return seen_s if self._moved else None

    def was_set(self, to: DeviceTime, at: Arrival) -> None:
        """The device took this time at that instant."""
        self._set = (to.civil_s - at.boottime_s, at.boottime_s)

    def spans(self, set_at_s: float) -> tuple[ClockSpan, ...]:
        """What is to be remembered of the clock as it was until it was set at that UTC second."""
        spans = self._earlier.spans
        if self._measured is None or self._measured_at_s is None or self._set is None:
            return spans
        boot_to_utc_s = set_at_s - self._set[1]
        span = ClockSpan(
            offset_s=self._measured - boot_to_utc_s,
            known_at_s=self._measured_at_s,
            from_s=self._earlier.set_at_s,
            until_s=set_at_s,
        )
        if spans and spans[-1].until_s == span.from_s and abs(spans[-1].offset_s - span.offset_s) < SAME_S:
            span = msgspec.structs.replace(span, from_s=spans[-1].from_s)
            spans = spans[:-1]
        return (*spans, span)[-SPANS_KEPT:]

    def pieces(self, arrival: Arrival) -> tuple[Piece, ...]:
        """The clock's pieces as seen from this arrival, the surest first."""
        if self._stands_still and self._set is None:
            return ()
        boot_to_utc_s = arrival.utc_s - arrival.boottime_s
        # What earlier sessions said is on the true UTC line; an unsynchronised hub is not on it.
        earlier = self._earlier if arrival.synchronised else Earlier()
        pieces = []
        set_now_s = None if self._set is None else self._set[1] + boot_to_utc_s
        if self._measured is not None:
            offset_s = self._measured - boot_to_utc_s
            pieces.append(Piece(offset_s, arrival.utc_s, earlier.set_at_s, set_now_s))
        if self._set is not None:
            pieces.append(Piece(self._set[0] - boot_to_utc_s, arrival.utc_s, set_now_s, None))
        return (*pieces, *self._earlier_pieces(earlier))

    def _earlier_pieces(self, earlier: Earlier) -> list[Piece]:
        pieces = []
        if earlier.set_at_s is not None:
            set_to_s = zone_offset_s(self._zone, utc_from_s(earlier.set_at_s))
            pieces.append(Piece(set_to_s, earlier.set_at_s, earlier.set_at_s, None))
        if earlier.offset_s is not None and earlier.measured_at_s is not None:
            before_it_was_set = earlier.set_at_s is not None and earlier.set_at_s >= earlier.measured_at_s
            if not before_it_was_set:
                pieces.append(Piece(earlier.offset_s, earlier.measured_at_s, earlier.set_at_s, None))
            elif not earlier.spans:
                pieces.append(Piece(earlier.offset_s, earlier.measured_at_s, None, earlier.set_at_s))
        pieces += [Piece(s.offset_s, s.known_at_s, s.from_s, s.until_s) for s in reversed(earlier.spans)]
        return pieces


class Leads:
    """How far the stamps of a device are ahead of their arrival, session by session (see `dating.date`)."""

    def __init__(self, earlier: tuple[tuple[float, float], ...]) -> None:
        self.earlier: Final = earlier
        self._of_session: tuple[float, float] | None = None

    @property
    def newest_s(self) -> float | None:
        """Of this session, so far."""
        return None if self._of_session is None else self._of_session[0]

    @property
    def all(self) -> tuple[tuple[float, float], ...]:
        """What is to be remembered, the latest first."""
        own = () if self._of_session is None else (self._of_session,)
        return (*own, *self.earlier)[:LEADS_KEPT]

    def note(self, measurement: Measurement, arrival: Arrival) -> bool:
        """Take a stamp into account; whether it is this session's newest so far."""
        told = measurement.device_time
        if told is None or measurement.stored or not arrival.synchronised:
            return False
        now_s = lead_s(arrival, told)
        if self._of_session is not None and now_s <= self._of_session[0]:
            return False
        self._of_session = (now_s, arrival.utc_s)
        return True
