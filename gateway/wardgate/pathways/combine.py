"""Several pathways in one patient are one: the tighter limit, the narrower target, the shorter cadence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wardgate.pathways.known import LIMITS, RULES, TARGET, WITHOUT_PATHWAYS
from wardgate.pathways.pathway import Pathway, RuleUse

CONFIGURATION: Final = "configuration"
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A limit as it holds for this patient, and who says so."""

    name: str
    value: float
    source: str
    """`configuration`, `default`, or a pathway with its version."""
    instead_of: tuple[tuple[str, float], ...] = ()
    """What was not taken: (source, value)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A channel that is measured, how often, and for which pathways."""

    channel: str
    cadence_h: float | None
    """None: when it is wanted."""
    source: str
    serves: tuple[str, ...]
    how: str = ""


def settings(pathways: Sequence[Pathway], given: Mapping[str, float]) -> dict[str, Setting]:
    """Every limit by its name. What is given wins over every pathway, and a pathway over the default."""
    found = {}
    for name, limit in LIMITS.items():
        offers = _offers(pathways, name)
        best = max(offers, key=lambda o: o[1] if limit.tighter == "higher" else -o[1], default=(DEFAULT, limit.default))
        found[name] = _setting(name, best, offers, given)
    ranges = _ranges(pathways)
    if ranges:
        # Of two ranges equally narrow the lower one is taken: 88 to 92 % is prescribed because more does harm.
        source, low, high = min(ranges, key=lambda r: (r[2] - r[1], r[2]))
        for name, value in zip(TARGET, (low, high), strict=True):
            found[name] = _setting(name, (source, value), _offers(pathways, name), given)
    return found


def channels(pathways: Sequence[Pathway]) -> dict[str, Asked]:
    """Every channel that is asked for, once. Where a pathway softens, its channels alone."""
    speaking = [p for p in pathways if p.softens] or list(pathways)
    found: dict[str, Asked] = {}
    for pathway in speaking:
        for wanted in pathway.channel:
            new = Asked(wanted.name, wanted.cadence_h, pathway.name, (pathway.id,), wanted.how)
            old = found.get(wanted.name)
            found[wanted.name] = new if old is None else _shorter(old, new)
    return found


def serves(pathways: Sequence[Pathway], agreed: Iterable[str], given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Every rule that tells the ward, with the ids of the pathways it serves.

    Without pathways the usual ones do. A limit in the configuration that no rule of theirs has turns on the rule that
    has it: the ward has asked for it. Where a pathway softens, only what was agreed by name tells anybody.
    """
    if not pathways:
        return dict.fromkeys(WITHOUT_PATHWAYS, ())
    wanted = {rule: tuple(p.id for p in pathways if any(r.name == rule for r in p.rule)) for rule in RULES}
    softening = tuple(p.id for p in pathways if p.softens)
    if softening:
        named = set(agreed)
        return {rule: (*wanted[rule], *softening) for rule in RULES if rule in named}
    used = {limit for rule, ids in wanted.items() if ids for limit in RULES[rule]}
    asked_for = {next(rule for rule, names in RULES.items() if limit in names) for limit in given if limit not in used}
    return {rule: ids for rule, ids in wanted.items() if ids or rule in asked_for}


@dataclass(frozen=True, slots=True)
class StandIn:
    """In whose place a rule speaks, and how far beyond its limit it speaks all the same."""

    rule: str
    speaks_from: float | None


def stand_ins(pathways: Sequence[Pathway], given: Iterable[str]) -> dict[str, StandIn]:
    """Every rule that speaks only while another cannot judge.

    A pathway that wants the rule to speak for itself wins, and so does a limit that the ward has set.
    """
    limits = set(given)
    found: dict[str, list[RuleUse]] = {}
    for pathway in pathways:
        for rule in pathway.rule:
            found.setdefault(rule.name, []).append(rule)
    return {
        name: StandIn(uses[0].stands_in_for, min((u.speaks_from for u in uses if u.speaks_from), default=None))
        for name, uses in found.items()
        if uses[0].stands_in_for is not None
        and len({use.stands_in_for for use in uses}) == 1
        and not limits & set(RULES[name])
    }


def _offers(pathways: Sequence[Pathway], name: str) -> list[tuple[str, float]]:
    return [(p.name, rule.limits[name]) for p in pathways for rule in p.rule if name in rule.limits]


def _ranges(pathways: Sequence[Pathway]) -> list[tuple[str, float, float]]:
    low, high = TARGET
    return [
        (p.name, rule.limits.get(low, LIMITS[low].default), rule.limits.get(high, LIMITS[high].default))
        for p in pathways
        for rule in p.rule
        if low in rule.limits or high in rule.limits
    ]


def _setting(
    name: str, best: tuple[str, float], offers: list[tuple[str, float]], given: Mapping[str, float]
) -> Setting:
    chosen = (CONFIGURATION, given[name]) if name in given else best
    others = tuple(offer for offer in dict.fromkeys(offers) if offer[1] != chosen[1])
    return Setting(name, chosen[1], chosen[0], others)


def _shorter(old: Asked, new: Asked) -> Asked:
    hours = [asked.cadence_h or float("inf") for asked in (old, new)]
    first = old if hours[0] <= hours[1] else new
    return Asked(old.channel, first.cadence_h, first.source, (*old.serves, *new.serves), first.how)
