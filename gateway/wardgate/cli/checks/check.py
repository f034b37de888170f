"""What one look at the machine tells."""

from __future__ import annotations

from msgspec import Struct


class Check(Struct, frozen=True):
    """One thing looked at: well, or a problem with what to do about it."""

    name: str
    ok: bool
    sentence: str
    what_to_do: str = ""


def well(name: str, sentence: str) -> Check:
    """Nothing to do here."""
    return Check(name, True, sentence)


def problem(name: str, sentence: str, what_to_do: str) -> Check:
    """Something to mend, and how."""
    return Check(name, False, sentence, what_to_do)
