"""What a letter says of each channel, and the rule for each word.

A pill is about what the ward's own rules made of the readings, never about a limit that this letter invents:

- *Too few to say*: good readings on fewer than 4 of 7 days. NICE NG136 (2019) wants home blood pressure from at least 4
  days, ideally 7; the same is asked here of every channel.
- *A bit up*, *A bit low*, *A bit different*: an alert about this channel was open on a day of the week. The alert's
  rule and version stand in the ward's record (docs/detectors.md names the source of each).
- *In your target*: enough days, and no such alert.
- *No target set*: Wardgate has no rule for the channel (temperature, pulse by belt), so nothing is claimed.

An amber pill always carries what happens next: a colour without an act invites doing nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_low
from typing import Final, Literal

from wardgate.contract.messages import Alert, Reading
from wardgate.faces.marks import kind_of
from wardgate.faces.scale import value_of
from wardgate.faces.words import number
from wardgate.ward.letter.record import Record, Span

Pill = Literal["target", "up", "low", "different", "few", "none"]
AMBER: Final = ("up", "low", "different")
ENOUGH_DAYS: Final = 4
_UNITS: Final = {"weight": ("weight", "kg", 1), "blood_pressure": ("systolic", "", 0), "saturation": ("spo2", "%", 0),
                 "temperature": ("temperature", "°C", 1), "heart_rate": ("heart_rate", "", 0)}  # fmt: skip
"""Each channel in a letter, in its order: first quantity, unit as it is printed, decimals."""
PICTURE: Final = {"weight": "scale", "blood_pressure": "cuff", "saturation": "oximeter", "temperature": "thermometer",
                  "heart_rate": "heart-belt"}  # fmt: skip
_RULED: Final = ("weight", "blood_pressure", "saturation")
_OF_KIND: Final[dict[str, tuple[str, Pill, str]]] = {
    "weight-gain": ("weight", "up", "weight-up"),
    "low-saturation": ("saturation", "low", "saturation-low"),
    "low-pressure": ("blood_pressure", "low", "blood-pressure-low"),
    "high-pressure": ("blood_pressure", "up", "blood-pressure-up"),
    "irregular-pulse": ("blood_pressure", "different", "pulse-different"),
    "pulse-change": ("blood_pressure", "different", "pulse-different"),
}


@dataclass(frozen=True, slots=True)
class Next:
    """What happens or has happened, as the record says: `rang-nurse` with its day, `seen`, `told`."""

    key: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a channel: the middle of its good readings."""

    span: Span
    value: str
    """Empty where there is none."""


@dataclass(frozen=True, slots=True)
class Told:
    """One channel of the letter."""

    channel: str
    pill: Pill
    sentence: str
    """The key of what is said."""
    next: Next | None
    battery: bool
    days: int
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that is told."""

    channels: tuple[Told, ...]
    together: Next | None
    """What happens next about an alert that is on no channel alone."""


def letter(record: Record) -> Letter:
    """What is told of a record."""
    good = [r for r in record.readings if kind_of(r) == "good"]
    channels = [c for c in _UNITS if any(r.channel == c for r in good)]
    loose = [a for a in record.alerts if a.kind not in _OF_KIND or _OF_KIND[a.kind][0] not in channels]
    return Letter(tuple(_told(record, good, c) for c in channels), _next(record, loose) if loose else None)


def _told(record: Record, good: Sequence[Reading], channel: str) -> Told:
    mine = [r for r in good if r.channel == channel]
    days = len({day for r in mine if record.week.has(day := record.day(r.time.taken))})
    alerts = [a for a in record.alerts if _OF_KIND.get(a.kind, ("",))[0] == channel]
    devices = {r.device.id for r in mine}
    pill, sentence = _pill(channel, days, alerts)
    return Told(
        channel,
        pill,
        sentence,
        _next(record, alerts) if alerts else None,
        bool(devices & record.low_batteries) and days < 7,
        days,
        tuple(Week(span, _middle(record, mine, channel, span)) for span in record.weeks),
    )


def _pill(channel: str, days: int, alerts: Sequence[Alert]) -> tuple[Pill, str]:
    if alerts:  # also with few readings: what the team was told is not hidden behind a count
        rank = ("high", "medium", "low")
        worst = min(alerts, key=lambda a: rank.index(a.priority))
        return _OF_KIND[worst.kind][1:]
    if days < ENOUGH_DAYS:
        return "few", "few"
    return ("target", "target") if channel in _RULED else ("none", "none")


def _next(record: Record, alerts: Sequence[Alert]) -> Next:
    ids = {a.id for a in alerts}
    calls = [c for c in record.calls if c.alert in ids]
    if calls:
        last = calls[-1]
        return Next(f"rang-{last.role}" if last.role in ("nurse", "doctor") else "rang", last.day)
    return Next("seen" if ids <= record.seen else "told")


def _middle(record: Record, mine: Sequence[Reading], channel: str, span: Span) -> str:
    quantity, unit, decimals = _UNITS[channel]
    in_week = [r for r in mine if span.has(record.day(r.time.taken))]
    values = sorted((v, r.id) for r in in_week if (v := value_of(r, quantity)) is not None)
    if not values:
        return ""
    value, name = median_low(values)
    said = number(value, decimals)
    if channel == "blood_pressure":
        lower = next((value_of(r, "diastolic") for r in in_week if r.id == name), None)
        said += "" if lower is None else f"/{number(lower, 0)}"
    return f"{said} {unit}".rstrip()
