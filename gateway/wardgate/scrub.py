"""Takes out of a text whatever names a person, a place or a device."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PATTERNS: Final = (
    ("address", re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:[:_-][0-9A-Fa-f]{2}){5}(?![0-9A-Za-z])")),
    ("mail", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("number", re.compile(r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b")),
    ("ip", re.compile(r"\b(?!127\.)\d{1,3}(?:\.\d{1,3}){3}\b")),
    ("home", re.compile(r"(?<=/home/)[^/\s\"']+")),
)
"""Bluetooth addresses, mail addresses, numbers of ten digits as health services and telephones have them, addresses on
the network but this machine's own, and names of users in paths."""
_SHORTEST: Final = 3
"""Shorter words are found everywhere."""


class Scrubber:
    """Puts a stand-in for every identifier, the same one for the same identifier, so that a reader can still follow.

    `known` are identifiers of this hub with what they are, as `{"Copper Heron 93": "patient"}`.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        words = sorted((word for word in known if len(word) >= _SHORTEST), key=len, reverse=True)
        self._kinds = {word.lower(): kind for word, kind in known.items()}
        either = "|".join(map(re.escape, words))
        self._known = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE) if words else None
        self._stand_ins: dict[tuple[str, str], str] = {}

    def scrub(self, text: str) -> str:
        """The text without them."""
        if self._known is not None:
            text = self._known.sub(lambda found: self._stand_in(self._kinds[found[0].lower()], found[0]), text)
        for kind, pattern in _PATTERNS:
            text = pattern.sub(lambda found, kind=kind: self._stand_in(kind, found[0]), text)  # type: ignore[misc]  # mypy gives up on the default
        return text

    def _stand_in(self, kind: str, word: str) -> str:
        key = (kind, re.sub(r"[\W_]", "", word).lower())
        if key not in self._stand_ins:
            number = 1 + sum(other == kind for other, _ in self._stand_ins)
            self._stand_ins[key] = f"<{kind}-{number}>"
        return self._stand_ins[key]
