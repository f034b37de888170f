"""TOML into types: an unknown key is refused with the nearest known one, and every problem is named at once."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T", bound=Struct)


class Unusable(ValueError):
    """What was read cannot be used. `problems` holds one sentence for each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


def converted(raw: dict[str, Any], to: type[T]) -> T:
    """The tables of a TOML file as a type.

    Raises:
        Unusable: a key is unknown or missing, or a value is none of its kind.
    """
    problems = unknown_keys(raw, to, "")
    if problems:
        raise Unusable(problems)
    try:
        return msgspec.convert(raw, to)
    except msgspec.ValidationError as error:
        raise Unusable([_plain(error)]) from error


def did_you_mean(word: str, known: Iterable[str], *, alike: float = 0.5) -> str:
    """The nearest known word as a question, or all of them."""
    all_known = list(known)
    near = difflib.get_close_matches(word, all_known, n=1, cutoff=alike)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(all_known)}."


def struct_of(hint: Any) -> type[Struct] | None:
    """The section type behind a field's type, whether it stands alone, in a tuple or beside None."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    if typing.get_origin(hint) in (tuple, typing.Union, types.UnionType, Annotated):
        return next((s for s in map(struct_of, typing.get_args(hint)) if s), None)
    return None


def unknown_keys(raw: object, section: type[Struct], place: str) -> list[str]:
    """One sentence for each key that a section does not have."""
    if isinstance(raw, list):
        return [p for i, item in enumerate(raw) for p in unknown_keys(item, section, f"{place}[{i}]")]
    if not isinstance(raw, dict):
        return []
    hints = typing.get_type_hints(section, include_extras=True)
    problems = []
    for key, value in raw.items():
        here = f"{place}.{key}" if place else key
        if key not in hints:
            problems.append(f"{here} is not known. {did_you_mean(key, hints)}")
        elif inner := struct_of(hints[key]):
            problems += unknown_keys(value, inner, here)
    return problems


def known_alone(raw: dict[str, Any], section: type[Struct]) -> dict[str, Any]:
    """Without the keys that a section, or one in it, does not have."""
    hints = typing.get_type_hints(section, include_extras=True)
    found = {key: value for key, value in raw.items() if key in hints}
    for key, value in found.items():
        inner = struct_of(hints[key])
        if inner is not None and isinstance(value, dict):
            found[key] = known_alone(value, inner)
    return found


def _plain(error: msgspec.ValidationError) -> str:
    """msgspec's words, with the place first: `Expected ... - at `$.hub.id`` becomes `hub.id: expected ...`."""
    what, _, where = str(error).partition(" - at `$")
    place = where.rstrip("`").lstrip(".") or "the file"
    missing = re.fullmatch(r"Object missing required field `(\w+)`", what)
    if missing:
        prefix = f"{place}." if where.strip("`") else ""
        return f"{prefix}{missing[1]} is missing."
    return f"{place}: {what[0].lower()}{what[1:]}."
