"""From a ward's database to what a chart takes: readings of one home and one assignment, with what holds beside them.

The ward does not have the hub's settings. What was usual and where the limit stood is taken from the alerts themselves,
which name every number that went into them; without an alert the usual is the middle of a month outside of episodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

import msgspec

from wardgate.contract.messages import TIME_UNKNOWN, Alert, Reading
from wardgate.control.messages import Limit, Series
from wardgate.faces.marks import kind_of
from wardgate.faces.scale import PANELS, value_of
from wardgate.ward.database import Transaction

MOST: Final = 20_000
"""Readings of one channel of a home in one look, the newest: two months of nights with an oximeter, one a minute, or
more. Each channel has its own, so that a busy one takes no other off its chart."""
QUANTITY: Final = {p.channels[0]: p.quantity for p in PANELS if len(p.channels) == 1} | {"heart_rate": "heart_rate"}
"""What a channel's chart is about."""
CHANNEL_OF_KIND: Final = {
    "weight-gain": "weight",
    "low-saturation": "saturation",
    "low-pressure": "blood_pressure",
    "high-pressure": "blood_pressure",
}
"""On whose chart an alert is flagged. What is about all channels together is told above the charts alone."""
_USUAL_INPUTS: Final = {"weight": "usual_kg", "saturation": "usual_pct", "blood_pressure": "usual_mmhg"}
_MONTH: Final = timedelta(days=30)
_ENOUGH: Final = 7
"""Readings before the middle of them is called usual."""
_AFTER: Final = timedelta(days=1)
"""An episode's readings end a day after its alert is over."""


@dataclass(frozen=True, slots=True)
class Home:
    """What is known of one patient's home over a span."""

    hub: str
    patient: str
    assignment: str
    since: datetime
    now: datetime
    readings: tuple[Reading, ...]
    """Of this assignment, with a time that is known, oldest first; a month back for the usual."""
    undated: tuple[Reading, ...]
    alerts: tuple[Alert, ...]
    """The last revision of each that was raised in the span or is open, oldest first."""


async def home(tx: Transaction, hub: str, assignment: str | None, days: int, now: datetime) -> Home | None:
    """A home over the last `days`, of the newest assignment when none is named; None when nothing is known of it."""
    since = now - timedelta(days=days)
    back_s = (now - max(timedelta(days=days), _MONTH)).timestamp()
    rows = await tx.rows(
        "SELECT payload FROM (SELECT payload, taken_s, row_number() OVER (PARTITION BY channel ORDER BY taken_s DESC) "
        "AS n FROM newest_readings WHERE hub = $1 AND taken_s >= $2) AS found WHERE n <= $3 ORDER BY taken_s DESC",
        hub,
        back_s,
        MOST,
    )
    found = [msgspec.json.decode(payload, type=Reading) for (payload,) in rows]
    alerts = await newest_alerts(tx, hub)
    if assignment is None:
        assignment = next((r.assignment for r in found), None) or (alerts[-1].assignment if alerts else None)
    if assignment is None and not await tx.rows("SELECT 1 FROM hubs WHERE hub = $1", hub):
        return None
    mine = [r for r in reversed(found) if r.assignment == assignment]
    told = [a for a in alerts if a.assignment == assignment]
    patient = next((r.patient for r in reversed(mine) if r.patient), None) or (told[-1].patient if told else "")
    return Home(
        hub,
        patient,
        assignment or "",
        since,
        now,
        tuple(r for r in mine if TIME_UNKNOWN not in r.quality.flags and r.time.taken <= now),
        tuple(r for r in mine if TIME_UNKNOWN in r.quality.flags),
        tuple(a for a in told if a.raised >= since or a.state != "resolved"),
    )


