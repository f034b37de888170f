"""The plan of one patient: the pathways and the configuration put together, and said in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wardgate.config import Device, Watch
from wardgate.pathways.combine import (
    CONFIGURATION,
    DEFAULT,
    Asked,
    Setting,
    StandIn,
    channels,
    serves,
    settings,
    stand_ins,
)
from wardgate.pathways.known import ABOVE_TARGET_LOW_PCT, LIMITS, RULES
from wardgate.pathways.pathway import Pathway, pathway
from wardgate_drivers.model.lookup import by_id

DEFAULT_CADENCE_H: Final = 24.0
"""Without pathways every device is waited for daily."""
_CHANNEL: Final = {
    "weight": "Weight",
    "blood_pressure": "Blood pressure",
    "saturation": "Oxygen saturation",
    "temperature": "Temperature",
    "heart_rate": "Heart rate",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, how often, and when the ward is told."""

    pathways: tuple[Pathway, ...]
    asked: dict[str, Asked]
    settings: dict[str, Setting]
    rules: dict[str, tuple[str, ...]]
    """The rules that tell the ward, each with the ids of the pathways it serves."""
    stand_ins: dict[str, StandIn]
    """Rules that speak only while another cannot judge."""
    conditions: frozenset[str]
    reminds: bool
    """Whether a missing reading is told of."""

    def limit(self, name: str) -> float:
        """A limit as it holds for this patient."""
        return self.settings[name].value

    def cadence_h(self, device: Device, channel: str) -> float | None:
        """How often a device is waited for; None: it brings what it brings. Its own setting wins."""
        if device.cadence_h is not None:
            return device.cadence_h
        if not self.pathways:
            return DEFAULT_CADENCE_H
        asked = self.asked.get(channel)
        return None if asked is None else asked.cadence_h


def make_plan(watch: Watch) -> Plan:
    """The plan of a checked configuration."""
    pathways = tuple(pathway(name) for name in dict.fromkeys(watch.pathways))
    given = watch.given()
    limits = settings(pathways, given)
    return Plan(
        pathways=pathways,
        asked=channels(pathways),
        settings=limits,
        rules={
            rule: ids
            for rule, ids in serves(pathways, watch.agreed, given).items()
            if limits["target_low_pct"].value > ABOVE_TARGET_LOW_PCT.get(rule, 0.0)
        },
        stand_ins=stand_ins(pathways, given),
        conditions=frozenset(watch.conditions).union(*(p.conditions for p in pathways)),
        reminds=not any(p.softens for p in pathways),
    )


def in_words(plan: Plan, devices: Iterable[Device]) -> list[str]:
    """The plan as a person reads it."""
    lines = [f"{p.title} ({p.name}): {p.purpose}" for p in plan.pathways]
    lines = lines or ["No pathway is configured: every device is waited for daily, and all rules run."]
    return [*lines, "", "Measured:", *_measured(plan, tuple(devices)), "", "The ward is told by:", *_rules(plan)]


def _measured(plan: Plan, devices: tuple[Device, ...]) -> list[str]:
    by_channel: dict[str, list[Device]] = {}
    for device in devices:
        model = by_id(device.model)
        for channel in model.channels if model is not None else ():
            by_channel.setdefault(channel.value, []).append(device)
    lines = [
        _channel(plan, name, by_channel.get(name, [])) for name in _CHANNEL if {name} & (plan.asked.keys() | by_channel)
    ]
    if not plan.reminds:
        lines.append("Nobody is reminded of a measurement.")
    return [f"  {line}" for line in lines or ["nothing"]]


def _channel(plan: Plan, name: str, devices: list[Device]) -> str:
    asked = plan.asked.get(name)
    cadences = [h for d in devices if (h := plan.cadence_h(d, name)) is not None]
    hours = min(cadences) if cadences else asked.cadence_h if asked is not None else None
    own = any(d.cadence_h is not None for d in devices)
    source = CONFIGURATION if own else asked.source if asked is not None else DEFAULT
    often = "when it is wanted" if hours is None else f"{_every(hours)} ({source})"
    with_what = f" with {', '.join(d.id for d in devices)}" if devices else "; no device for it is configured"
    how = f". {asked.how}" if asked is not None and asked.how else ""
    return f"{_CHANNEL[name]}: {often}{with_what}{how}"


def _rules(plan: Plan) -> list[str]:
    lines = []
    for rule, ids in plan.rules.items():
        limits = ", ".join(_limit(plan.settings[name]) for name in RULES[rule])
        served = f" for {_and(ids)}" if ids else ""
        stands = plan.stand_ins.get(rule)
        instead = _instead(stands) if stands is not None and stands.rule in plan.rules else ""
        lines.append(f"  {rule}{served}{instead}{': ' if limits else ''}{limits}")
    if not plan.rules:
        lines.append("  nothing: no alarm has been agreed")
    return lines


def _and(ids: tuple[str, ...]) -> str:
    return " and ".join(part for part in (", ".join(ids[:-1]), ids[-1]) if part)


def _instead(stands: StandIn) -> str:
    far = "" if stands.speaks_from is None else f", or from {stands.speaks_from:g} beyond the limit"
    return f", only while {stands.rule} cannot judge{far}"


def _limit(setting: Setting) -> str:
    unit = LIMITS[setting.name].unit
    others = "; ".join(f"{source} says {value:g}" for source, value in setting.instead_of)
    return f"{setting.name} {setting.value:g} {unit} ({setting.source}{f'; {others}' if others else ''})"


def _every(hours: float) -> str:
    days = hours / 24.0
    if hours == 24.0:
        return "every day"
    if hours == 168.0:
        return "every week"
    if hours == 1.0:
        return "every hour"
    return f"every {days:g} days" if hours > 24.0 and days.is_integer() else f"every {hours:g} hours"
