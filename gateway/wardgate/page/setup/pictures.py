"""What to press now: the catalogue's words about a model, with what is pressed made strong.

The pictures beside it are macros in `templates/setup/pictures.html`: own drawings, an object and the part of the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_STRONG: Final = re.compile(
    r"(?:\b(?:Bluetooth |memory )?(?:key|button)(?: underneath)?\b|\bbatteries\b|\bSTART\b|-P-|\bPr?\b)"
)
"""What a hand or an eye has to find on the device."""


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a sentence."""

    text: str
    strong: bool = False


def typed_here(wake: str) -> str:
    """Codes are typed on this page."""
    return wake.replace("at the hub", "here")


def emphasised(text: str) -> tuple[Word, ...]:
    """The text in pieces, what is pressed or read off the device strong."""
    words, end = [], 0
    for found in _STRONG.finditer(text):
        words += [Word(text[end : found.start()]), Word(found[0], strong=True)]
        end = found.end()
    words.append(Word(text[end:]))
    return tuple(word for word in words if word.text)