async def newest_alerts(tx: Transaction, hub: str) -> list[Alert]:
    """The last revision of each alert of a hub, open or over, oldest first."""
    rows = await tx.rows(
        "SELECT payload FROM alerts AS a WHERE hub = $1 AND revision = "
        "(SELECT max(revision) FROM alerts WHERE hub = a.hub AND id = a.id)",
        hub,
    )
    return sorted((msgspec.json.decode(payload, type=Alert) for (payload,) in rows), key=lambda a: a.raised)


def series_of(home: Home, channel: str) -> Series:
    """One channel of a home, on the span that all its charts share."""
    alerts = tuple(a for a in home.alerts if CHANNEL_OF_KIND.get(a.kind) == channel)
    inputs = alerts[-1].inputs if alerts else {}
    usual = usual_of(home, channel, alerts)
    low, high = _number(inputs, "target_low_pct"), _number(inputs, "target_high_pct")
    return Series(
        channel=channel,
        since=home.since,
        now=home.now,
        readings=tuple(r for r in home.readings if r.channel == channel and r.time.taken >= home.since),
        usual=usual,
        limits=tuple(_limits(channel, alerts)),
        target_low=low if high is not None else None,
        target_high=high if low is not None else None,
        cadence_s=cadence_s(home, channel),
        alerts=alerts,
    )


def usual_of(home: Home, channel: str, alerts: Sequence[Alert]) -> float | None:
    """The patient's own level: the hub's word in the last alert, else the middle of a month outside of episodes."""
    for alert in reversed(alerts):
        said = _number(alert.inputs, _USUAL_INPUTS.get(channel, "usual"))
        said = _number(alert.inputs, "usual") if said is None else said
        if said is not None:
            return round(said, 1)
    quantity = QUANTITY.get(channel)
    if quantity is None:
        return None
    spans = [(a.raised - _AFTER, a.changed + _AFTER if a.state == "resolved" else home.now) for a in alerts]
    values = [
        value
        for r in home.readings
        if r.channel == channel and kind_of(r) == "good" and r.time.taken >= home.now - _MONTH
        if not any(begin <= r.time.taken <= end for begin, end in spans)
        if (value := value_of(r, quantity)) is not None
    ]
    return round(median(values), 1) if len(values) >= _ENOUGH else None


def cadence_s(home: Home, channel: str) -> float | None:
    """How far apart this home's readings of a channel usually are, in whole days or its parts; None when too few."""
    times = [r.time.taken for r in home.readings if r.channel == channel and kind_of(r) in ("good", "doubtful")]
    if len(times) < _ENOUGH:
        return None
    apart = median((b - a).total_seconds() for a, b in pairwise(times))
    return next((s for s in (21600.0, 43200.0, 86400.0) if apart <= 1.25 * s), 2 * 86400.0)


def _limits(channel: str, alerts: Sequence[Alert]) -> list[Limit]:
    """Each limit from the day on which an alert named it; the same value twice is one line."""
    found: list[Limit] = []
    for alert in alerts:
        value = _limit(channel, alert)
        if value is not None and (not found or found[-1].value != value):
            found.append(Limit(quantity=QUANTITY[channel], value=value, since=alert.raised))
    return found


def _limit(channel: str, alert: Alert) -> float | None:
    said = alert.inputs
    if channel == "weight":
        before, gain = _number(said, "from_kg"), _number(said, "limit_kg")
        return None if before is None or gain is None else round(before + gain, 2)
    names = {"saturation": ("very_low_pct", "help_pct"), "blood_pressure": ("limit_mmhg",)}.get(channel, ())
    return next((v for name in names if (v := _number(said, name)) is not None), None)


def _number(inputs: dict[str, float | str | None], name: str) -> float | None:
    value = inputs.get(name)
    return float(value) if isinstance(value, int | float) else None


def not_used(home: Home) -> list[Reading]:
    """What raised and cleared nothing in the span, and whose time nobody knows; the newest first."""
    odd = [r for r in home.readings if r.time.taken >= home.since and kind_of(r) != "good"]
    return [*home.undated, *reversed(odd)]
