"""The catalogue's sentence about bringing a model on the air, cut by what it is wanted for: to measure, or to pair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TO_PAIR: Final = "to pair, "
_CODE: Final = re.compile(r"\bcode\b")
_KEY: Final = re.compile(r"(?:the|its) ((?:[A-Z]\w+ |memory )?(?:key|button)(?: underneath)?)")


@dataclass(frozen=True, slots=True)
class Wake:
    """The words for one model."""

    use: str
    """To take a measurement: `Take a measurement.`"""
    pair: str
    """To be paired: `Hold START until Pr shows.` The same as `use` where pairing needs nothing else."""


def wake_words(wake: str) -> Wake:
    """Cut `Take a measurement; to pair, hold START until Pr shows.` in two. A device shows a code only to be paired."""
    clauses = wake.rstrip(".").split("; ")
    pair = [clause.removeprefix(_TO_PAIR) for clause in clauses if clause.startswith(_TO_PAIR)]
    use = [clause for clause in clauses if not clause.startswith(_TO_PAIR) and not _CODE.search(clause)]
    key = _KEY.search(use[0]) if use else None
    if key is not None:
        pair = [clause.replace("that key", f"the {key[1]}") for clause in pair]
    return Wake(_sentences(use or clauses), _sentences(pair or clauses))


def _sentences(clauses: list[str]) -> str:
    return " ".join(f"{clause[:1].upper()}{clause[1:]}." for clause in clauses if clause)
