"""The topics of the contract. No patient and no site stands in a topic."""

from __future__ import annotations

from typing import Final

ROOT: Final = "wardgate/1"
CONTENT_TYPE: Final = "application/json"


def up(hub: str, what: str) -> str:
    """`what` is reading, test, alert, event, state or answer."""
    return f"{ROOT}/{hub}/up/{what}"


def down(hub: str, what: str) -> str:
    """`what` is ack, command or config."""
    return f"{ROOT}/{hub}/down/{what}"


def hub_of(topic: str) -> str | None:
    """The hub a topic belongs to; None when it is no topic of ours."""
    head, _, rest = topic.partition(f"{ROOT}/")
    hub, _, tail = rest.partition("/")
    return hub if not head and hub and tail else None
