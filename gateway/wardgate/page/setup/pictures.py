"""What to press now: the catalogue's sentence about a model, cut to the moment, with what is pressed made strong.

The pictures beside it are macros in `templates/setup/pictures.html`: own drawings, an object and the part of the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TO_PAIR: Final = "to pair, "
_KEY: Final = re.compile(r"(?:the|its) ((?:[A-Z]\w+ |memory )?(?:key|button)(?: underneath)?)")
_STRONG: Final = re.compile(
    r"(?:\b(?:Bluetooth |memory )?(?:key|button)(?: underneath)?\b|\bbatteries\b|\bSTART\b|-P-|\bPr?\b)"
)
"""What a hand or an eye has to find on the device."""


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a sentence."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Wake:
    """The catalogue's words for one model, by what they are wanted for."""

    use: str
    """To take a measurement: `Take a measurement.`"""
    pair: str
    """To be paired: `Hold START until Pr shows.` The same as `use` where pairing needs nothing else."""


def wake_words(wake: str) -> Wake:
    """Cut `Take a measurement; to pair, hold START until Pr shows.` in two; codes are typed on this page."""
    clauses = wake.replace("at the hub", "here").rstrip(".").split("; ")
    pair = [clause.removeprefix(_TO_PAIR) for clause in clauses if clause.startswith(_TO_PAIR)]
    use = [clause for clause in clauses if not clause.startswith(_TO_PAIR)]
    key = _KEY.search(use[0]) if use else None
    if key is not None:
        pair = [clause.replace("that key", f"the {key[1]}") for clause in pair]
    return Wake(_sentences(use), _sentences(pair or use))


def emphasised(text: str) -> tuple[Word, ...]:
    """The text in pieces, what is pressed or read off the device strong."""
    words, end = [], 0
    for found in _STRONG.finditer(text):
        words += [Word(text[end : found.start()]), Word(found[0], strong=True)]
        end = found.end()
    words.append(Word(text[end:]))
    return tuple(word for word in words if word.text)


def _sentences(clauses: list[str]) -> str:
    return " ".join(f"{clause[:1].upper()}{clause[1:]}." for clause in clauses if clause)
