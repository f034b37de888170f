"""Recorded weeks of readings, and the alerts that a person has reasoned out of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tests.support.watching import Channel, make_reading
from wardgate import config
from wardgate.contract.messages import Alert, Priority, Reading
from wardgate.watch.plan import make_plan
from wardgate.watch.replay import Replay
from wardgate.watch.rules import Rule, Setup, made

WEEKS: Final = Path(__file__).parent / "weeks"
BEGIN: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
HUB: Final = config.Hub(id="hub-1", patient="Copper Heron 93", assignment="assignment-1")
_QUANTITY: Final[dict[Channel, str]] = {"weight": "weight", "blood_pressure": "systolic", "saturation": "spo2"}


class Taken(Struct, frozen=True, array_like=True):
    """One reading: `[day, channel, value, remark]`. A remark makes it one that may not raise or clear anything."""

    day: float
    channel: Channel
    value: float
    remark: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """One message to the ward, with the reason why it is right."""

    day: float
    kind: str
    state: str
    priority: Priority
    rule: str
    why: str = ""


class Change(Struct, frozen=True, kw_only=True):
    """A declared change of what is expected."""

    rules: dict[str, int]
    """Rules with their versions before it."""
    why: str


class Week(Struct, frozen=True, kw_only=True):
    """One file."""

    title: str
    watch: config.Watch
    rules: dict[str, int]
    """The rules that look at it, with the versions for which `expected` was reasoned."""
    readings: tuple[Taken, ...]
    expected: tuple[Told, ...]
    changes: tuple[Change, ...] = ()


def load(path: Path) -> Week:
    """A week from its file."""
    return msgspec.json.decode(path.read_bytes(), type=Week)


def rule_set(week: Week) -> tuple[Rule, ...]:
    """Its rules as this version of the program makes them; each speaks for itself."""
    setup = Setup(make_plan(week.watch), week.watch)
    return tuple(alone(made(name, setup)) for name in week.rules)


def alone(rule: Rule) -> Rule:
    """The rule without its place in a plan, where it may have to wait for others."""
    return Rule(rule.name, rule.version, rule.kind, rule.channel, rule.worse_by, rule.priority, rule.start)


def told(week: Week) -> tuple[Told, ...]:
    """What this version of the program tells the ward of a week."""
    replay = Replay(HUB, rule_set(week))
    found: list[Told] = []
    for taken in week.readings:
        at = BEGIN + timedelta(days=taken.day)
        found += [_said(alert, taken.day) for alert in replay.take(_reading(taken, at), at)]
    return tuple(found)


def _reading(taken: Taken, at: datetime) -> Reading:
    remark = taken.remark
    return make_reading(
        taken.channel,
        at,
        backfill=remark == "from memory",
        unattributed=remark == "somebody else's",
        good=remark != "poor quality",
        test=remark == "test",
        **{_QUANTITY[taken.channel]: taken.value},
    )


def _said(alert: Alert, day: float) -> Told:
    return Told(day=day, kind=alert.kind, state=alert.state, priority=alert.priority, rule=alert.rule)
