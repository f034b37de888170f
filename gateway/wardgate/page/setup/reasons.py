"""Every reason for which something is not done here: a stable key, a sentence, the next step, a place in the guide.

The hub sends the sentence of the moment with the key; what stands here is said where it sends none, and in the guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.control.protocol import ControlError


@dataclass(frozen=True, slots=True)
class Reason:
    """One of them, as the guide tells it."""

    key: str
    sentence: str
    """What happened."""
    what_to_do: str
    safe: str = ""
    """What is safe meanwhile."""

    @property
    def guide(self) -> str:
        """Where the guide tells more."""
        return f"/guide#{self.key}"


@dataclass(frozen=True, slots=True)
class Told:
    """A reason as it is said now."""

    key: str
    sentence: str
    what_to_do: str
    guide: str


_ALL: Final = (
    Reason(
        "hub-away",
        "The hub does not answer.",
        "Leave it switched on and try again in half a minute. It is away for a moment whenever something was changed.",
        "What was done before is kept.",
    ),
    Reason(
        "stale",
        "This page is older than the hub's state. Here is the newest.",
        "Look at what it says now, then go on from here.",
        "Nothing was changed by that press.",
    ),
    Reason(
        "failed",
        "That did not work.",
        "Try it once more. If it still does not work, ring the ward.",
        "What was done before is kept.",
    ),
    Reason(
        "closed",
        "These pages are closed.",
        "Press the button on the hub to open them for 30 minutes, then reload this page.",
        "What was done before is kept. You can go on where you stopped.",
    ),
    Reason(
        "signed-out",
        "You are signed out. Nothing was changed.",
        "Type the setup code from the label again.",
        "What was done before is kept.",
    ),
    Reason(
        "taken-over",
        "Someone else has taken over setting up this hub.",
        "Talk to them. To go on yourself, type the setup code again.",
        "What you did is kept.",
    ),
    Reason(
        "stolen-cookie",
        "You are signed out: your visit was continued from another phone or browser.",
        "Type the setup code again. If that was not you, tell the ward that somebody else tried.",
        "Nothing was changed from there.",
    ),
    Reason(
        "not-this-address",
        "The hub does not answer by this name.",
        "Scan the code on the label, or type the address that stands below it.",
    ),
    Reason(
        "not-from-there",
        "Another site asked for this. It was not done.",
        "Open the hub's own pages by the address on the label.",
        "Nothing was changed.",
    ),
    Reason("not-here", "That cannot be done here.", "Go back to the start page and try it from there."),
    Reason("no-page", "There is no such page.", "Go to the start page."),
    Reason(
        "not-understood",
        "The hub did not understand what was sent.",
        "Go back, reload the page and try once more.",
        "Nothing was changed.",
    ),
    Reason("too-large", "That was too much to take.", "Go back and type less.", "Nothing was changed."),
    Reason(
        "too-slow",
        "What was sent did not arrive in time.",
        "Go nearer to the router and try again.",
        "Nothing was changed.",
    ),
)
_BY_STATUS: Final = {403: "not-from-there", 404: "no-page", 405: "not-here", 408: "too-slow", 413: "too-large"}
REASONS: Final = {reason.key: reason for reason in _ALL}


def of_key(key: str) -> Told:
    """A reason of the pages' own."""
    reason = REASONS[key]
    return Told(key, reason.sentence, reason.what_to_do, reason.guide)


def of_status(status: int) -> Told:
    """For a request that cannot be served."""
    return of_key(_BY_STATUS.get(status, "not-understood"))


def told(error: ControlError) -> Told:
    """What a page says when the hub did not do something."""
    reason = REASONS.get(error.key, REASONS["failed"])
    sentence = reason.sentence if error.key == "stale" else error.sentence or reason.sentence
    return Told(error.key, sentence, error.what_to_do or reason.what_to_do, reason.guide)
