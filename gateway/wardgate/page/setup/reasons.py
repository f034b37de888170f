"""Why something was not done, as it is said now. What each reason means stands in the guide.

The hub sends the sentence of the moment with its key; the guide's own is said where it sends none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.control.protocol import ControlError
from wardgate.page.setup.guide import REASONS

_BY_STATUS: Final = {403: "not-from-there", 404: "no-page", 405: "not-here", 408: "too-slow", 413: "too-large"}


@dataclass(frozen=True, slots=True)
class Told:
    """A reason as it is said now."""

    key: str
    sentence: str
    what_to_do: str
    guide: str


def of_key(key: str) -> Told:
    """A reason of the pages' own."""
    reason = REASONS[key]
    return Told(key, reason.sentence, reason.what_to_do, reason.guide)


def of_status(status: int) -> Told:
    """For a request that cannot be served."""
    return of_key(_BY_STATUS.get(status, "not-understood"))


def told(error: ControlError) -> Told:
    """What a page says when the hub did not do something."""
    if error.key == "hub-away":
        return of_key(error.key)  # the socket's path is for whoever sits at a command line
    reason = REASONS.get(error.key, REASONS["failed"])
    sentence = reason.sentence if error.key == "stale" else error.sentence or reason.sentence
    return Told(error.key, sentence, error.what_to_do or reason.what_to_do, reason.guide)
