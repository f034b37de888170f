"""A pathway: what is measured, how often, which rules look at it, and where that comes from.

The pathways are TOML files beside this module. A change of one raises its `version`; alerts and plans name it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from wardgate.checked import Unusable, converted, did_you_mean
from wardgate.pathways.known import CONDITIONS, rule_problems

Channel = Literal["weight", "blood_pressure", "saturation", "temperature", "heart_rate"]
Text = Annotated[str, Meta(min_length=1)]
ORDER: Final = ("heart-failure", "copd", "pneumonia", "covid-oximetry", "hypertension", "frailty", "comfort")


class PathwayError(ValueError):
    """A pathway's file cannot be used. `problems` holds one sentence for each thing to mend."""

    def __init__(self, name: str, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {p}" for p in problems)
        super().__init__(f"The pathway {name} cannot be used:\n{lines}")


class Measured(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One channel that the pathway wants."""

    name: Channel
    cadence_h: Annotated[float, Meta(gt=0, le=24 * 31)] | None = None
    """A reading is expected every so many hours; without it, when it is wanted."""
    how: str = ""
    """What the patient is told about it."""


class RuleUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule that looks at the readings."""

    name: str
    limits: dict[str, float] = field(default_factory=dict)
    """Where they differ from the rule's own."""
    stands_in_for: str | None = None
    """It tells nobody while this other rule can judge: few alerts, and no patient unwatched."""
    speaks_from: Annotated[float, Meta(gt=0)] | None = None
    """So far beyond its limit (in the unit of its severity) it speaks all the same."""
    source: Text


class Pathway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a patient is monitored for."""

    id: Text
    version: Annotated[int, Meta(ge=1)]
    title: Text
    purpose: Text
    sources: Annotated[tuple[str, ...], Meta(min_length=1)]
    conditions: tuple[str, ...] = ()
    """What it tells the joint monitor about the patient."""
    softens: bool = False
    """Comfort before numbers: its channels and cadences replace all others, nobody is reminded, and a rule tells the
    ward only when that was agreed."""
    channel: tuple[Measured, ...] = ()
    rule: tuple[RuleUse, ...] = ()

    @property
    def name(self) -> str:
        """With its version."""
        return f"{self.id} {self.version}"


def read(name: str, text: str) -> Pathway:
    """A pathway out of the text of its file; `name` is the file's, without `.toml`.

    Raises:
        PathwayError: it is no TOML, or says something that cannot be.
    """
    try:
        pathway = converted(tomllib.loads(text), Pathway)
    except tomllib.TOMLDecodeError as error:
        raise PathwayError(name, [f"It is no TOML: {error}."]) from error
    except Unusable as error:
        raise PathwayError(name, error.problems) from error
    problems = _problems(name, pathway)
    if problems:
        raise PathwayError(name, problems)
    return pathway


def names() -> tuple[str, ...]:
    """The ids of all pathways."""
    return ORDER


@cache
def pathway(name: str) -> Pathway:
    """One of the pathways that come with this version.

    Raises:
        KeyError: there is none of that id; `unknown` says it in words.
        PathwayError: its file cannot be used.
    """
    if name not in ORDER:
        raise KeyError(name)
    return read(name, resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def unknown(name: str) -> str:
    """That there is no such pathway, with the nearest there is."""
    return f"there is no pathway `{name}`. {did_you_mean(name, ORDER, alike=0.4)}"


def _problems(name: str, pathway: Pathway) -> list[str]:
    problems = [] if pathway.id == name else [f"id: the file is called {name}, the pathway `{pathway.id}`."]
    problems += [
        f"conditions: `{condition}` is not known. {did_you_mean(condition, CONDITIONS)}"
        for condition in pathway.conditions
        if condition not in CONDITIONS
    ]
    stated: dict[str, list[str]] = {
        "channel": [c.name for c in pathway.channel],
        "rule": [r.name for r in pathway.rule],
    }
    for what, found in stated.items():
        problems += [f"{what}: `{one}` stands there twice." for one in sorted({x for x in found if found.count(x) > 1})]
    for rule in pathway.rule:
        if rule.stands_in_for is not None and rule.stands_in_for not in [r.name for r in pathway.rule]:
            problems.append(f"rule {rule.name}: `{rule.stands_in_for}` is no rule of this pathway.")
        problems += [f"rule {rule.name}: {problem}" for problem in rule_problems(rule.name, rule.limits)]
    return problems
