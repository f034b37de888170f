"""The lines on the socket; see `wardgate.control.messages` for what they carry."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from wardgate.control.messages import Problem

MAX_LINE: Final = 16 * 1024 * 1024
"""A year of readings in one answer; the longest line a side takes."""
MAX_REQUEST: Final = 64 * 1024
"""No request is longer."""
Room = Literal["readings", "alerts", "delivery", "devices", "events", "hub", "home"]


class Request(Struct, frozen=True, kw_only=True):
    """What a page or a command asks."""

    method: str
    id: int = 0
    params: dict[str, Any] = {}


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of `result` and `error`, for the request of that id; or a push, which has none."""

    id: int | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: Problem | None = None
    push: Literal["changed"] | None = None
    rooms: tuple[str, ...] = ()


class ControlError(Exception):
    """A request that was not done, with the sentence for a person."""

    def __init__(self, key: str, sentence: str, what_to_do: str = "") -> None:
        super().__init__(f"{sentence} {what_to_do}".strip())
        self.key = key
        self.sentence = sentence
        self.what_to_do = what_to_do


AWAY: Final = "hub-away"
"""Whoever gets this may ask again: a hub that starts anew answers within seconds."""


def starts_anew() -> ControlError:
    """Said by a program that goes, of what only the next one may do."""
    return ControlError(AWAY, "The hub is starting anew.", "Wait a minute, then try again.")


class Pong(Struct, frozen=True, kw_only=True):
    """The answer to `ping`."""

    hub: str
    version: str


class Done(Struct, frozen=True, kw_only=True):
    """The answer to something that was done, in a sentence."""

    sentence: str
