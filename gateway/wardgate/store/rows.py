"""What goes into the store and comes out of it, beside the messages of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from wardgate.contract.messages import Utc
from wardgate.counted import count


class Kind(IntEnum):
    """Which message a row carries."""

    READING = 1
    ALERT = 2
    EVENT = 3
    CORRECTION = 4
    """A later revision of a reading."""
    TEST = 5
    """A reading that was taken to try the way out. It is never dated anew."""


class Lane(IntEnum):
    """The order of sending: a lower lane overtakes a higher one."""

    ALERT = 0
    LIVE = 1
    EVENT = 2
    BACKFILL = 3


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a reading: `new` is False for one that was already here, then `seq` is the first one's."""

    new: bool
    seq: int


@dataclass(frozen=True, slots=True)
class OutRow:
    """One message that waits to be sent, or for its acknowledgement."""

    seq: int
    kind: Kind
    lane: Lane
    payload: bytes
    damaged: bool = False
    """The payload is not what was stored."""


class ParkedRow(Struct, frozen=True, kw_only=True):
    """One message that was set aside."""

    seq: int
    at_s: float
    """When, in UTC seconds."""
    reason: str
    kind: str
    device: str | None


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """The line Stored -> Broker -> Ward, counted over what is kept."""

    stored: int
    at_broker: int
    at_ward: int
    waiting: int
    waiting_alerts: int
    oldest_waiting: datetime | None
    parked: int


@dataclass(frozen=True, slots=True)
class Way:
    """When a message passed each door; None while it has not."""

    stored: datetime
    broker: datetime | None
    ward: datetime | None


class ClockSpan(Struct, frozen=True, kw_only=True):
    """A span that is over, in which a device's clock ran undisturbed. Instants are UTC seconds."""

    offset_s: float
    """The device's civil time less UTC."""
    known_at_s: float
    from_s: float | None
    until_s: float


class ClockOnBoot(Struct, frozen=True, kw_only=True):
    """What a device's clock showed at the last look, and when that was by the hub's boot-time clock."""

    boot_id: str
    boottime_s: float
    civil_s: float
    synchronised: bool
    """Whether the hub knew the time; if not, the offset is worked out once it does."""
    stands_still: bool = False
    """It showed the same at the look before."""


class DeviceRow(Struct, frozen=True, kw_only=True):
    """What the hub remembers about one device. `counts` is filled when it is read, and ignored when it is set."""

    id: str
    last_heard: Utc | None = None
    last_reading: Utc | None = None
    battery_percent: int | None = None
    battery_at: Utc | None = None
    serial: str | None = None
    firmware: str | None = None
    clock_offset_s: float | None = None
    clock_offset_at: Utc | None = None
    clock_same_since: Utc | None = None
    """The first of the looks at its clock, or its setting, that all agree up to `clock_offset_at`."""
    clock_set_at: Utc | None = None
    clock_on_boot: ClockOnBoot | None = None
    """None before the first look, and after a setting."""
    clock_spans: tuple[ClockSpan, ...] = ()
    """What its clock was before it was last set, the latest last."""
    stamp_leads: tuple[tuple[float, float], ...] = ()
    """Per session, the latest first: by how many seconds its newest stamp (on the device's clock) was ahead of its
    arrival (UTC), and the UTC second of that arrival."""
    bonded: bool | None = None
    rssi_dbm: int | None = None
    counts: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A damaged database that was set aside, and what could be saved out of it."""

    moved_to: str
    reason: str
    messages_saved: int
    messages_lost: int
    """Messages that are known to have been there and could not be read."""

    @property
    def sentence(self) -> str:
        """What happened, for the event about it."""
        if not self.messages_saved:
            return "The database was damaged, and nothing of it could be read. How much it held is not known."
        lost = f"{self.messages_lost} could not be read" if self.messages_lost else "none is known to be lost"
        saved = count(self.messages_saved, "message was", "messages were")
        return f"The database was damaged. {saved} saved out of it, {lost}."

    @property
    def what_to_do(self) -> str:
        """For the technician."""
        return f"Replace the SD card soon: it is failing. The damaged file was kept as {self.moved_to}."
