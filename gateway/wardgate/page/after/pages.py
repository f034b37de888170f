"""What the pages for afterwards share."""

from __future__ import annotations

from dataclasses import dataclass

from wardgate.control.provisioning import Installation


def has_patient(seen: Installation) -> bool:
    """Whether there is anything to look after."""
    return seen.stage in ("assigned", "locked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A page that asks before something is done."""

    act: str
    question: str
    what_happens: str
    yes: str
    no: str
    no_address: str
    danger: bool = False
    """It cannot be taken back."""
    unlock_first: bool = False
    """Nothing of this is done while the hub is locked: the page says so and offers to unlock it."""
