"""What the delivery room tells the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wardgate.store import OutboxCounts


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """The line Stored -> Broker -> Ward, now. `problem` is empty while there is none."""

    connected: bool
    confirm: Literal["ward", "broker"]
    broker: str
    problem: str
    what_to_do: str
    retry_in_s: float | None
    counts: OutboxCounts
    last_ward_answer: datetime | None
    last_ward_answer_age_s: float | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why messages do not get through. `key` stays the same while the cause does."""

    key: str
    sentence: str
    what_to_do: str
