"""What comes in, once it has been looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from wardgate.contract.messages import Ack, Alert, Event, Reading, State


@dataclass(frozen=True, slots=True)
class Received:
    """One message that is good, with the text it came as."""

    message: Reading | Alert | Event | State
    payload: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """One that is not. `epoch` and `seq` are known when at least they could be read; else nobody can be told."""

    hub: str
    topic: str
    payload: bytes
    reason: str
    epoch: str | None = None
    seq: int | None = None


@dataclass(slots=True)
class Batch:
    """What one commit did: the acknowledgements that are due now, and what was seen for the first time."""

    acks: list[Ack] = field(default_factory=list)
    new: list[Reading | Alert | Event | State] = field(default_factory=list)
    duplicates: int = 0
