"""One word of the ward laid on a configuration: what can be used of it, and a sentence for each thing that cannot.

A limit, a pathway or a device that this version of the program, or this hub, does not know takes nothing else along:
who sends it is refused, and who has kept it from before goes on with all the rest.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from wardgate.checked import did_you_mean
from wardgate.config import Alerts, Config
from wardgate.contract.commands import Configuration, Part
from wardgate.pathways.known import LIMITS
from wardgate.pathways.pathway import names, unknown

SHORTEST_CADENCE_H: Final = 0.25
LONGEST_CADENCE_H: Final = 24.0 * 31


def laid_over(
    config: Config, file: Config, word: Configuration, parts: frozenset[Part]
) -> tuple[Config, tuple[str, ...]]:
    """What comes of it; what a word takes back is as in the hub's own file again.

    Args:
        config: what has been said before.
        file: the hub's own file.
        word: what is said now.
        parts: of the word, those that count.
    """
    problems: list[str] = []
    watch = config.watch
    if "pathways" in parts:
        watch = msgspec.structs.replace(watch, pathways=_pathways(file, word.pathways, problems))
    if "limits" in parts:
        limits = _limits(word.limits or {}, problems)
        for section in ("weight", "saturation", "pressure"):
            watch = msgspec.structs.replace(watch, **{section: _section(file, section, limits)})
    changes: dict[str, object] = {"watch": watch}
    if "cadences" in parts:
        changes["device"] = _cadences(file, word.cadences or {}, problems)
    if "alerts" in parts:
        changes["alerts"] = file.alerts if word.alerts is None else Alerts(**msgspec.structs.asdict(word.alerts))
    return msgspec.structs.replace(config, **changes), tuple(problems)


def _pathways(file: Config, said: tuple[str, ...] | None, problems: list[str]) -> tuple[str, ...]:
    if said is None:
        return file.watch.pathways
    problems += [f"pathways: {unknown(name)}" for name in said if name not in names()]
    return tuple(name for name in said if name in names())


def _limits(said: dict[str, float], problems: list[str]) -> dict[str, float]:
    usable = {}
    for name, value in said.items():
        limit = LIMITS.get(name)
        if limit is None:
            problems.append(f"limits: `{name}` is no limit. {did_you_mean(name, LIMITS)}")
        elif not limit.least <= value <= limit.most:
            problems.append(f"limits: {name} has to be {limit.least:g} to {limit.most:g} {limit.unit}, not {value:g}.")
        else:
            usable[name] = value
    return usable


def _section(file: Config, section: str, limits: dict[str, float]) -> Struct:
    mine = {name: value for name, value in limits.items() if LIMITS[name].section == section}
    own: Struct = getattr(file.watch, section)
    return msgspec.structs.replace(own, **mine)


def _cadences(file: Config, said: dict[str, float], problems: list[str]) -> tuple[Struct, ...]:
    known = [device.id for device in file.device]
    usable = {}
    for name, hours in said.items():
        if name not in known:
            problems.append(f"cadences: `{name}` is no device here. {did_you_mean(name, known)}")
        elif not SHORTEST_CADENCE_H <= hours <= LONGEST_CADENCE_H:
            span = f"{SHORTEST_CADENCE_H:g} to {LONGEST_CADENCE_H:g} hours"
            problems.append(f"cadences: {name} has to be {span}, not {hours:g}.")
        else:
            usable[name] = hours
    return tuple(
        msgspec.structs.replace(device, cadence_h=usable.get(device.id, device.cadence_h)) for device in file.device
    )
