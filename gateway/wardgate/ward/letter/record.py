"""What the ward's record says of one patient's three weeks; nothing in a letter comes from anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from wardgate.contract.messages import TIME_UNKNOWN, Alert, Event, Reading
from wardgate.ward import seen
from wardgate.ward.database import Transaction

WEEKS: Final = 3
DAYS: Final = 7


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A patient's letters, as the ward has enabled them. No name, no address."""

    ward: str
    phone: str
    hours: str
    language: str = "en"
    large: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days of the home, both ends counted."""

    first: date
    last: date

    def has(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody at the ward rang the patient, and noted it."""

    alert: str
    role: str
    day: date


@dataclass(frozen=True, slots=True)
class Record:
    """All that a letter is made of."""

    patient: str
    zone: ZoneInfo
    weeks: tuple[Span, ...]
    """The oldest first; the last one is the letter's."""
    readings: tuple[Reading, ...]
    """This patient's, oldest first, with a time that is known."""
    alerts: tuple[Alert, ...]
    """Open on a day of the letter's week."""
    seen: frozenset[str]
    """The ids of those alerts that somebody at the ward has seen."""
    calls: tuple[Call, ...]
    low_batteries: frozenset[str]
    """Devices that said so in the letter's week."""

    @property
    def week(self) -> Span:
        """The letter's own."""
        return self.weeks[-1]

    def day(self, at: datetime) -> date:
        """The day it was at home."""
        return at.astimezone(self.zone).date()


class _Whose(msgspec.Struct):
    patient: str | None = None
    hub: str = ""


def spans(last: date) -> tuple[Span, ...]:
    """The week that ends on a day, and those before it, the oldest first."""
    ends = [last - timedelta(days=DAYS * back) for back in reversed(range(WEEKS))]
    return tuple(Span(end - timedelta(days=DAYS - 1), end) for end in ends)


async def record(tx: Transaction, patient: str, last: date, zone: ZoneInfo) -> Record:
    """Everything of the week that ends on `last`, and the two before it."""
    weeks = spans(last)
    begin = datetime.combine(weeks[0].first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    readings = await _readings(tx, patient, begin, end)
    week_begins = datetime.combine(weeks[-1].first, time(), zone)
    alerts = [
        a for a in await _alerts(tx, patient) if a.raised < end and (a.state != "resolved" or a.changed >= week_begins)
    ]
    looked = [a.id for a in alerts if a.acknowledged_at or await seen.history(tx, a.hub, a.id)]
    calls = await tx.rows(
        "SELECT alert, role, at_s FROM calls WHERE patient = $1 AND at_s >= $2 AND at_s < $3 ORDER BY at_s",
        patient,
        week_begins.timestamp(),
        end.timestamp(),
    )
    hubs = {r.hub for r in readings}
    return Record(
        patient,
        zone,
        weeks,
        tuple(readings),
        tuple(alerts),
        frozenset(looked),
        tuple(Call(a, role, datetime.fromtimestamp(at_s, UTC).astimezone(zone).date()) for a, role, at_s in calls),
        frozenset(await _low_batteries(tx, hubs, week_begins, end)),
    )


async def _readings(tx: Transaction, patient: str, begin: datetime, end: datetime) -> list[Reading]:
    rows = await tx.rows(
        "SELECT payload FROM newest_readings WHERE taken_s >= $1 AND taken_s < $2 ORDER BY taken_s",
        begin.timestamp(),
        end.timestamp(),
    )
    mine = (payload for (payload,) in rows if msgspec.json.decode(payload, type=_Whose).patient == patient)
    found = (msgspec.json.decode(payload, type=Reading) for payload in mine)
    return [r for r in found if TIME_UNKNOWN not in r.quality.flags]


async def _alerts(tx: Transaction, patient: str) -> list[Alert]:
    rows = await tx.rows(
        "SELECT payload FROM alerts AS a WHERE revision = "
        "(SELECT max(revision) FROM alerts WHERE hub = a.hub AND id = a.id)"
    )
    mine = (payload for (payload,) in rows if msgspec.json.decode(payload, type=_Whose).patient == patient)
    return sorted((msgspec.json.decode(payload, type=Alert) for payload in mine), key=lambda a: a.raised)


async def _low_batteries(tx: Transaction, hubs: set[str], begin: datetime, end: datetime) -> Sequence[str]:
    found = []
    for hub in sorted(hubs):
        for (payload,) in await tx.rows("SELECT payload FROM events WHERE hub = $1 AND code = 'battery-low'", hub):
            event = msgspec.json.decode(payload, type=Event)
            if event.device and begin <= event.at < end:
                found.append(event.device)
    return found


async def settings_of(tx: Transaction, patient: str) -> Settings | None:
    """How a patient's letters are made; None while the ward has not enabled them."""
    rows = await tx.rows("SELECT settings FROM letters WHERE patient = $1", patient)
    return msgspec.json.decode(rows[0][0], type=Settings) if rows else None


async def enabled(tx: Transaction) -> list[str]:
    """The patients who may get letters."""
    return [patient for (patient,) in await tx.rows("SELECT patient FROM letters ORDER BY patient")]


async def enable(tx: Transaction, patient: str, settings: Settings) -> None:
    """From now on this patient may get letters."""
    await tx.change(
        "INSERT INTO letters VALUES ($1, $2) ON CONFLICT (patient) DO UPDATE SET settings = excluded.settings",
        patient,
        msgspec.json.encode(settings).decode(),
    )


async def disable(tx: Transaction, patient: str) -> bool:
    """No more letters. Whether there were any."""
    return bool(await tx.change("DELETE FROM letters WHERE patient = $1", patient))
