"""The plan of a day at home: what is done, what is now, what comes later.

Whoever measures once a day may do so from the morning on; twice: in the morning and in the evening; more often: in the
afternoon too. A day at home begins at five: what is measured in the small hours belongs to the evening before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from wardgate.contract.assigning import Kind
from wardgate.indicate.moment import Moment, Part, Tile, When

_BEGINS: Final[tuple[tuple[int, Part], ...]] = ((22, "night"), (17, "evening"), (12, "afternoon"), (5, "morning"))
_SLOTS: Final[dict[int, tuple[Part, ...]]] = {2: ("morning", "evening"), 3: ("morning", "afternoon", "evening")}
_ORDER: Final[tuple[When, ...]] = ("morning", "afternoon", "evening", "tomorrow", "another-day")


def part_of(local: datetime) -> Part:
    """Morning from 5, afternoon from 12, evening from 17, night from 22."""
    return next((part for hour, part in _BEGINS if local.hour >= hour), "night")


def day_of(local: datetime) -> date:
    """The day at home: until five in the morning it is still yesterday's."""
    return (local.replace(tzinfo=None) - timedelta(hours=5)).date()


def tile(kind: Kind, cadence_h: float | None, taken: Sequence[datetime], now: datetime) -> Tile:
    """How it stands with one kind of device.

    Args:
        kind: what it is.
        cadence_h: how often it is waited for; None: whenever somebody likes.
        taken: when it was used, on the home's clock; those of some days are enough.
        now: this moment, on the home's clock.
    """
    today = [t for t in taken if day_of(t) == day_of(now)]
    if cadence_h is None:
        return Tile(kind=kind, state="done" if today else "free")
    if cadence_h < 24.0:
        return _several_a_day(kind, cadence_h, today, now)
    if today:
        return Tile(kind=kind, state="done")
    last = max(map(day_of, taken), default=None)
    left = 0 if last is None else max(1, round(cadence_h / 24.0)) - (day_of(now) - last).days
    if left > 0:
        return Tile(kind=kind, state="later", when="tomorrow" if left == 1 else "another-day")
    return _now_or_tomorrow(kind, now)


def _several_a_day(kind: Kind, cadence_h: float, today: Sequence[datetime], now: datetime) -> Tile:
    slots = _SLOTS[max(2, min(3, round(24.0 / cadence_h)))]
    slot = _slot(slots, now)
    if all(_slot(slots, t) != slot for t in today):
        return _now_or_tomorrow(kind, now)
    later = slots[slots.index(slot) + 1 :]
    if later and part_of(now) != slot:
        return Tile(kind=kind, state="later", when="evening" if later[0] == "evening" else "afternoon")
    return Tile(kind=kind, state="done")


def _slot(slots: Sequence[Part], local: datetime) -> Part:
    """The last one that has begun; the night belongs to the evening."""
    parts: tuple[Part, ...] = ("morning", "afternoon", "evening", "night")
    reached = parts.index(part_of(local))
    return [slot for slot in slots if parts.index(slot) <= reached][-1]


def _now_or_tomorrow(kind: Kind, now: datetime) -> Tile:
    """Nobody is sent out of bed."""
    return Tile(kind=kind, state="later", when="tomorrow") if part_of(now) == "night" else Tile(kind=kind, state="now")


def in_turn(tiles: Sequence[Tile], *, quiet: bool, part: Part) -> tuple[Tile, ...]:
    """One thing at a time: the first that is due is now, the others come next. In quiet hours all of them wait."""
    found: list[Tile] = []
    for one in tiles:
        if one.state == "now" and quiet:
            found.append(Tile(kind=one.kind, state="later", when="tomorrow" if part == "night" else part))
        elif one.state == "now" and any(t.state == "now" for t in found):
            found.append(Tile(kind=one.kind, state="next"))
        else:
            found.append(one)
    return tuple(found)


def standing(tiles: Sequence[Tile], *, quiet: bool) -> Moment:
    """What stands large while nothing has just happened."""
    if quiet:
        return Moment(what="night")
    now = next((t for t in tiles if t.state == "now"), None)
    if now is not None:
        return Moment(what="due", kind=now.kind)
    coming = [t.when for t in tiles if t.state == "later"]
    soonest: When = min(coming, key=_ORDER.index) if coming else ""
    if any(t.state == "done" for t in tiles):
        return Moment(what="done", next=soonest)
    return Moment(what="nothing" if coming else "free", next=soonest)
