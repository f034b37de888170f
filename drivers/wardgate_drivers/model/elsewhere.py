"""Models from other installed packages, by the entry point group `wardgate.models`.

Another package's mistake costs its own models and no others: what cannot be used is left out, and said in `problems`.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from wardgate_drivers.model.declaration import Model

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from wardgate_drivers.evidence import Evidence
    from wardgate_drivers.vector_fields.common import Decoder

log: Final = logging.getLogger(__name__)

GROUP: Final = "wardgate.models"
ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What an entry point of the group names."""

    models: tuple[Model, ...]
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """By model id."""
    decoders: Mapping[str, Decoder] = field(default_factory=dict)
    """By the name that vectors give them: for `wardgate devices check`."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Everything that other packages offer and that can be used."""

    models: tuple[Model, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    decoders: Mapping[str, Decoder] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """What was left out, and why."""


def gathered(taken: frozenset[str], entry_points: tuple[EntryPoint, ...]) -> Elsewhere:
    """Load these entry points. `taken` are the ids that the catalogue has itself."""
    models: list[Model] = []
    evidence: dict[str, Evidence] = {}
    decoders: dict[str, Decoder] = {}
    problems: list[str] = []
    ids = set(taken)
    for entry in entry_points:
        try:
            offer = entry.load()
        except Exception as error:
            # Whatever another package does when it is imported, the hub's own models go on.
            log.exception("entry point %s cannot be loaded", entry.value)
            problems.append(f"{entry.value} cannot be loaded: {type(error).__name__}: {error}")
            continue
        unusable = _unusable(offer)
        if unusable:
            problems.append(f"{entry.value}{unusable}")
            continue
        for model in offer.models:
            wrong = _wrong(model, ids)
            if wrong:
                problems.append(f"{entry.value}: {wrong}")
                continue
            ids.add(model.id)
            models.append(model)
        evidence |= offer.evidence
        decoders |= offer.decoders
    return Elsewhere(tuple(models), evidence, decoders, tuple(problems))


def _unusable(offer: object) -> str:
    """What is wrong with the whole of it: another package's author forgets a comma, and the hub goes on."""
    if not isinstance(offer, Offer):
        return " is no wardgate_drivers.model.elsewhere.Offer"
    wanted: tuple[tuple[object, type, str], ...] = (
        (offer.models, Collection, "its models are no tuple"),
        (offer.evidence, Mapping, "its evidence is no mapping"),
        (offer.decoders, Mapping, "its decoders are no mapping"),
    )
    return next((f": {wrong}" for held, kind, wrong in wanted if not isinstance(held, kind)), "")


def _wrong(model: object, ids: set[str]) -> str:
    if not isinstance(model, Model):
        return f"{model!r} is no Model"
    if not ID.fullmatch(model.id):
        return f"`{model.id}` is no id: lower case letters, digits and hyphens"
    if model.id in ids:
        return f"there is a model `{model.id}` already"
    return ""


@functools.cache
def elsewhere(taken: frozenset[str]) -> Elsewhere:
    """What is installed; looked for once in a process."""
    found = gathered(taken, tuple(_entry_points()))
    for problem in found.problems:
        log.warning("a model was left out: %s", problem)
    return found


def _entry_points() -> Iterator[EntryPoint]:
    # Costs some ten milliseconds, so not at import.
    from importlib.metadata import entry_points

    yield from sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
